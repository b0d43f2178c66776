"""Every mail of the accounts, sent by what sends it on a real site."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import suppress
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from flask import template_rendered
from jinja2 import Template

import flask_lback
from flask_lback.auth.addresses import Addresses
from flask_lback.auth.api_tokens.service import ApiTokens
from flask_lback.auth.invitations.service import Invitations
from flask_lback.auth.magic_links.counting import ask as ask_magic_link
from flask_lback.auth.managers import UserManager
from flask_lback.auth.oauth.identity import Identity
from flask_lback.auth.oauth.service import OAuthAccounts
from flask_lback.auth.passkeys.service import Passkeys
from flask_lback.auth.personal_data.deletion import Deletions
from flask_lback.auth.two_factor.service import TwoFactor
from flask_lback.core import clock
from flask_lback.core.errors import Problem
from flask_lback.exceptions import AuthenticationError
from tests.support.authenticator import Authenticator, Holder
from tests.support.visitor import Visitor

from .furnished import IPHONE, MACOS, PASSWORD, Furnished

FOLDER = Path(flask_lback.__file__).parent / "templates" / "lback" / "mail"
#: What the others stand on.
FRAMES = {"base"}
NEW_PASSWORD = "the boats come in at seven"


def names() -> set[str]:
    """The mails that the package has templates for."""
    return {path.stem for path in FOLDER.iterdir()} - FRAMES


def send_all(site: Furnished) -> dict[str, EmailMessage]:
    """Have every mail sent, each by what it is about; the first one of each, by its template."""
    found: dict[str, EmailMessage] = {}
    rendered: list[str] = []

    def note(sender: Any, template: Template, **values: Any) -> None:
        if template.name and template.name.startswith("lback/mail/"):
            rendered.append(Path(template.name).stem)

    with template_rendered.connected_to(note, site.app):
        for happen in _EVENTS:
            rendered.clear()
            site.outbox.clear()
            happen(site)
            # Each mail is rendered as text, as HTML, and sent.
            assert rendered[::2] == rendered[1::2]
            for name, mail in zip(rendered[::2], site.outbox, strict=True):
                found.setdefault(name, mail)
    return found


def _registration(site: Furnished) -> None:
    with site.working():
        for name in ("freja", "maya"):
            UserManager().register_user(
                username=f"{name}2", email=f"{name}@tidewater.example", password=PASSWORD
            )


def _passwords(site: Furnished) -> None:
    with site.working():
        UserManager().request_password_reset("maya@tidewater.example")
        UserManager().change_password(UserManager().get_user("sana"), PASSWORD, NEW_PASSWORD)
    for _ in range(8):
        with site.working(), suppress(AuthenticationError, Problem):
            UserManager().authenticate_user("kofi", "not the password")


def _address(site: Furnished) -> None:
    with site.working() as state:
        addresses: Addresses = state[Addresses]
        addresses.request_change(UserManager().get_user("lena"), "lena.vogel@tidewater.example")
        addresses.confirm(site.link("/auth/confirm-email/").partition("token=")[2])


def _invitations(site: Furnished) -> None:
    with site.working() as state:
        inviter = UserManager().get_user("maya")
        state[Invitations].make(inviter, "sigrid@example.org")
        state[Invitations].make(inviter, "noor@tidewater.example")


def _magic_link(site: Furnished) -> None:
    with site.working():
        ask_magic_link("maya@tidewater.example", "/")


def _tokens(site: Furnished) -> None:
    with site.working() as state:
        owner = UserManager().get_user("maya")
        state[ApiTokens].make(owner, "Weather station", life=dt.timedelta(days=90))


def _linked(site: Furnished) -> None:
    with site.working() as state:
        service: OAuthAccounts = state[OAuthAccounts]
        service.link(UserManager().get_user("kofi"), service.clients["acme"], Identity("24829"))


def _second_factor(site: Furnished) -> None:
    with site.working() as state:
        service, user = state[TwoFactor], UserManager().get_user("lena")
        service.send(user, "email")
        [first, *_] = service.make_recovery_codes(user)
        service.verify(user, "recovery", first)
        service.disable(user, "email")
        service.begin(user, "email")
        [code] = [line for line in text_of(site.outbox[-1]).splitlines() if line[:3].isdigit()]
        service.confirm(user, "email", code.replace(" ", ""))


def _passkeys(site: Furnished) -> None:
    holder = Holder(site.app, Authenticator(origin=site.url, counter=5))
    holder.visitor.sign_in("sana", NEW_PASSWORD)
    holder.add("Work laptop")
    copy = Holder(site.app, holder.device.but(counter=1))
    copy.sign_in()
    with site.working() as state:
        user = UserManager().get_user("sana")
        state[Passkeys].remove(user, state[Passkeys].of(user)[0])


def _new_device(site: Furnished) -> None:
    for agent in (MACOS, IPHONE):  # the first sign-in of an account is no news
        visitor = Visitor(site.app)
        visitor.client.environ_base["HTTP_USER_AGENT"] = agent
        visitor.sign_in("ruth", PASSWORD)


def _export(site: Furnished) -> None:
    visitor = Visitor(site.app)
    visitor.sign_in("ruth", PASSWORD)
    visitor.submit("/auth/export-data/")


def _refresh(site: Furnished) -> None:
    client = site.app.test_client()
    login = client.post("/api/auth/login/", json={"identifier": "ruth", "password": PASSWORD})
    token = {"refresh_token": login.get_json()["refresh_token"]}
    client.post("/api/auth/refresh/", json=token)
    with clock.turned(dt.timedelta(minutes=5)):
        client.post("/api/auth/refresh/", json=token)


def _deletion(site: Furnished) -> None:
    with site.working() as state:
        state[Deletions].request(UserManager().get_user("ruth"))
    Visitor(site.app).sign_in("ruth", PASSWORD)
    with site.working() as state:
        state[Deletions].request(UserManager().get_user("ruth"))
    with clock.turned(dt.timedelta(days=15)), site.working() as state:
        state[Deletions].finish_due()


_EVENTS: tuple[Callable[[Furnished], None], ...] = (
    _registration,
    _passwords,
    _address,
    _invitations,
    _magic_link,
    _tokens,
    _linked,
    _second_factor,
    _passkeys,
    _new_device,
    _export,
    _refresh,
    _deletion,
)


def text_of(mail: EmailMessage) -> str:
    """Its plain text."""
    return _part(mail, "plain")


def html_of(mail: EmailMessage) -> str:
    """Its HTML."""
    return _part(mail, "html")


def _part(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None, f"{mail['Subject']} has no {kind} part"
    return str(body.get_content())
