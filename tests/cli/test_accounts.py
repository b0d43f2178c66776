"""Accounts made, listed, switched and reset from the command line, whatever the user class is."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import Mapped, mapped_column

from flask_lback import Lback
from flask_lback.auth import AbstractBaseUser, PermissionsMixin
from flask_lback.auth.sessions.cleaning import remove_dead
from flask_lback.auth.sessions.service import SessionManager
from flask_lback.auth.tokens.refresh import RefreshTokens
from flask_lback.core import clock
from flask_lback.core.state import state_of
from flask_lback.db.schema import initialize
from flask_lback.testing import sign_in, use_cheap_hasher
from tests.support.apps import PASSWORD, SECRET_KEY, USER_KINDS, Site, own_db
from tests.support.databases import DATABASES

from .commands import rows, run

NEW = "another plain sentence"


def flags(site: Site, name: str) -> list[str]:
    return [word for key, value in site.names(name).items() for word in (f"--{key}", value)]


def called(site: Site, name: str) -> str:
    return name if site.has_username else f"{name}@example.org"


# --- create-superuser -------------------------------------------------------------------------


@pytest.mark.parametrize("kind", USER_KINDS)
@pytest.mark.parametrize("database", DATABASES)
def test_a_superuser_of_any_user_class_can_sign_in(
    make_ready: Callable[..., Site], kind: str, database: str
) -> None:
    site = make_ready(kind, database)
    words = [*flags(site, "carol"), "--password-stdin", "--no-input"]
    outcome = run(site.app, "create-superuser", *words, typed=f"{PASSWORD}\n")
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out == f"Made the superuser {called(site, 'carol')}.\n"
    with site.app.app_context():
        user = site.user("carol")
        assert (user.is_staff, user.is_superuser, user.is_active) == (True, True, True)
        assert user.email_verified
        assert user.check_password(PASSWORD)


def test_a_superuser_is_made_from_variables_alone(site: Site) -> None:
    variables = {"USERNAME": "carol", "EMAIL": "carol@example.org", "PASSWORD": PASSWORD}
    env = {f"LBACK_SUPERUSER_{name}": value for name, value in variables.items()}
    outcome = run(site.app, "create-superuser", "--no-input", env=env)
    assert (outcome.status, outcome.out) == (0, "Made the superuser carol.\n")
    assert PASSWORD not in outcome.out + outcome.err


def test_an_account_with_an_address_only_is_not_asked_for_a_username(
    make_ready: Callable[..., Site],
) -> None:
    site = make_ready("email")
    outcome = run(site.app, "create-superuser", "--no-input")
    assert outcome.err == (
        "Error: Email is needed and nobody can be asked. (Give --email or LBACK_SUPERUSER_EMAIL.)\n"
    )
    outcome = run(site.app, "create-superuser", "--username", "carol")
    assert outcome.err == "Error: Person has no username. (Leave --username out.)\n"


def test_if_missing_accepts_an_account_that_is_there(site: Site) -> None:
    site.add_user("carol", is_superuser=True)
    before = rows(site)
    outcome = run(site.app, "create-superuser", "--if-missing", "--username", "carol")
    assert outcome.status == 0
    assert outcome.err == "There is an account carol already; nothing was changed.\n"
    assert rows(site) == before


def test_if_missing_says_when_the_account_is_no_superuser(site: Site) -> None:
    site.add_user("carol")
    outcome = run(site.app, "create-superuser", "--if-missing", "--username", "carol")
    assert outcome.status == 0
    assert outcome.err.endswith("It is not a superuser.\n")


def test_a_weak_password_is_accepted_when_validation_is_skipped(site: Site) -> None:
    words = [*flags(site, "carol"), "--password-stdin", "--skip-validation"]
    assert run(site.app, "create-superuser", *words, typed="short\n").status == 0
    with site.app.app_context():
        assert site.user("carol").check_password("short")


@pytest.fixture
def odd() -> Flask:
    """Accounts called by a number, with a required day and neither username nor address."""
    db = own_db()
    model: Any = db.Model

    class Employee(AbstractBaseUser, PermissionsMixin, model):
        __tablename__ = "employees"
        USERNAME_FIELD = "number"
        REQUIRED_FIELDS = ("hired_on",)
        badge: Mapped[int] = mapped_column(primary_key=True)
        number: Mapped[int] = mapped_column(unique=True)
        hired_on: Mapped[dt.date]

    app = Flask("odd")
    app.config.update(SECRET_KEY=SECRET_KEY, TESTING=True, SQLALCHEMY_DATABASE_URI="sqlite://")
    Lback(app, db=db, user_model=Employee)
    use_cheap_hasher(app)
    with app.app_context():
        initialize(app)
    return app


def test_every_required_field_of_an_odd_user_class_can_be_given(odd: Flask) -> None:
    outcome = run(odd, "create-superuser", "--field", "number=7", "--no-input")
    assert outcome.err == (
        "Error: Hired on is needed and nobody can be asked. "
        "(Give --field hired_on=… or LBACK_SUPERUSER_HIRED_ON.)\n"
    )
    words = ["--field", "number=7", "--password-stdin", "--field"]
    outcome = run(odd, "create-superuser", *words, "hired_on=soon", typed=f"{PASSWORD}\n")
    assert outcome.status == 1
    assert outcome.err.startswith("Error: Hired on 'soon' cannot be used.")
    outcome = run(odd, "create-superuser", *words, "hired_on=2026-11-02", typed=f"{PASSWORD}\n")
    assert (outcome.status, outcome.out) == (0, "Made the superuser 7.\n")
    assert run(odd, "create-superuser", *words, "hired_on=2026-11-02").status == 1
    listed = json.loads(run(odd, "list-users", "--format", "json").out)
    assert [(one["badge"], one["number"], one["is_superuser"]) for one in listed] == [(1, 7, True)]
    assert run(odd, "deactivate-user", "7").status == 1  # the last superuser
    assert run(odd, "reset-password", "7", "--password-stdin", typed=NEW).status == 0


# --- list-users -------------------------------------------------------------------------------


@pytest.fixture
def crowd(site: Site) -> Site:
    site.add_user("alice", is_superuser=True, is_staff=True)
    site.add_user("bob", is_active=False)
    site.add_user("percent_100", first_name="\x1b[31mred")
    return site


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("", ["alice", "bob", "percent_100"]),
        ("--active", ["alice", "percent_100"]),
        ("--inactive", ["bob"]),
        ("--staff", ["alice"]),
        ("--search ALI", ["alice"]),
        ("--search bob@example", ["bob"]),
        ("--search _", ["percent_100"]),
        ("--search %", []),
        ("--staff --inactive", []),
    ],
)
def test_accounts_are_listed_by_what_is_asked(crowd: Site, words: str, names: list[str]) -> None:
    outcome = run(crowd.app, "list-users", "--format", "json", *words.split())
    assert outcome.status == 0
    assert [one["username"] for one in json.loads(outcome.out)] == names


def test_the_table_has_a_line_for_each_account_and_no_password(crowd: Site) -> None:
    outcome = run(crowd.app, "list-users")
    head, _, *lines = outcome.out.splitlines()
    assert head.split()[:3] == ["id", "username", "email"]
    assert [line.split()[1] for line in lines] == ["alice", "bob", "percent_100"]
    assert "argon2" not in outcome.out


def test_a_key_that_is_a_uuid_is_listed_as_text(make_ready: Callable[..., Site]) -> None:
    site = make_ready("uuid")
    key = site.add_user("carol")
    assert json.loads(run(site.app, "list-users", "--format", "json").out)[0]["key"] == str(key)


# --- activate-user, deactivate-user, reset-password ------------------------------------------


@pytest.fixture
def member(site: Site) -> Site:
    site.add_user("bob")
    site.add_user("alice", is_superuser=True)
    return site


@pytest.mark.parametrize("name", ["bob", "BOB", "bob@example.org"])
def test_a_deactivated_account_is_out_at_once_and_comes_back(member: Site, name: str) -> None:
    client = sign_in(member.app, "bob")
    assert client.get("/ten/").status_code == 200
    outcome = run(member.app, "deactivate-user", name)
    assert (outcome.status, outcome.out) == (0, "bob is inactive now.\n")
    assert client.get("/ten/").status_code == 302
    outcome = run(member.app, "deactivate-user", name)
    assert (outcome.status, outcome.out) == (0, "")
    assert outcome.err == "bob was inactive already.\n"
    assert run(member.app, "activate-user", name).out == "bob is active now.\n"
    assert run(member.app, "activate-user", name).err == "bob was active already.\n"
    assert client.get("/ten/").status_code == 302  # its session stays ended


def test_one_of_two_superusers_may_be_deactivated(member: Site) -> None:
    member.add_user("carol", is_superuser=True)
    assert run(member.app, "deactivate-user", "alice").status == 0
    assert run(member.app, "deactivate-user", "carol").status == 1


@pytest.mark.parametrize("words", [[], ["--no-input"]])
def test_a_reset_password_is_the_only_one_and_ends_sessions(member: Site, words: list[str]) -> None:
    client = sign_in(member.app, "bob")
    outcome = run(member.app, "reset-password", "bob", "--password-stdin", *words, typed=NEW)
    assert outcome.status == 0
    assert outcome.out == "bob has a new password, and every session has ended.\n"
    assert client.get("/ten/").status_code == 302
    with member.app.app_context():
        assert member.user("bob").check_password(NEW)
        assert not member.user("bob").check_password(PASSWORD)


def test_a_reset_may_skip_the_policy(member: Site) -> None:
    words = ["bob", "--password-stdin", "--skip-validation"]
    assert run(member.app, "reset-password", *words, typed="x\n").status == 0
    with member.app.app_context():
        assert member.user("bob").check_password("x")


# --- clean-sessions ---------------------------------------------------------------------------


@pytest.mark.parametrize("database", DATABASES)
def test_only_logins_that_are_over_are_removed(
    make_ready: Callable[..., Site], database: str
) -> None:
    site = make_ready("default", database)
    site.add_user("bob")
    state = state_of(site.app)
    sessions, tokens, db = state[SessionManager], state[RefreshTokens], state[SQLAlchemy]
    with site.app.test_request_context():
        bob = site.user("bob")
        with clock.turned(dt.timedelta(days=-40)):
            for _ in range(5):
                tokens.issue(sessions.open_for_tokens(bob))
        sessions.end_all(bob)
        for _ in range(3):
            ended = sessions.open_for_tokens(bob)
            tokens.issue(ended)
            sessions.end(ended.id)
        alive = sessions.open_for_tokens(bob)
        tokens.issue(alive)
        with clock.turned(dt.timedelta(days=-35)):
            tokens.issue(alive)
        db.session.commit()
        key = alive.id
        assert remove_dead(state, batch=2) == (8, 9)
        assert remove_dead(state, batch=2) == (0, 0)
        assert db.session.scalars(sa.select(site.models.UserSession.id)).all() == [key]
        assert len(db.session.scalars(sa.select(site.models.RefreshToken)).all()) == 1


def test_the_command_counts_what_it_removed(member: Site) -> None:
    sign_in(member.app, "bob")
    run(member.app, "deactivate-user", "bob")
    outcome = run(member.app, "clean-sessions")
    assert outcome.out == "Removed 1 session and 0 refresh tokens.\n"
