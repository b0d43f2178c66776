"""Processes that want the same account, or use the same link, at one moment: one of them wins.

Each process has read what is true before any of them writes, see ``tests/support/racer.py``.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa

from flask_lback.auth.invitations.service import Invitations
from flask_lback.auth.magic_links.service import MagicLinks
from flask_lback.auth.mails.links import CHANGE_EMAIL, RESET, VERIFY, LinkTokens
from flask_lback.core.state import state_of
from flask_lback.testing.kit import outbox_of
from tests.databases.jobs import browser, cookies_of, mails_of, statuses_of
from tests.support.apps import PASSWORD, Site
from tests.support.races import RACERS, Arena
from tests.support.second_step import text_of
from tests.support.visitor import Visitor

from .support import NEW_PASSWORD, is_in

pytestmark = [pytest.mark.service, pytest.mark.xdist_group("databases")]


def token(site: Site, purpose: str, name: str, *values: str) -> str:
    """The token of a mailed link."""
    with site.app.app_context():
        return state_of(site.app)[LinkTokens].make(purpose, site.user(name), *values)


def count(site: Site, **values: Any) -> int:
    """How many accounts have these values."""
    with site.app.app_context():
        return len(site.models.User.objects.filter_by(**values))


def can_sign_in(site: Site, name: str, password: str) -> bool:
    """Whether name and password open the account."""
    return Visitor(site.app).sign_in(name, password).status_code == 302


def test_rg_5_processes_that_register_one_address_make_one_account(arena: Arena) -> None:
    name = arena.name()
    answers = arena.together(
        *[
            {
                "username": f"{name}{number}",
                "email": f"{name}@example.org",
                "password": NEW_PASSWORD,
            }
            for number in range(RACERS)
        ],
        path="register",
    )
    assert statuses_of(answers) == [202] * RACERS, "nobody is told that there is an account"
    assert len({str(answer["document"]) for answer in answers}) == 1
    assert count(arena.site, email=f"{name}@example.org") == 1
    assert mails_of(answers)["Confirm your address"] == 1


@pytest.mark.parametrize("way", ["page", "JSON"])
def test_rg_5_processes_that_register_one_name_make_one_account(arena: Arena, way: str) -> None:
    name = arena.name()
    people = [
        {"username": name, "email": f"{name}{number}@example.org", "password": NEW_PASSWORD}
        for number in range(RACERS)
    ]
    if way == "JSON":
        answers = arena.together(*people, path="register")
        refused = [answer for answer in answers if answer["status"] != 202]
        fields = [[one["field"] for one in answer["document"]["errors"]] for answer in refused]
        assert fields == [["username"]] * (RACERS - 1)
    else:
        again = {"password_confirm": NEW_PASSWORD}
        jobs = [("send", {"path": "/auth/register/", "fields": {**one, **again}}) for one in people]
        answers = arena.race(*jobs)
        refused = [answer for answer in answers if answer["status"] != 200]
        assert all("This name is taken" in answer["text"] for answer in refused)
    assert [answer["status"] for answer in refused] == [400] * (RACERS - 1)
    assert count(arena.site, username=name) == 1
    assert mails_of(answers) == {"Confirm your address": 1}


@pytest.mark.parametrize(
    ("path", "purpose"),
    [("reset-password", RESET), ("verify-email", VERIFY), ("confirm-email", CHANGE_EMAIL)],
)
def test_cc_1_a_mailed_link_is_used_by_one_process(arena: Arena, path: str, purpose: str) -> None:
    name = arena.name()
    arena.site.add_user(name, verified=purpose != VERIFY)
    more = [f"new-{name}@example.org"] if purpose == CHANGE_EMAIL else []
    document = {"token": token(arena.site, purpose, name, *more)}
    if purpose == RESET:
        document["new_password"] = NEW_PASSWORD
    answers = arena.all_send(document, path, door="every")
    assert statuses_of(answers) == [200] + [400] * (RACERS - 1)
    assert {answer["code"] for answer in answers} == {None, "invalid_token"}
    action = {RESET: "auth.password_set", VERIFY: "auth.email_confirmed"}
    with arena.site.app.app_context():
        user = arena.site.models.User.objects.get(username=name)
        audit: Any = arena.site.models.AuditEntry
        written = sa.select(sa.func.count(audit.id)).filter_by(
            action=action.get(purpose, "auth.email_changed"), target_id=str(user.id)
        )
        assert arena.site.db.session.scalar(written) == 1
        assert user.email_verified_at is not None


@pytest.mark.parametrize("verified", [True, False], ids=["confirmed", "not confirmed"])
def test_cc_1_a_link_that_signs_in_is_used_by_one_process(arena: Arena, verified: bool) -> None:
    name = arena.name()
    arena.site.add_user(name, verified=verified)
    with arena.site.app.app_context():
        text = state_of(arena.site.app)[MagicLinks].make(arena.site.user(name))
    page = f"/auth/magic-link/?token={text}"
    job = ("send", {"path": "/auth/magic-link/", "page": page, "fields": {}})
    answers = arena.race(*[job] * RACERS)
    assert statuses_of(answers) == [302] + [400] * (RACERS - 1)
    cookies = [answer["session"] for answer in answers]
    visitors = [browser(arena.site, {"lback_session": key}) for key in cookies if key]
    assert [is_in(visitor) for visitor in visitors] == [True]


def test_cc_1_an_invitation_is_accepted_by_one_process(arena: Arena) -> None:
    name = arena.name()
    with arena.site.app.test_request_context():
        state_of(arena.site.app)[Invitations].make(None, f"{name}@example.org")
    link = re.search(r"token=(\S+)", text_of(outbox_of(arena.site.app)[-1]))
    assert link is not None
    path = "/auth/accept-invitation/"
    again = {"password": NEW_PASSWORD, "password_confirm": NEW_PASSWORD}
    answers = arena.race(
        *[
            ("send", {"path": path, "page": f"{path}?token={link[1]}", "fields": fields})
            for fields in ({"username": f"{name}{number}", **again} for number in range(RACERS))
        ]
    )
    assert statuses_of(answers) == [302] + [400] * (RACERS - 1)
    assert count(arena.site, email=f"{name}@example.org") == 1


def change(cookies: dict[str, str], password: str) -> tuple[str, dict[str, Any]]:
    """Change the password where one is signed in."""
    fields = {
        "current_password": PASSWORD,
        "new_password": password,
        "password_confirm": password,
    }
    return "send", {"path": "/auth/change-password/", "fields": fields, "cookies": cookies}


def test_pr_12_a_change_of_password_does_not_undo_a_reset(arena: Arena) -> None:
    """Whoever knows the old password, and has a session, changes it while the owner resets it."""
    name = arena.name()
    arena.site.add_user(name)
    thief = Visitor(arena.site.app)
    assert thief.sign_in(name, PASSWORD).status_code == 302
    reset = {"token": token(arena.site, RESET, name), "new_password": NEW_PASSWORD}
    answers = arena.race(
        change(cookies_of(thief), "a sentence of the thief"),
        ("send", {"path": "/api/auth/reset-password/", "document": reset}),
    )
    is_reset = answers[1]["status"] == 200
    assert answers[1]["status"] == (200 if is_reset else 400)
    # Whoever comes too late even to be signed in is led to the sign-in page.
    assert (answers[0]["location"] == "/auth/account/") is not is_reset
    assert can_sign_in(arena.site, name, NEW_PASSWORD) is is_reset
    assert can_sign_in(arena.site, name, "a sentence of the thief") is not is_reset
    key = answers[0]["session"]
    assert is_in(browser(arena.site, {"lback_session": key})) is not is_reset


def test_a_password_that_is_changed_on_four_devices_is_that_of_one(arena: Arena) -> None:
    name = arena.name()
    arena.site.add_user(name)
    devices = [Visitor(arena.site.app) for _ in range(RACERS)]
    for device in devices:
        assert device.sign_in(name, PASSWORD).status_code == 302
    passwords = [f"sentence number {number}" for number in range(RACERS)]
    answers = arena.race(
        *(change(cookies_of(one), text) for one, text in zip(devices, passwords, strict=True)),
        door="every",
    )
    won = [answer["location"] == "/auth/account/" for answer in answers]
    assert set(statuses_of(answers)) <= {302, 400}
    assert sorted(won) == [False] * (RACERS - 1) + [True]
    assert [can_sign_in(arena.site, name, text) for text in passwords] == won
    keys = [answer["session"] for answer in answers]
    assert [is_in(browser(arena.site, {"lback_session": key})) for key in keys] == won


def test_an_account_that_is_deleted_four_times_at_once_is_told_once(arena: Arena) -> None:
    name = arena.name()
    arena.site.add_user(name)
    visitor = Visitor(arena.site.app)
    visitor.sign_in(name, PASSWORD)
    job = {"path": "/auth/delete-account/", "fields": {"current_password": PASSWORD}}
    answers = arena.race(*[("send", {**job, "cookies": cookies_of(visitor)})] * RACERS)
    assert statuses_of(answers)[0] == 302
    assert set(statuses_of(answers)) <= {302, 401}, "who comes late is not signed in any longer"
    assert mails_of(answers) == {"Your account will be deleted": 1}
    assert not is_in(visitor)
