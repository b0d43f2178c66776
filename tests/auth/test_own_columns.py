"""User classes whose names are columns of their own, as in the Django notes."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Mapped, mapped_column

from flask_lback.auth import AbstractBaseUser, AbstractUser, PermissionsMixin, UserManager
from flask_lback.auth.audit.service import Audit
from flask_lback.auth.models import Models
from flask_lback.core.state import state_of
from flask_lback.exceptions import ConfigError
from flask_lback.testing.kit import outbox_of
from tests.conformance.test_uses import path_in
from tests.support.apps import PASSWORD, own_db
from tests.support.custom import installed
from tests.support.provider import maya, running, sign_in_at
from tests.support.visitor import Visitor

NEW_PASSWORD = "another plain sentence"


def notes_app(**config: Any) -> tuple[Flask, Any, Any]:
    """The class of the notes: ``AbstractBaseUser, PermissionsMixin`` and an address of its own."""
    db = own_db()
    model: Any = db.Model

    class CustomUser(AbstractBaseUser, PermissionsMixin, model):
        __tablename__ = "accounts_customuser"
        id: Mapped[int] = mapped_column(primary_key=True)
        email: Mapped[str] = mapped_column(sa.String(254), unique=True)
        first_name: Mapped[str] = mapped_column(sa.String(30), default="")

        USERNAME_FIELD = "email"
        REQUIRED_FIELDS = ()

        def __str__(self) -> str:
            return self.email

    return installed(CustomUser, db, **config), db, CustomUser


def code_app(*, keeps: str = "", **config: Any) -> tuple[Flask, Any, Any]:
    """Accounts that are called by a number, with an address under another name.

    :param keeps: a table whose rows need their account.
    """
    db = own_db()
    model: Any = db.Model

    class Member(AbstractBaseUser, model):
        __tablename__ = "members"
        id: Mapped[int] = mapped_column(primary_key=True)
        code: Mapped[int] = mapped_column(unique=True)
        mail: Mapped[str | None] = mapped_column(sa.String(254), unique=True)

        USERNAME_FIELD = "code"
        EMAIL_FIELD = "mail"

    if keeps:
        owner: sa.Column[int] = sa.Column("member_id", sa.ForeignKey("members.id"), nullable=False)
        sa.Table(keeps, db.metadata, sa.Column("id", sa.Integer, primary_key=True), owner)
    return installed(Member, db, **config), db, Member


def guest_app(providers: dict[str, Any]) -> tuple[Flask, Any, Any]:
    """Accounts of other sites, with a name of ours and an address under another name."""
    db = own_db()
    model: Any = db.Model

    class Guest(AbstractBaseUser, PermissionsMixin, model):
        __tablename__ = "guests"
        id: Mapped[int] = mapped_column(primary_key=True)
        username: Mapped[str] = mapped_column(sa.String(150), unique=True)
        mail: Mapped[str | None] = mapped_column(sa.String(254), unique=True)

        EMAIL_FIELD = "mail"

    return installed(Guest, db, LBACK_AUTH_OAUTH_PROVIDERS=providers), db, Guest


def test_a_person_registers_signs_in_and_resets_with_an_address_column_of_ones_own() -> None:
    app, _, _ = notes_app()
    visitor = Visitor(app)
    twice = {"password": PASSWORD, "password_confirm": PASSWORD}
    sent = visitor.submit("/auth/register/", email="maya@Example.org", **twice)
    assert sent.status_code == 302
    assert visitor.sign_in("maya@example.org", PASSWORD).status_code == 302
    assert visitor.get("/auth/account/").status_code == 200

    visitor.submit("/auth/request-reset-password/", email="maya@EXAMPLE.org")
    link = path_in(outbox_of(app)[-1])
    new = {"new_password": NEW_PASSWORD, "password_confirm": NEW_PASSWORD}
    assert visitor.submit(link, to="/auth/reset-password/", **new).location == "/auth/login/"
    assert outbox_of(app)[-1]["To"] == "maya@example.org"
    assert visitor.sign_in("maya@example.org", PASSWORD).status_code == 401
    assert visitor.sign_in(" maya@example.org ", NEW_PASSWORD).status_code == 302


def test_a_second_account_with_the_address_is_told_to_its_owner_alone() -> None:
    app, _, CustomUser = notes_app()
    twice = {"password": PASSWORD, "password_confirm": PASSWORD}
    answers = [
        Visitor(app).submit("/auth/register/", email="maya@example.org", **twice) for _ in range(2)
    ]
    assert answers[0].status_code == answers[1].status_code
    assert [mail["To"] for mail in outbox_of(app)] == ["maya@example.org"]
    with app.app_context():
        assert CustomUser.objects.count() == 1


def test_a_reset_link_is_dead_once_the_address_is_another() -> None:
    app, db, CustomUser = notes_app()
    with app.app_context():
        CustomUser.objects.create_user("maya@example.org", PASSWORD)
        db.session.commit()
    visitor = Visitor(app)
    visitor.submit("/auth/request-reset-password/", email="maya@example.org")
    link = path_in(outbox_of(app)[-1])
    with app.app_context():
        CustomUser.objects.get(email="maya@example.org").email = "new@example.org"
        db.session.commit()
    assert visitor.get(link).status_code == 400


def test_a_number_opens_the_account_that_has_it_and_no_other() -> None:
    app, db, Member = code_app()
    with app.app_context():
        Member.objects.create_user(7, "seven@example.org", PASSWORD)
        Member.objects.create_user(8, None, NEW_PASSWORD)
        db.session.commit()
    assert "Code" in Visitor(app).get("/auth/login/").text
    assert 'name="email"' not in Visitor(app).get("/auth/register/").text
    for name in ("7", "seven@EXAMPLE.org"):
        assert Visitor(app).sign_in(name, PASSWORD).status_code == 302, name
    for name in ("8", "07", "7.0", "9" * 30, "seven", "\x00"):
        assert Visitor(app).sign_in(name, PASSWORD).status_code in (400, 401), name
    assert Visitor(app).sign_in("8", NEW_PASSWORD).status_code == 302


def test_right_passwords_never_use_up_the_budget_of_a_name() -> None:
    app, db, Member = code_app(LBACK_AUTH_LIMIT_PASSWORD_PER_ACCOUNT="2 per hour")
    with app.app_context():
        Member.objects.create_user(7, None, PASSWORD)
        db.session.commit()
    for _ in range(4):
        assert Visitor(app).sign_in("7", PASSWORD).status_code == 302


def test_mails_about_an_account_go_to_the_column_that_holds_its_address() -> None:
    app, db, Member = code_app()
    with app.test_request_context():
        member = Member.objects.create_user(7, "seven@example.org", PASSWORD)
        Member.objects.create_user(8, None, PASSWORD)
        db.session.commit()
        member.email_user("Hello", "How are you?")
        UserManager().request_password_reset("seven@EXAMPLE.ORG")
        UserManager().request_password_reset("nobody@example.org")
    hello, reset = outbox_of(app)
    assert hello["To"] == reset["To"] == "seven@example.org"
    assert "Choose a new password" in reset["Subject"]


def test_the_commands_know_accounts_by_their_own_names() -> None:
    app, db, Member = code_app()
    with app.app_context():
        Member.objects.create_user(7, "seven@example.org", PASSWORD)
        db.session.commit()
    run = app.test_cli_runner().invoke
    assert "7 is inactive now" in run(args=["lback", "deactivate-user", "7"]).output
    assert "7 is active now" in run(args=["lback", "activate-user", "seven@example.org"]).output
    assert "There is no account '9'" in run(args=["lback", "activate-user", "9"]).output


def test_an_address_that_several_may_share_opens_no_account() -> None:
    db = own_db()
    model: Any = db.Model

    class Pupil(AbstractBaseUser, model):
        __tablename__ = "pupils"
        id: Mapped[int] = mapped_column(primary_key=True)
        card: Mapped[str] = mapped_column(sa.String(20), unique=True)
        email: Mapped[str] = mapped_column(sa.String(254))

        USERNAME_FIELD = "card"

    app = installed(Pupil, db)
    with app.app_context():
        for card in ("a1", "a2"):
            Pupil.objects.create_user(card, "family@example.org", PASSWORD)
        db.session.commit()
    assert Visitor(app).sign_in("family@example.org", PASSWORD).status_code == 401
    assert Visitor(app).sign_in("a2", PASSWORD).status_code == 302


def member(app: Flask, db: Any, Member: Any) -> Visitor:
    """Somebody with an address in a column of ones own, signed in."""
    with app.app_context():
        Member.objects.create_user(7, "seven@example.org", PASSWORD)
        db.session.commit()
    visitor = Visitor(app)
    assert visitor.sign_in("7", PASSWORD).status_code == 302
    return visitor


def test_whoever_makes_a_token_is_told_at_the_column_that_holds_the_address() -> None:
    app, db, Member = code_app()
    answer = member(app, db, Member).submit("/auth/tokens/", name="deploy", days="30")
    assert answer.status_code == 201
    assert [mail["To"] for mail in outbox_of(app)] == ["seven@example.org"]


def test_an_account_that_goes_leaves_no_address_behind_and_its_owner_is_told() -> None:
    app, db, Member = code_app(LBACK_AUTH_PERSONAL_DATA_GRACE_DAYS=0)
    visitor = member(app, db, Member)
    with app.app_context():
        state_of(app)[Audit].record("auth.told", None, address="seven@example.org")
        state_of(app)[Audit].record("auth.told", Member.objects.get(code=7), at="Seven@example.org")
        db.session.commit()
    assert visitor.submit("/auth/delete-account/", current_password=PASSWORD).status_code == 302
    assert [mail["To"] for mail in outbox_of(app)] == ["seven@example.org"]
    with app.app_context():
        kind = state_of(app)[Models].AuditEntry
        told = db.session.scalars(sa.select(kind).filter_by(action="auth.told").order_by(kind.id))
        about_nobody, about_seven = [entry.details for entry in told]
    assert about_nobody == {"address": "seven@example.org"}
    assert about_seven["at"].startswith("deleted-")


def test_an_account_that_must_stay_has_an_address_that_nobody_has() -> None:
    app, db, Member = code_app(LBACK_AUTH_PERSONAL_DATA_GRACE_DAYS=0, keeps="loans")
    visitor = member(app, db, Member)
    with app.app_context():
        db.session.execute(db.metadata.tables["loans"].insert().values(member_id=1))
        db.session.commit()
    assert visitor.submit("/auth/delete-account/", current_password=PASSWORD).status_code == 302
    with app.app_context():
        assert db.session.scalar(sa.select(Member.mail)).endswith("@deleted.invalid")


@pytest.mark.parametrize("verified", [True, False])
def test_a_provider_fills_the_column_with_an_address_that_it_has_verified(verified: bool) -> None:
    with running() as provider:
        provider.person = maya(email_verified=verified)
        app, db, Guest = guest_app({"acme": provider.entry()})
        assert sign_in_at(Visitor(app), provider).status_code == 302
    with app.app_context():
        assert db.session.scalar(sa.select(Guest.mail)) == (
            "maya@example.org" if verified else None
        )


def test_a_provider_makes_no_second_account_for_a_known_address() -> None:
    with running() as provider:
        app, db, Guest = guest_app({"acme": provider.entry()})
        with app.app_context():
            Guest.objects.create_user("Maya", "maya@example.org", PASSWORD)
            db.session.commit()
        answer = sign_in_at(Visitor(app), provider)
    assert answer.status_code == 403
    assert "has an account here already" in answer.text
    with app.app_context():
        assert Guest.objects.count() == 1


def test_a_column_that_must_be_filled_takes_no_unverified_address() -> None:
    with running() as provider:
        provider.person = maya(email_verified=False)
        app, _, CustomUser = notes_app(LBACK_AUTH_OAUTH_PROVIDERS={"acme": provider.entry()})
        answer = sign_in_at(Visitor(app), provider)
    assert answer.status_code == 403
    assert "tells no address that we can use" in answer.text
    with app.app_context():
        assert CustomUser.objects.count() == 0


def test_nobody_changes_the_address_as_if_it_were_any_column() -> None:
    with pytest.raises(ConfigError, match=r"LBACK_AUTH_PROFILE_FIELDS names 'mail'.*further proof"):
        code_app(LBACK_AUTH_PROFILE_FIELDS=("mail",))


@pytest.mark.parametrize(
    ("arguments", "starts"),
    [
        ({}, False),
        ({"unique": True}, True),
        ({"index": True}, False),
        ({"index": True, "unique": True}, True),
    ],
)
def test_a_name_that_several_may_share_stops_the_start(
    arguments: dict[str, Any], starts: bool
) -> None:
    db = own_db()
    model: Any = db.Model

    class Pupil(AbstractBaseUser, model):
        __tablename__ = "pupils"
        id: Mapped[int] = mapped_column(primary_key=True)
        card: Mapped[str] = mapped_column(sa.String(20), **arguments)

        USERNAME_FIELD = "card"

    if starts:
        installed(Pupil, db)
        return
    with pytest.raises(ConfigError, match=r"'card', which several .*unique=True"):
        installed(Pupil, db)


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({"USERNAME_FIELD": "user_name"}, "USERNAME_FIELD names 'user_name'.*'username'"),
        ({"REQUIRED_FIELDS": ("email", "hobby")}, "REQUIRED_FIELDS names 'hobby'.*columns are"),
        ({"REQUIRED_FIELDS": "email"}, r"is the text 'email'.*\['email'\]"),
        ({"REQUIRED_FIELDS": ("username",)}, "its USERNAME_FIELD.*Take it out"),
        ({"EMAIL_FIELD": "mail"}, "EMAIL_FIELD names 'mail'.*'email'"),
    ],
)
def test_names_that_no_column_has_stop_the_start(attributes: dict[str, Any], said: str) -> None:
    db = own_db()
    base: Any = db.Model
    body = {
        "__tablename__": "users",
        "__annotations__": {"id": Mapped[int]},
        "id": mapped_column(primary_key=True),
        **attributes,
    }
    user = type("User", (AbstractUser, base), body)
    with pytest.raises(ConfigError, match=said):
        installed(user, db)
