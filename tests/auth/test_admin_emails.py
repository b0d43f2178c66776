"""Administrators by address: they become superusers, and nobody else by their address."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Mapped, mapped_column

from flask_lback import Lback
from flask_lback.auth import AbstractBaseUser, UserManager, UsernameMixin
from flask_lback.auth.invitations.service import Invitations
from flask_lback.core.checks import Checks
from flask_lback.core.state import state_of
from flask_lback.testing.kit import outbox_of
from tests.support.apps import PASSWORD, SECRET_KEY, Site, own_db
from tests.support.visitor import Visitor

Ready = Callable[..., Site]
CHIEF = "chief@example.org"
ADMINS = {"LBACK_AUTH_ADMIN_EMAILS": [CHIEF]}


def newest_link(place: Site, page: str) -> str:
    """The path of the newest link to that page."""
    box: list[Any] = list(outbox_of(place.app))
    texts = [str(mail.get_body(("plain",)).get_content()) for mail in box]
    found = [re.search(rf"http://localhost(/auth/{page}/\S+)", text) for text in texts]
    return [match.group(1) for match in found if match][-1]


def account(place: Site, name: str) -> tuple[bool, bool, bool]:
    """Whether it is superuser and staff, and has a password."""
    with place.app.app_context():
        user = UserManager().get_user(name)
        assert user is not None
        return user.is_superuser, user.is_staff, user.has_usable_password()


def test_without_confirmation_the_link_of_the_mail_makes_a_superuser(make_ready: Ready) -> None:
    site = make_ready(LBACK_AUTH_VERIFY_EMAIL=False, **ADMINS)
    attacker = Visitor(site.app)
    names = {"username": "evil", "email": CHIEF, "password": PASSWORD}
    attacker.submit("/auth/register/", **names, password_confirm=PASSWORD)
    attacker.sign_in("evil", PASSWORD)
    assert attacker.get("/auth/account/").status_code == 200
    assert account(site, "evil") == (False, False, True)
    path = newest_link(site, "verify-email")
    Visitor(site.app).submit(path, to="/auth/verify-email/")
    assert account(site, "evil") == (True, True, False)
    assert attacker.get("/auth/account/").status_code == 302, "the stranger is still signed in"
    assert attacker.sign_in("evil", PASSWORD).status_code == 401
    own = Visitor(site.app)
    new = {"new_password": "another long sentence", "password_confirm": "another long sentence"}
    assert own.submit(newest_link(site, "reset-password"), **new).status_code == 302
    assert own.sign_in(CHIEF, "another long sentence").status_code == 302


def test_others_get_no_mail_to_confirm_where_nobody_has_to(make_ready: Ready) -> None:
    site = make_ready(LBACK_AUTH_VERIFY_EMAIL=False, **ADMINS)
    names = {"username": "maya", "email": "maya@example.org", "password": PASSWORD}
    Visitor(site.app).submit("/auth/register/", **names, password_confirm=PASSWORD)
    assert outbox_of(site.app) == []


@pytest.mark.parametrize("way", ["page", "json"])
def test_an_account_that_a_stranger_moves_to_the_address_is_the_owners(
    make_ready: Ready, way: str
) -> None:
    site = make_ready(**ADMINS)
    site.add_user("evil")
    stranger = Visitor(site.app)
    stranger.sign_in("evil", PASSWORD)
    stranger.submit("/auth/change-email/", email=CHIEF)
    path = newest_link(site, "confirm-email")
    if way == "page":
        stranger.submit(path)
    else:
        token = path.partition("=")[2]
        assert stranger.post_json("/api/auth/confirm-email/", {"token": token}).status_code == 200
    assert account(site, "evil") == (True, True, False)
    assert stranger.get("/auth/account/").status_code == 302
    assert stranger.sign_in("evil", PASSWORD).status_code == 401
    assert [mail["To"] for mail in outbox_of(site.app) if "Choose" in mail["Subject"]] == [CHIEF]


def test_a_superuser_who_moves_to_the_address_stays_signed_in(make_ready: Ready) -> None:
    site = make_ready(**ADMINS)
    site.add_user("root", is_superuser=True, is_staff=True)
    visitor = Visitor(site.app)
    visitor.sign_in("root", PASSWORD)
    visitor.submit("/auth/change-email/", email=CHIEF)
    visitor.submit(newest_link(site, "confirm-email"))
    assert visitor.get("/auth/account/").status_code == 200
    assert account(site, "root") == (True, True, True)


def test_whoever_is_invited_at_the_address_is_a_superuser_with_their_own_password(
    make_ready: Ready,
) -> None:
    site = make_ready(**ADMINS)
    with site.app.test_request_context():
        invitations = state_of(site.app)[Invitations]
        for email in (CHIEF, "maya@example.org"):
            invitations.make(None, email)
    for mail, name in zip(list(outbox_of(site.app)), ("boss", "maya"), strict=True):
        text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        path = re.search(r"http://localhost(/auth/accept-invitation/\S+)", text)
        assert path is not None
        fields = {"username": name, "password": PASSWORD, "password_confirm": PASSWORD}
        assert Visitor(site.app).submit(path.group(1), **fields).status_code == 302
    assert account(site, "boss") == (True, True, True)
    assert account(site, "maya") == (False, False, True)


def test_a_magic_link_makes_a_superuser_and_forgets_the_strangers_password(
    make_ready: Ready,
) -> None:
    site = make_ready(
        LBACK_AUTH_VERIFY_EMAIL=False,
        LBACK_AUTH_MAGIC_LINK_ENABLED=True,
        LBACK_AUTH_MAGIC_LINK_SAME_BROWSER=False,
        **ADMINS,
    )
    site.add_user("evil", email=CHIEF, verified=False)
    owner = Visitor(site.app)
    owner.submit("/auth/magic-link/request/", email=CHIEF)
    owner.submit(newest_link(site, "magic-link"))
    assert owner.get("/auth/account/").status_code == 200
    assert account(site, "evil") == (True, True, False)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"LBACK_AUTH_VERIFY_EMAIL": False, **ADMINS}, "sign in before they are superusers"),
        (ADMINS, None),
        ({"LBACK_AUTH_VERIFY_EMAIL": False}, None),
    ],
)
def test_the_check_says_when_the_setting_needs_more(
    make_ready: Ready, settings: dict[str, Any], said: str | None
) -> None:
    assert_said(make_ready(**settings).app, "auth.W004", said)


def test_the_check_says_when_nobody_has_an_address() -> None:
    db = own_db()
    model: Any = db.Model

    class Clerk(AbstractBaseUser, UsernameMixin, model):
        __tablename__ = "clerks"
        id: Mapped[int] = mapped_column(primary_key=True)

    app = Flask("office")
    app.config.update(SECRET_KEY=SECRET_KEY, TESTING=True, SQLALCHEMY_DATABASE_URI="sqlite://")
    app.config.update(ADMINS)
    db.init_app(app)
    Lback(app, db=db, user_model=Clerk)
    assert_said(app, "auth.W003", "makes nobody a superuser")


def assert_said(app: Flask, finding: str, said: str | None) -> None:
    """The checks say that under this id, or nothing."""
    with app.app_context():
        found = [one.message for one in state_of(app)[Checks].run(app) if one.id == finding]
    assert len(found) == (said is not None)
    assert all(said in message for message in found if said)
