"""Processes that refresh, end, prove and guess at one moment.

Each process has read what is true before any of them writes, see ``tests/support/racer.py``.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections import Counter
from typing import Any

import pytest
import sqlalchemy as sa

from flask_lback.auth.mails.links import RESET, LinkTokens
from flask_lback.auth.throttle.service import PasswordThrottle
from flask_lback.core import clock
from flask_lback.core.state import state_of
from tests.databases.jobs import browser, cookies_of, mails_of, statuses_of
from tests.support.apps import PASSWORD
from tests.support.races import RACERS, Arena, arena_site
from tests.support.second_step import app_code, mailed_code, set_up_mail, with_app
from tests.support.services import require, service_url
from tests.support.visitor import Visitor

from .support import NEW_PASSWORD, is_in

pytestmark = [pytest.mark.service, pytest.mark.xdist_group("databases")]


def login(arena: Arena, name: str) -> Any:
    """The tokens, or the challenge, of a new login."""
    document = {"identifier": name, "password": PASSWORD}
    return Visitor(arena.site.app).post_json("/api/auth/login/", document).json


def signed_in(arena: Arena, name: str) -> Visitor:
    """A browser of the account."""
    visitor = Visitor(arena.site.app)
    assert visitor.sign_in(name, PASSWORD).status_code == 302
    return visitor


def refresh(arena: Arena, token: str) -> Any:
    """The answer to a refresh token."""
    visitor = Visitor(arena.site.app)
    return visitor.post_json("/api/auth/refresh/", {"refresh_token": token})


def living(arena: Arena, name: str) -> int:
    """How many sessions of an account are alive."""
    with arena.site.app.app_context():
        kind: Any = arena.site.models.UserSession
        query = sa.select(sa.func.count(kind.id)).where(
            kind.user_id == arena.site.user(name).id, kind.revoked_at.is_(None)
        )
        return arena.site.db.session.scalar(query) or 0


# Refresh tokens


def test_jw_8_processes_that_refresh_one_token_leave_one_living_session(arena: Arena) -> None:
    name = arena.name()
    arena.site.add_user(name)
    token = login(arena, name)["refresh_token"]
    answers = arena.all_send({"refresh_token": token}, "refresh")
    assert statuses_of(answers) == [200] * RACERS
    assert mails_of(answers) == {}, "nobody is told of a theft"
    assert living(arena, name) == 1
    for answer in answers:
        given = answer["document"]
        headers = {"Authorization": f"Bearer {given['access_token']}"}
        assert arena.site.app.test_client().get("/api/auth/me/", headers=headers).status_code == 200
    newest = answers[-1]["document"]["refresh_token"]
    assert refresh(arena, newest).status_code == 200


def test_jw_8_an_old_token_that_four_processes_send_ends_the_family_once(arena: Arena) -> None:
    name = arena.name()
    arena.site.add_user(name)
    token = login(arena, name)["refresh_token"]
    latest = refresh(arena, token).json["refresh_token"]
    kind: Any = arena.site.models.RefreshToken
    with arena.site.app.app_context():
        arena.site.db.session.execute(
            sa.update(kind)
            .where(kind.rotated_at.is_not(None))
            .values(rotated_at=clock.now() - dt.timedelta(minutes=1))
        )
        arena.site.db.session.commit()
    answers = arena.all_send({"refresh_token": token}, "refresh", door="every")
    assert statuses_of(answers) == [401] * RACERS
    assert Counter(answer["code"] for answer in answers) == {
        "token_reused": 1,
        "invalid_token": RACERS - 1,
    }
    assert mails_of(answers) == {"A sign-in was ended": 1}
    assert (living(arena, name), refresh(arena, latest).status_code) == (0, 401)


def test_jw_8_a_token_refreshed_while_everything_ends_opens_nothing(arena: Arena) -> None:
    name = arena.name()
    arena.site.add_user(name)
    tokens, browser_of_owner = login(arena, name), signed_in(arena, name)
    with arena.site.app.app_context():
        link = state_of(arena.site.app)[LinkTokens].make(RESET, arena.site.user(name))
    again = {"path": "/api/auth/refresh/", "document": {"refresh_token": tokens["refresh_token"]}}
    path = "/auth/sessions/end-others/"
    end = {"path": path, "page": "/auth/sessions/", "fields": {}}
    reset = {"token": link, "new_password": NEW_PASSWORD}
    answers = arena.race(
        ("send", again),
        ("send", again),
        ("send", {**end, "cookies": cookies_of(browser_of_owner)}),
        ("send", {"path": "/api/auth/reset-password/", "document": reset}),
        door="every",
    )
    assert [answer["status"] for answer in answers[2:]] == [302, 200]
    assert living(arena, name) == 0
    for answer in answers[:2]:
        assert answer["status"] in (200, 401)
        if answer["status"] == 200:
            given = answer["document"]
            headers = {"Authorization": f"Bearer {given['access_token']}"}
            client = arena.site.app.test_client()
            assert client.get("/api/auth/me/", headers=headers).status_code == 401
            assert refresh(arena, given["refresh_token"]).status_code == 401


# Sessions


def test_se_2_four_proofs_at_once_leave_one_living_session(arena: Arena) -> None:
    name = arena.name()
    arena.site.add_user(name)
    cookies = cookies_of(signed_in(arena, name))
    fields = {"password": PASSWORD}
    job = {"path": "/auth/reauthenticate/", "fields": fields, "cookies": cookies}
    answers = arena.race(*[("send", job)] * RACERS, door="every")
    assert statuses_of(answers) == [302] * RACERS
    assert living(arena, name) == 1
    [given] = {answer["session"] for answer in answers} - {cookies["lback_session"]}
    assert is_in(browser(arena.site, {"lback_session": given}))
    assert not is_in(browser(arena.site, cookies)), "the old one is worth nothing"


def test_se_3_a_session_that_four_processes_leave_ends_without_an_error(arena: Arena) -> None:
    name = arena.name()
    arena.site.add_user(name)
    cookies = cookies_of(signed_in(arena, name))
    job = {"path": "/auth/logout/", "fields": {}, "cookies": cookies}
    answers = arena.race(*[("send", job)] * RACERS, door="every")
    assert statuses_of(answers) == [302] * RACERS
    assert living(arena, name) == 0


# Second steps


@pytest.mark.parametrize("method", ["totp", "recovery", "email"])
def test_cc_1_a_code_opens_the_account_to_one_process(arena: Arena, method: str) -> None:
    name = arena.name()
    secret, codes = with_app(arena.site, name)
    set_up_mail(arena.site, name)
    challenge = login(arena, name)["challenge"]
    visitor = Visitor(arena.site.app)
    asked = {"challenge": challenge, "method": "email"}
    assert visitor.post_json("/api/auth/two-factor/send/", asked).status_code == 202
    code = {"totp": app_code(secret, 1), "recovery": codes[0], "email": mailed_code(arena.site)}
    document = {"challenge": challenge, "method": method, "code": code[method]}
    before = living(arena, name)
    answers = arena.all_send(document, "two-factor/verify", door="every")
    assert statuses_of(answers) == [200] + [401] * (RACERS - 1)
    assert {answer["code"] for answer in answers} == {None, "invalid_code"}
    assert living(arena, name) == before + 1


def test_cc_1_codes_that_four_processes_ask_for_are_sent_and_one_counts(arena: Arena) -> None:
    name = arena.name()
    arena.site.add_user(name)
    set_up_mail(arena.site, name)
    document = {"challenge": login(arena, name)["challenge"], "method": "email"}
    answers = arena.all_send(document, "two-factor/send", door="every")
    assert statuses_of(answers) == [202] * RACERS
    with arena.site.app.app_context():
        kind: Any = arena.site.models.SentCode
        left = sa.select(kind).where(
            kind.user_id == arena.site.user(name).id, kind.used_at.is_(None)
        )
        assert len(arena.site.db.session.scalars(left).all()) == 1


def test_cc_1_a_second_step_set_up_in_four_tabs_is_set_up_once(arena: Arena) -> None:
    name = arena.name()
    arena.site.add_user(name)
    token = login(arena, name)["access_token"]
    begun = arena.all_send({"method": "totp"}, "two-factor/enable", door="every", token=token)
    assert statuses_of(begun) == [200] * RACERS
    codes = [{"method": "totp", "code": app_code(one["document"]["secret"])} for one in begun]
    answers = arena.together(*codes, path="two-factor/confirm", door="every", token=token)
    assert statuses_of(answers) == [200] + [401] * (RACERS - 1)
    [given] = [answer["document"] for answer in answers if answer["status"] == 200]
    with arena.site.app.app_context():
        user = arena.site.user(name)
        assert len(user.lback_totp_devices) == 1
        assert len(user.lback_recovery_codes) == len(given["recovery_codes"]) == 10


def test_cc_1_recovery_codes_made_by_four_processes_are_those_of_one(arena: Arena) -> None:
    name = arena.name()
    secret, _ = with_app(arena.site, name)
    verify = {"method": "totp", "challenge": login(arena, name)["challenge"]}
    visitor = Visitor(arena.site.app)
    document = {**verify, "code": app_code(secret, 1)}
    given: Any = visitor.post_json("/api/auth/two-factor/verify/", document).json
    answers = arena.all_send(
        {}, "two-factor/recovery-codes", door="every", token=given["access_token"]
    )
    assert statuses_of(answers) == [200] * RACERS
    with arena.site.app.app_context():
        assert len(arena.site.user(name).lback_recovery_codes) == 10
    opened = []
    for answer in answers:
        code = answer["document"]["recovery_codes"][0]
        document = {**verify, "method": "recovery", "code": code}
        document["challenge"] = login(arena, name)["challenge"]
        answered = Visitor(arena.site.app).post_json("/api/auth/two-factor/verify/", document)
        opened.append(answered.status_code)
    assert sorted(opened) == [200] + [401] * (RACERS - 1)


# Guessing


def test_bf_8_four_processes_guess_no_more_than_one_and_the_owner_gets_in(arena: Arena) -> None:
    require("redis")
    shared = {
        "LBACK_LIMITS_ENABLED": True,
        "LBACK_LIMITS_STORAGE_URL": service_url("redis"),
        "LBACK_AUTH_LIMIT_PASSWORD_PER_ADDRESS": "10000 per minute",
    }
    name = f"{arena.name()}{secrets.token_hex(6)}"
    arena.site.add_user(name)
    owner = cookies_of(signed_in(arena, name))
    passwords = ["a wrong sentence"] * 10
    site = arena_site("default", arena.site.app.config["SQLALCHEMY_DATABASE_URI"], **shared)
    try:
        guessers = [("guess", {"name": name, "passwords": passwords})] * (RACERS - 1)
        fields = {"identifier": name, "password": PASSWORD}
        enter = {
            "path": "/auth/login/",
            "fields": fields,
            "cookies": {"lback_device": owner["lback_device"]},
        }
        *found, entered = arena.race(*guessers, ("send", enter), door="none", **shared)
        assert entered["status"] == 302, "a browser that is known has a budget of its own"
        tried = Counter(status for statuses in found for status in statuses)
        # Whoever comes in clears the account's count once: at most two budgets were used up.
        assert 5 <= tried[401] <= 10
        assert tried == {401: tried[401], 429: 10 * (RACERS - 1) - tried[401]}
    finally:
        with site.app.app_context():
            state_of(site.app)[PasswordThrottle].forgive(site.user(name))
            site.db.session.remove()
            site.db.engine.dispose()
