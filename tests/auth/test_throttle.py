"""One budget for every way to try a password, and what happens when it is used up."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

import pytest
import sqlalchemy as sa

from flask_lback.auth import UserManager
from flask_lback.auth.throttle.service import PasswordThrottle
from flask_lback.core.errors import Problem
from flask_lback.core.state import state_of
from flask_lback.exceptions import AuthenticationError, InvalidFieldsError
from flask_lback.testing import record_signals
from flask_lback.testing.kit import outbox_of
from tests.attacks.support import NEW_PASSWORD, signed_in
from tests.cli.commands import run
from tests.support.apps import PASSWORD, USER_KINDS, Site
from tests.support.services import require, service_url
from tests.support.visitor import Visitor

WRONG = "a wrong sentence"


def tries(site: Site, name: str, times: int, password: str = WRONG) -> list[int]:
    """What that many sign-ins by the form are answered."""
    answers = [Visitor(site.app).sign_in(name, password) for _ in range(times)]
    for answer in answers:
        answer.close()  # what is left to do after a response is done
    return [answer.status_code for answer in answers]


def code_of(attempt: Callable[..., Any], *args: Any) -> str:
    """How an attempt ends."""
    try:
        attempt(*args)
    except Problem as problem:
        return f"{problem.code} {problem.problem_code}"
    except (AuthenticationError, InvalidFieldsError) as error:
        return type(error).__name__
    return "right"


def entries(site: Site, action: str) -> list[Any]:
    """What the audit log holds about something."""
    kind = site.models.AuditEntry
    with site.app.app_context():
        return list(site.db.session.scalars(sa.select(kind).filter_by(action=action)))


# --- one budget -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", USER_KINDS)
def test_every_way_to_try_a_password_is_counted_together(
    make_ready: Callable[..., Site], kind: str
) -> None:
    site = make_ready(kind)
    site.add_user("maya")
    assert tries(site, "maya@example.org", 2) == [401, 401]
    with site.app.test_request_context(environ_base={"REMOTE_ADDR": "127.0.0.1"}):
        manager, user = UserManager(), site.user("maya")
        assert code_of(manager.confirm_password, user, WRONG) == "AuthenticationError"
        assert code_of(manager.change_password, user, WRONG, "a new one") == "InvalidFieldsError"
        assert code_of(manager.confirm_password, user, WRONG) == "AuthenticationError"
        assert code_of(manager.confirm_password, user, PASSWORD) == "429 throttled"
        assert code_of(manager.change_password, user, PASSWORD, "a new one") == "429 throttled"
    assert tries(site, "maya@example.org", 1, PASSWORD) == [401]


def test_a_right_confirmation_starts_the_account_afresh(site: Site) -> None:
    site.add_user("maya")
    with site.app.test_request_context():
        manager, user = UserManager(), site.user("maya")
        for _ in range(3):
            outcomes = [code_of(manager.confirm_password, user, WRONG) for _ in range(4)]
            assert outcomes == ["AuthenticationError"] * 4
            assert code_of(manager.confirm_password, user, PASSWORD) == "right"


def test_an_account_without_a_password_confirms_nothing(site: Site) -> None:
    site.add_user("maya", password=None)
    with site.app.test_request_context():
        manager, user = UserManager(), site.user("maya")
        assert code_of(manager.confirm_password, user, "") == "AuthenticationError"


def test_a_wrong_confirmation_is_in_the_audit_log(site: Site) -> None:
    site.add_user("maya")
    fields = {"new_password": NEW_PASSWORD, "password_confirm": NEW_PASSWORD}
    signed_in(site).submit("/auth/change-password/", current_password=WRONG, **fields).close()
    [entry] = entries(site, "auth.password_confirmed")
    assert (entry.outcome, entry.target_name) == ("refused", "maya")


@pytest.mark.parametrize(
    ("limit", "answers"),
    [
        ("2 per hour", [401] * 2 + [429] * 3),
        ("2/minute; 3/hour", [401] * 2 + [429] * 3),
        ("4 per day;2 per hour", [401] * 2 + [429] * 3),
    ],
)
def test_the_budget_is_a_setting(
    make_ready: Callable[..., Site], limit: str, answers: list[int]
) -> None:
    site = make_ready(LBACK_AUTH_LIMIT_PASSWORD_PER_ACCOUNT=limit)
    assert tries(site, "nobody", 5) == answers


# --- telling ----------------------------------------------------------------------------------


def test_the_owner_is_mailed_once_when_the_budget_is_used_up(site: Site) -> None:
    site.add_user("maya")
    outbox: list[EmailMessage] = outbox_of(site.app)
    with record_signals("user_locked_out") as sent:
        tries(site, "maya", 5)
        assert outbox == []
        tries(site, "maya", 4)
        tries(site, "maya@example.org", 4)
    assert [values["user"].username for _, values in sent] == ["maya"]
    [mail] = outbox
    assert mail["To"] == "maya@example.org"
    assert mail["Subject"].startswith("Too many wrong passwords for your account - ")
    for kind in ("plain", "html"):
        part = mail.get_body((kind,))
        assert part is not None
        assert "/auth/request-reset-password/" in part.get_content()


def test_a_lockout_is_one_line_of_the_audit_log(site: Site) -> None:
    site.add_user("maya")
    tries(site, "maya", 9)
    [entry] = entries(site, "auth.locked_out")
    assert (entry.outcome, entry.target_name) == ("refused", "maya")
    assert entry.details == {"identifier": "maya"}
    assert entry.ip_address == "127.0.0.1"


def test_nobody_is_mailed_about_a_name_that_nobody_has(site: Site) -> None:
    site.add_user("maya", is_active=False)
    outbox = outbox_of(site.app)
    assert tries(site, "nobody", 7) == tries(site, "maya", 7) == [401] * 5 + [429] * 2
    assert outbox == []


def test_a_site_that_cannot_write_links_refuses_all_the_same(site: Site) -> None:
    site.add_user("maya")
    outbox, client = outbox_of(site.app), site.app.test_client()
    document = {"identifier": "maya", "password": WRONG}
    answers = [
        client.post("/api/auth/login/", json=document, base_url="http://shop.example").status_code
        for _ in range(7)
    ]
    assert answers == [401] * 5 + [429] * 2
    assert len(outbox) == 1


# --- unlocking --------------------------------------------------------------------------------


def test_the_command_says_that_it_cannot_reach_the_memory_of_others(site: Site) -> None:
    site.add_user("maya")
    outcome = run(site.app, "unlock", "maya")
    assert outcome.status == 1
    assert "in the memory of each process" in outcome.err
    assert run(site.app, "unlock", "nobody").status == 1


@pytest.mark.service
def test_an_administrator_unlocks_an_account(make_ready: Callable[..., Site]) -> None:
    require("redis")
    url, name = service_url("redis"), f"maya{secrets.token_hex(6)}"
    site = make_ready("uuid", LBACK_LIMITS_STORAGE_URL=url)
    site.add_user(name)
    try:
        assert tries(site, name, 6) == [401] * 5 + [429]
        outcome = run(site.app, "unlock", name)
        assert (outcome.status, outcome.out) == (0, f"{name} may try passwords again.\n")
        assert tries(site, name, 1, PASSWORD) == [302]
    finally:
        with site.app.app_context():
            state_of(site.app)[PasswordThrottle].forgive(site.user(name))
    [entry] = entries(site, "auth.unlocked")
    assert entry.target_name == name
