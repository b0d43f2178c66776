"""Attacks on the second step: by somebody who knows the password, or holds half of a sign-in."""

from __future__ import annotations

import base64
import datetime as dt
import threading
from collections.abc import Callable
from typing import Any

import pytest

from flask_lback.auth import UserManager
from flask_lback.auth.mails.links import RESET, LinkTokens
from flask_lback.auth.passwords.hasher import PasswordHasher
from flask_lback.auth.two_factor.service import TwoFactor
from flask_lback.core import clock
from flask_lback.core.state import state_of
from flask_lback.testing import record_signals
from tests.attacks.support import NEW_PASSWORD, at_once, is_in, log_in_by_json, refresh, told
from tests.support.apps import PASSWORD, Site
from tests.support.databases import DATABASES
from tests.support.second_step import (
    SETUP,
    VERIFY,
    app_code,
    mailed_code,
    second_step,
    set_up_app,
    set_up_mail,
    with_app,
)
from tests.support.visitor import Visitor, errors_of, hidden_fields

JSON = "/api/auth/two-factor/"
Ready = Callable[..., Site]


def half_in(site: Site, name: str = "maya") -> Visitor:
    """Somebody who knows the password."""
    visitor = Visitor(site.app)
    assert visitor.sign_in(f"{name}@example.org", PASSWORD).location in (VERIFY, SETUP)
    return visitor


def challenge_of(site: Site, name: str = "maya") -> str:
    """The challenge that a right password is answered with."""
    document: Any = log_in_by_json(site, f"{name}@example.org").json
    return str(document["challenge"])


def verify(site: Site, challenge: str, code: str, method: str = "totp") -> tuple[int, str]:
    """Try a code by JSON; status and code of the answer."""
    document = {"challenge": challenge, "code": code, "method": method}
    answer = Visitor(site.app).post_json(f"{JSON}verify/", document)
    return answer.status_code, (answer.json or {}).get("code", "")


def change_password(site: Site) -> None:
    """Give the account another password, elsewhere."""
    with site.app.test_request_context():
        UserManager().set_password(site.user("maya"), NEW_PASSWORD)
        site.db.session.commit()


def test_en_3_a_wrong_password_does_not_tell_who_has_a_second_factor(site: Site) -> None:
    with_app(site, "maya")
    site.add_user("kofi")
    answers = []
    for name in ("maya", "kofi", "nobody"):
        visitor = Visitor(site.app)
        web = visitor.sign_in(f"{name}@example.org", "not the password")
        json = log_in_by_json(site, f"{name}@example.org", password="not the password")
        with visitor.client.session_transaction() as session:
            kept = sorted(session)
        headers = sorted(key for key, _ in web.headers)
        answers.append((told(web, f"{name}@example.org"), told(json), kept, headers))
    assert answers[0] == answers[1] == answers[2]


@pytest.mark.parametrize("path", ["/auth/account/", "/auth/two-factor/", "/ten/", "/api/auth/me/"])
def test_half_a_sign_in_opens_no_page(site: Site, path: str) -> None:
    with_app(site)
    visitor = half_in(site)
    assert visitor.get(path).status_code in (302, 401)
    answer = Visitor(site.app).get(
        path, headers={"Authorization": f"Bearer {challenge_of(site)}", "Accept": "text/html"}
    )
    assert answer.status_code == 401
    with site.app.app_context():
        assert site.db.session.query(site.models.UserSession).count() == 0


def test_who_has_a_second_factor_cannot_set_up_another_one_with_the_challenge(site: Site) -> None:
    with_app(site)
    visitor = half_in(site)
    assert visitor.get(SETUP).location.startswith("/auth/login/")
    visitor, challenge = half_in(site), challenge_of(site)
    for name in ("enable", "confirm"):
        answer = Visitor(site.app).post_json(
            f"{JSON}{name}/", {"challenge": challenge, "code": "123456", "method": "totp"}
        )
        assert answer.json
        assert answer.json["code"] == "invalid_challenge"
    with site.app.app_context():
        assert site.db.session.query(site.models.TotpDevice).count() == 1


@pytest.mark.parametrize("database", DATABASES)
def test_a_code_of_the_app_opens_once(make_ready: Ready, database: str) -> None:
    site = make_ready("default", database)
    secret, _ = with_app(site)
    assert second_step(half_in(site), app_code(secret)).status_code == 401  # confirmed the app
    code = app_code(secret, 1)
    assert second_step(half_in(site), code).status_code == 302
    visitor = half_in(site)
    assert second_step(visitor, code).status_code == 401
    assert not is_in(visitor)
    with clock.turned(dt.timedelta(minutes=2)):
        assert second_step(half_in(site), app_code(secret, 1)).status_code == 302
        # An earlier step is not accepted after a later one.
        assert second_step(half_in(site), app_code(secret)).status_code == 401


@pytest.mark.parametrize("database", DATABASES)
@pytest.mark.parametrize("method", ["totp", "recovery", "email"])
def test_a_code_opens_one_account_of_many_requests_at_once(
    make_ready: Ready, database: str, method: str
) -> None:
    site = make_ready("default", database)
    secret, codes = with_app(site)
    set_up_mail(site)
    challenge = challenge_of(site)
    Visitor(site.app).post_json(f"{JSON}send/", {"challenge": challenge, "method": "email"})
    code = {"totp": app_code(secret, 1), "recovery": codes[0], "email": mailed_code(site)}[method]
    jobs = [lambda: verify(site, challenge, code, method) for _ in range(4)]
    statuses = sorted(status for status, _ in at_once(jobs))
    assert statuses.count(200) == 1, statuses
    with site.app.app_context():
        assert site.db.session.query(site.models.UserSession).count() == 1


def test_codes_of_another_account_open_nothing(site: Site) -> None:
    secret, codes = with_app(site, "kofi")
    with_app(site, "maya")
    set_up_mail(site, "kofi")
    set_up_mail(site, "maya")
    other = challenge_of(site, "kofi")
    Visitor(site.app).post_json(f"{JSON}send/", {"challenge": other, "method": "email"})
    challenge = challenge_of(site)
    for method, code in (
        ("totp", app_code(secret, 1)),
        ("recovery", codes[0]),
        ("email", mailed_code(site)),
    ):
        assert verify(site, challenge, code, method) == (401, "invalid_code")
        assert verify(site, other, code, method)[0] == 200


def test_a_code_that_sets_a_way_up_does_not_open_the_account(site: Site) -> None:
    site.add_user("maya")
    set_up_mail(site)
    with site.app.test_request_context():
        state_of(site.app)[TwoFactor].begin(site.user("maya"), "email")
    assert verify(site, challenge_of(site), mailed_code(site), "email") == (401, "invalid_code")


def test_guessing_stops_over_all_ways_together(site: Site) -> None:
    secret, codes = with_app(site)
    set_up_mail(site)
    challenge = challenge_of(site)
    methods = ["totp", "recovery", "email", "nonsense"] * 2
    assert {verify(site, challenge, "123456", method)[0] for method in methods} == {401}
    second_step(half_in(site), "123456")
    second_step(half_in(site), "AAAA-AAAA-AAAA", "recovery")
    for method, code in (("totp", app_code(secret, 1)), ("recovery", codes[0])):
        assert verify(site, challenge, code, method) == (429, "throttled")
    answer = second_step(half_in(site), app_code(secret, 1))
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    site.add_user("kofi")
    set_up_app(site, "kofi")
    half_in(site, "kofi")


def test_a_right_code_clears_the_count_of_its_account_alone(make_ready: Ready) -> None:
    site = make_ready(LBACK_AUTH_TWO_FACTOR_LIMIT_PER_ADDRESS="13 per hour")
    secret, codes = with_app(site)
    challenge = challenge_of(site)
    for _ in range(7):
        assert verify(site, challenge, "123456")[0] == 401
    assert verify(site, challenge, app_code(secret, 1))[0] == 200
    statuses = [verify(site, challenge, "123456")[0] for _ in range(6)]
    assert statuses == [401] * 5 + [429]
    assert verify(site, challenge, codes[0], "recovery")[0] == 429


def test_guessing_in_parallel_is_counted_as_well(site: Site) -> None:
    with_app(site)
    challenge = challenge_of(site)
    answers = at_once([lambda: verify(site, challenge, "123456") for _ in range(20)])
    statuses = [status for status, _ in answers]
    assert statuses.count(401) <= 10
    assert statuses.count(429) == 20 - statuses.count(401)


def test_one_sent_code_is_tried_five_times(make_ready: Ready) -> None:
    site = make_ready(LBACK_LIMITS_ENABLED=False)
    site.add_user("maya")
    set_up_mail(site)
    challenge = challenge_of(site)
    Visitor(site.app).post_json(f"{JSON}send/", {"challenge": challenge, "method": "email"})
    code = mailed_code(site)
    wrong = "000000" if code != "000000" else "111111"
    for _ in range(5):
        assert verify(site, challenge, wrong, "email") == (401, "invalid_code")
    assert verify(site, challenge, code, "email") == (401, "invalid_code")


def test_sending_is_limited(site: Site) -> None:
    site.add_user("maya")
    set_up_mail(site)
    document = {"challenge": challenge_of(site), "method": "email"}
    statuses = [
        Visitor(site.app).post_json(f"{JSON}send/", document).status_code for _ in range(10)
    ]
    assert statuses == [202] * 9 + [429]


def test_a_challenge_dies_with_the_password(site: Site) -> None:
    secret, codes = with_app(site)
    visitor, challenge = half_in(site), challenge_of(site)
    form = hidden_fields(visitor.get(VERIFY).text)
    change_password(site)
    assert verify(site, challenge, app_code(secret, 1)) == (401, "invalid_challenge")
    assert verify(site, challenge, codes[0], "recovery") == (401, "invalid_challenge")
    answer = visitor.client.post(VERIFY, data={**form, "code": app_code(secret, 1)})
    assert answer.location == "/auth/login/"
    assert not is_in(visitor)


def test_a_challenge_dies_after_ten_minutes(site: Site) -> None:
    secret, _ = with_app(site)
    visitor, challenge = half_in(site), challenge_of(site)
    with clock.turned(dt.timedelta(minutes=11)):
        assert verify(site, challenge, app_code(secret)) == (401, "invalid_challenge")
        assert visitor.get(VERIFY).location == "/auth/login/"


@pytest.mark.parametrize("database", DATABASES)
def test_pr_12_a_reset_during_the_second_step_wins(
    make_ready: Ready, monkeypatch: pytest.MonkeyPatch, database: str
) -> None:
    site = make_ready("default", database)
    secret, _ = with_app(site)
    visitor = half_in(site)
    service = state_of(site.app)[TwoFactor]
    take = service.verify

    def verify_and_be_reset(*arguments: Any) -> None:
        take(*arguments)
        thread = threading.Thread(target=change_password, args=(site,))
        thread.start()
        thread.join()

    monkeypatch.setattr(service, "verify", verify_and_be_reset)
    assert second_step(visitor, app_code(secret, 1)).location == "/auth/login/"
    assert not is_in(visitor)


def test_pr_12_a_reset_does_not_bypass_the_second_factor(site: Site) -> None:
    with_app(site)
    with site.app.app_context():
        token = state_of(site.app)[LinkTokens].make(RESET, site.user("maya"))
    visitor = Visitor(site.app)
    answer = visitor.submit(
        f"/auth/reset-password/?token={token}",
        new_password=NEW_PASSWORD,
        password_confirm=NEW_PASSWORD,
    )
    assert answer.location == "/auth/login/"
    assert visitor.sign_in("maya", NEW_PASSWORD).location == VERIFY
    assert not is_in(visitor)


def test_json_asks_for_the_second_factor_and_refreshing_needs_a_whole_sign_in(site: Site) -> None:
    site.add_user("maya")
    before: Any = log_in_by_json(site).json
    secret, _ = set_up_app(site)
    assert refresh(site, before["refresh_token"]).status_code == 401
    for fields in ({}, {"session": True}, {"remember": True}):
        answer = log_in_by_json(site, "maya", **fields)
        assert answer.status_code == 401
        assert not answer.headers.getlist("Set-Cookie")
        assert set(answer.json or {}) >= {"code", "challenge"}
        assert "access_token" not in answer.text
    assert verify(site, challenge_of(site), app_code(secret, 1))[0] == 200


def test_a_password_with_every_request_is_not_enough_either(make_ready: Ready) -> None:
    site = make_ready(LBACK_AUTH_MECHANISMS=["session", "basic"])
    site.add_user("maya")
    pair = base64.b64encode(f"maya:{PASSWORD}".encode()).decode()

    def ask() -> int:
        headers = {"Authorization": f"Basic {pair}", "Accept": "application/json"}
        return Visitor(site.app).get("/ten/", headers=headers).status_code

    assert ask() == 200
    set_up_app(site)
    assert ask() == 401


def test_another_site_cannot_remove_the_second_factor(site: Site) -> None:
    secret, _ = with_app(site)
    visitor = half_in(site)
    second_step(visitor, app_code(secret, 1))
    assert is_in(visitor)
    for path in ("disable", "recovery-codes", "setup"):
        answer = visitor.client.post(f"/auth/two-factor/{path}/", data={"method": "totp"})
        assert answer.status_code == 400
    assert visitor.post_json(f"{JSON}disable/", {}).status_code == 400
    half_in(site)


def test_trust_is_of_one_account_and_needs_its_cookie(site: Site) -> None:
    secret, _ = with_app(site)
    with_app(site, "kofi")
    visitor = half_in(site)
    second_step(visitor, app_code(secret, 1), trust="y")
    visitor.submit("/auth/logout/")
    assert visitor.sign_in("kofi", PASSWORD).location == VERIFY
    change_password(site)
    assert visitor.sign_in("maya", NEW_PASSWORD).location == VERIFY


def test_a_hash_that_is_replaced_does_not_break_the_challenge(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret, _ = with_app(site)
    hasher = state_of(site.app)[PasswordHasher]
    monkeypatch.setattr(hasher, "needs_rehash", lambda stored: True)
    visitor = half_in(site)
    assert second_step(visitor, app_code(secret, 1)).status_code == 302
    assert is_in(visitor)


def test_what_was_refused_is_written_down_without_the_code(site: Site) -> None:
    with_app(site)
    with record_signals("two_factor_failed") as sent:
        answer = second_step(half_in(site), "314159")
    assert "This code is not right" in errors_of(answer.text)
    answer.close()
    assert [values["method"] for _, values in sent] == ["totp"]
    with site.app.app_context():
        entry = site.db.session.query(site.models.AuditEntry).filter_by(outcome="refused").one()
        assert entry.action == "auth.two_factor"
        assert entry.actor_name == "maya"
        assert "314159" not in str(entry.details)
