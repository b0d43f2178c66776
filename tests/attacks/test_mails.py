"""Mails: asking for one tells nothing by its work, and none says what a stranger wants it to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import before_render_template

from flask_lback.auth.api_tokens.service import ApiTokens
from flask_lback.auth.magic_links.mails import MagicLinkMails
from flask_lback.auth.mails.service import AccountMails
from flask_lback.auth.oauth.mails import OAuthMails
from flask_lback.auth.passkeys.mails import PasskeyMails
from flask_lback.auth.passwords.hasher import PasswordHasher
from flask_lback.auth.personal_data.mails import PersonalDataMails
from flask_lback.auth.two_factor.mails import TwoFactorMails
from flask_lback.core import clock
from flask_lback.core.state import state_of
from flask_lback.limits.service import RateLimits
from flask_lback.mail.service import Mailer
from flask_lback.tasks.runner import TaskRunner
from flask_lback.testing import count_queries
from flask_lback.testing.kit import outbox_of
from tests.support.apps import PASSWORD, Site
from tests.support.visitor import Visitor

from .support import NEW_PASSWORD, csrf_of, post, register, register_by_json, signed_in

MakeSite = Callable[..., Site]
LURE = "You have won: see prize.example"


@contextmanager
def work_of(site: Site) -> Iterator[list[str]]:
    """The statements that run, and the names of the templates that are written, one by one."""
    written: list[str] = []

    def note(sender: object, template: Any, **others: object) -> None:
        written.append(template.name)

    with count_queries(site.app) as statements, before_render_template.connected_to(note, site.app):
        yield written
    written.extend(statements)


@contextmanager
def background_held_up(site: Site) -> Iterator[None]:
    """Have nothing done in the background, and all of it afterwards."""
    runner, is_free = state_of(site.app)[TaskRunner], threading.Event()
    runner.run_later(is_free.wait, 60)
    try:
        yield
    finally:
        is_free.set()
        runner.drain()


def ask_by_json(site: Site, page: str, email: str) -> None:
    """A program asks for a mail."""
    assert post(site, page, {"email": email}).status_code == 202


def ask_by_page(site: Site, page: str, email: str) -> None:
    """A person does."""
    assert Visitor(site.app).submit(f"/auth/{page}/", email=email).status_code in (200, 302)


@pytest.mark.parametrize("ask", [ask_by_json, ask_by_page])
@pytest.mark.parametrize(
    ("page", "name"),
    [("request-reset-password", "maya"), ("resend-verification", "kofi")],
)
def test_pr_8_a_request_takes_the_same_work_for_an_address_that_nobody_has(
    make_ready: MakeSite, page: str, name: str, ask: Callable[[Site, str, str], None]
) -> None:
    site = make_ready(LBACK_TASKS_EAGER=False, LBACK_TASKS_THREADS=1)
    site.add_user("maya")
    site.add_user("kofi", verified=False)
    ask(site, page, "first@example.org")  # everything is loaded
    work = []
    with background_held_up(site):
        for known in (name, "nobody"):
            with work_of(site) as done:
                ask(site, page, f"{known}@example.org")
            work.append(done)
    assert work[0] == work[1] != []
    assert [mail["To"] for mail in outbox_of(site.app)] == [f"{name}@example.org"]


def test_rg_1_a_password_is_hashed_for_a_known_address_as_well(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.add_user("maya")
    hasher = state_of(site.app)[PasswordHasher]
    make, hashed = hasher.hash, list[str]()

    def note(password: str) -> str:
        hashed.append(password)
        return make(password)

    monkeypatch.setattr(hasher, "hash", note)
    for name, address in (("ann", "maya"), ("ben", "ben")):
        fields = {"email": f"{address}@example.org"}
        assert register_by_json(site, name, **fields).status_code == 202
    assert hashed == [NEW_PASSWORD] * 2


def texts(site: Site) -> dict[str, list[str]]:
    """What each address was sent: subjects, texts and documents."""
    found: dict[str, list[str]] = {}
    for mail in outbox_of(site.app):
        parts = [part.get_content() for part in mail.walk() if not part.is_multipart()]
        found.setdefault(str(mail["To"]), []).extend([str(mail["Subject"]), *parts])
    return found


def call_oneself(visitor: Visitor, name: str) -> None:
    """Write it wherever an account says who it is."""
    header = {"X-CSRFToken": csrf_of(visitor, "/auth/change-email/")}
    names = {"first_name": name, "last_name": name}
    answer = visitor.client.patch("/api/auth/me/", json=names, headers=header)
    assert answer.status_code == 200


def test_rg_6_nobody_has_a_text_of_theirs_mailed_to_an_address_of_others(
    make_ready: MakeSite,
) -> None:
    site = make_ready(LBACK_AUTH_VERIFY_EMAIL=False)
    victim = {"email": "victim@example.org"}
    assert register_by_json(site, LURE, **victim).status_code == 400
    register(site, "thief", **victim, password=PASSWORD, first_name=LURE, last_name=LURE)
    thief = signed_in(site, "victim")
    call_oneself(thief, LURE)
    post(site, "resend-verification", victim)
    post(site, "request-reset-password", victim)
    register(site, "another", **victim)
    thief.submit("/auth/change-email/", email="elsewhere@example.org")
    chosen = {"new_password": NEW_PASSWORD, "password_confirm": NEW_PASSWORD}
    thief.submit("/auth/change-password/", current_password=PASSWORD, **chosen)
    sent = texts(site)
    subjects = [text for text in sent["victim@example.org"] if text.endswith(" - Site")]
    assert len(subjects) == 5, subjects
    assert LURE not in str(sent)


def test_rg_6_a_mail_to_a_new_address_carries_no_text_of_who_wants_it(site: Site) -> None:
    site.add_user("thief", first_name=LURE)
    thief = signed_in(site, "thief")
    thief.submit("/auth/change-email/", email="victim@example.org")
    assert LURE not in str(texts(site)["victim@example.org"])
    assert LURE in str(texts(site)["thief@example.org"]), "who it is sent to has chosen it"


def everything_is_told(site: Site, name: str) -> None:
    """Have an account sent every mail about itself, each with whatever its owner calls things."""
    app, state = site.app, state_of(site.app)
    mailer, limits = state[Mailer], state[RateLimits]
    agent = "Visit prize.example now/1.0"
    with app.test_request_context(headers={"User-Agent": agent}):
        user = site.user(name)
        user.first_name = LURE
        site.db.session.commit()
        MagicLinkMails(app, mailer).sign_in(user, "https://site.example/link", 10)
        passkeys = PasskeyMails(app, mailer, limits)
        passkeys.added(user, LURE)
        passkeys.removed(user, LURE)
        passkeys.suspected(user)
        state[ApiTokens].make(user, LURE, life=state[ApiTokens].usual_life)
        two_factor = TwoFactorMails(app, mailer)
        two_factor.enabled(user, "An app")
        two_factor.disabled(user, None)
        two_factor.recovery_code_used(user, 3)
        two_factor.code(user, "123456", 10)
        OAuthMails(app, mailer).linked(user, "Acme")
        state[PersonalDataMails].exported(user)
        state[PersonalDataMails].deletion_requested(user, clock.now())
        state[PersonalDataMails].deletion_cancelled(user)
        state[AccountMails].list_passkeys(lambda user: [LURE])
        state[AccountMails].password_changed(user)
    for _ in range(2):  # the second one is from a browser that the account does not know
        Visitor(app).post_json(
            "/api/auth/login/",
            {"identifier": f"{name}@example.org", "password": PASSWORD, "session": True},
            headers={"User-Agent": agent, "Origin": "http://localhost"},
        )
    for _ in range(12):
        Visitor(app).sign_in(f"{name}@example.org", "wrong wrong wrong")


def test_rg_6_no_mail_repeats_what_the_owner_of_an_unconfirmed_address_may_not_have_written(
    make_ready: MakeSite,
) -> None:
    site = make_ready(LBACK_AUTH_VERIFY_EMAIL=False)
    site.add_user("victim", verified=False)
    site.add_user("maya")
    for name in ("victim", "maya"):
        everything_is_told(site, name)
    sent = texts(site)
    count = len([text for text in sent["victim@example.org"] if text.endswith(" - Site")])
    assert count == len([text for text in sent["maya@example.org"] if text.endswith(" - Site")])
    assert count >= 16, sent["victim@example.org"]
    assert LURE not in str(sent["victim@example.org"])
    assert "prize.example" not in str(sent["victim@example.org"])
    assert str(sent["maya@example.org"]).count(LURE) > 2 * count, "her own words are hers"
    assert "Visit prize.example now" in str(sent["maya@example.org"])
