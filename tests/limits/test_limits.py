"""Attempts are counted, everywhere together, and whatever happens to the store."""

from __future__ import annotations

import datetime as dt
import re
import secrets
import threading
import time
from typing import Any

import pytest
from flask import Flask
from flask_limiter import Limiter

from flask_lback import Lback
from flask_lback.core import clock
from flask_lback.core.checks import Checks
from flask_lback.core.errors import Problem
from flask_lback.core.state import state_of
from flask_lback.limits.service import RETRY_SECONDS, RateLimits, caller
from flask_lback.limits.settings import LIMITS, RateLimitSettings
from tests.core.making import make_app, make_flask
from tests.support.server import closed_port
from tests.support.services import require, service_url

AWAY = "The store of the rate limits does not answer; this process counts by itself"


@pytest.fixture
def name() -> str:
    """What is limited: another thing in each test, since a store may be shared."""
    return f"test-{secrets.token_hex(8)}"


def limits_of(app: Flask) -> RateLimits:
    return state_of(app)[RateLimits]


def passes(app: Flask, limit: str, *key: str) -> bool:
    """Whether one more attempt is let through."""
    with app.app_context():
        try:
            limits_of(app).hit(limit, *key)
        except Problem:
            return False
        return True


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the operators read; the security log has lines of its own."""
    return [one.getMessage() for one in caplog.records if one.name != "flask_lback.audit"]


def test_the_attempt_after_the_last_allowed_is_refused(name: str) -> None:
    app = make_app("limits")
    assert [passes(app, "3 per hour", name, "ann") for _ in range(5)] == [True] * 3 + [False] * 2


def test_each_key_has_a_count_of_its_own(name: str) -> None:
    app = make_app("limits")
    for key in [("ann",), ("bo",), ("ann", "bo"), ("annbo",)]:
        assert passes(app, "1 per hour", name, *key)
    assert passes(app, "1 per hour", name + "-other", "ann")
    assert not passes(app, "1 per hour", name, "ann")


def test_who_is_refused_is_told_when_to_come_back(name: str) -> None:
    app = make_app("limits", "security")

    @app.get("/")
    def home() -> str:
        limits_of(app).hit("1 per minute", name, "ann")
        return "home"

    client = app.test_client()
    assert client.get("/").status_code == 200
    for headers in ({}, {"Accept": "application/json"}):
        answer = client.get("/", headers=headers)
        wait = int(answer.headers["Retry-After"])
        assert (answer.status_code, 1 <= wait <= 61) == (429, True)
    assert answer.get_json(force=True)["code"] == "throttled"
    assert answer.get_json(force=True)["detail"] == (
        f"Too many attempts. Try again in {wait} seconds."
    )


def test_a_long_wait_is_told_in_minutes(name: str) -> None:
    app = make_app("limits")
    with app.app_context():
        told = str(limits_of(app).refusal("1 per hour", name, "ann").description)
    assert told == "Too many attempts. Try again in 1 seconds."
    with app.app_context():
        limits_of(app).hit("1 per hour", name, "ann")
        told = str(limits_of(app).refusal("1 per hour", name, "ann").description)
    assert re.fullmatch(r"Too many attempts\. Try again in (\d|[1-5]\d|60) minutes\.", told)


def test_looking_does_not_count(name: str) -> None:
    app = make_app("limits")
    with app.app_context():
        for _ in range(3):
            limits_of(app).check("1 per hour", name, "ann")
        limits_of(app).hit("1 per hour", name, "ann")
        with pytest.raises(Problem):
            limits_of(app).check("1 per hour", name, "ann")


def test_a_cleared_count_starts_again(name: str) -> None:
    app = make_app("limits")
    assert passes(app, "1 per hour", name, "ann")
    with app.app_context():
        limits_of(app).clear("1 per hour", name, "ann")
    assert passes(app, "1 per hour", name, "ann")


def test_several_limits_hold_together_and_the_longest_wait_is_told(name: str) -> None:
    app = make_app("limits")
    limit = "3 per hour; 2 per minute"
    assert [passes(app, limit, name, "ann") for _ in range(4)] == [True, True, False, False]
    with app.app_context():
        limits = limits_of(app)
        waits = [int(limits.refusal(limit, name, "ann").headers["Retry-After"])]
        limits.clear("2 per minute", name, "ann")
        # What the minute refused is not counted in the hour.
        assert [passes(app, limit, name, "ann") for _ in range(2)] == [True, False]
        waits.append(int(limits.refusal(limit, name, "ann").headers["Retry-After"]))
        with pytest.raises(Problem):
            limits.check(limit, name, "ann")
        limits.clear(limit, name, "ann")
    assert 1 <= waits[0] <= 61
    assert 3500 <= waits[1] <= 3601
    assert passes(app, limit, name, "ann")


@pytest.mark.parametrize("store", ["memory", pytest.param("redis", marks=pytest.mark.service)])
def test_an_attempt_can_be_taken_back_and_the_others_stay(name: str, store: str) -> None:
    if store == "redis":
        require("redis")
    url = service_url("redis") if store == "redis" else "memory://"
    app = make_app("limits", LBACK_LIMITS_STORAGE_URL=url)
    for _ in range(3):
        assert passes(app, "2 per hour; 9 per day", name, "ann")
        with app.app_context():
            limits_of(app).give_back("2 per hour; 9 per day", name, "ann")
    assert [passes(app, "2 per hour; 9 per day", name, "ann") for _ in range(3)] == [
        True,
        True,
        False,
    ]
    with app.app_context():
        limits_of(app).clear("2 per hour; 9 per day", name, "ann")


def test_a_store_that_cannot_count_down_stays_the_store(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = make_app("limits")
    with app.app_context():
        store: Any = limits_of(app)._shared_store()
        hit = store.hit
        store.hit = lambda *args, cost=1: hit(*args) if cost > 0 else 1 / 0
        assert passes(app, "1 per hour", name, "ann")
        limits_of(app).give_back("1 per hour", name, "ann")
    assert not passes(app, "1 per hour", name, "ann")
    assert said(caplog) == []


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("5 per minute", True),
        ("5/minute; 10 per 15 minutes;100 per day", True),
        ("5 per minute;", False),
        ("5 per minute 10 per day", False),
        ("5 per fortnight", False),
        ("", False),
    ],
)
def test_a_list_of_limits_is_recognised(text: str, fits: bool) -> None:
    assert (re.fullmatch(LIMITS, text) is not None) == fits


def test_switched_off_nothing_is_refused(name: str) -> None:
    app = make_app("limits", LBACK_LIMITS_ENABLED=False)
    assert all(passes(app, "1 per hour", name, "ann") for _ in range(5))
    with app.app_context():
        limits_of(app).check("1 per hour", name, "ann")


def test_values_are_not_stored_in_clear(name: str) -> None:
    app = make_app("limits")
    passes(app, "1 per hour", name, "ann@example.org")
    with app.app_context():
        stored: Any = limits_of(app)._shared_store().storage
    assert any(name in key for key in stored.storage)
    assert not any("ann" in key for key in stored.storage)


def test_attempts_at_the_same_moment_are_all_counted(name: str) -> None:
    app, start, let_through = make_app("limits"), threading.Barrier(20), []

    def attempt() -> None:
        start.wait(10)
        let_through.append(passes(app, "5 per hour", name, "ann"))

    threads = [threading.Thread(target=attempt) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert (len(let_through), sum(let_through)) == (20, 5)


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("unix:", "unix:"),
    ],
)
def test_the_addresses_of_one_customer_are_counted_together(address: str, counted_as: str) -> None:
    app = make_app("limits")
    with app.test_request_context(environ_base={"REMOTE_ADDR": address}):
        assert caller() == counted_as


def test_work_without_a_request_has_a_count_of_its_own() -> None:
    assert caller() == "no request"


# --- stores -----------------------------------------------------------------------------------


@pytest.fixture
def redis_url() -> str:
    require("redis")
    return service_url("redis")


@pytest.mark.service
@pytest.mark.parametrize("setting", ["LBACK_LIMITS_STORAGE_URL", "RATELIMIT_STORAGE_URI"])
def test_two_processes_count_together_in_redis(name: str, redis_url: str, setting: str) -> None:
    one, other = (make_app("limits", **{setting: redis_url}) for _ in range(2))
    assert [passes(app, "3 per hour", name, "ann") for app in (one, other, one, other, one)] == [
        True,
        True,
        True,
        False,
        False,
    ]
    with one.app_context():
        limits_of(one).clear("3 per hour", name, "ann")
    assert passes(other, "3 per hour", name, "ann")
    with one.app_context():
        limits_of(one).clear("3 per hour", name, "ann")


def test_in_memory_two_processes_count_apart(name: str) -> None:
    assert all(passes(make_app("limits"), "1 per hour", name, "ann") for _ in range(2))


def test_the_store_of_the_application_s_flask_limiter_is_shared(name: str) -> None:
    app = make_flask()
    limiter = Limiter(lambda: "everybody", app=app, storage_uri="memory://")
    Lback(app, features=["limits"])
    passes(app, "1 per hour", name, "ann")
    with app.app_context():
        assert limits_of(app)._shared_store().storage is limiter.storage


def test_a_flask_limiter_that_comes_later_is_found(name: str) -> None:
    app = make_app("limits")
    limiter = Limiter(lambda: "everybody", app=app, storage_uri="memory://")
    passes(app, "1 per hour", name, "ann")
    stored: Any = limiter.storage
    assert any(name in key for key in stored.storage)


# --- a store that does not answer -------------------------------------------------------------


def unreachable() -> str:
    return f"redis://127.0.0.1:{closed_port()}/0"


def test_with_the_store_down_this_process_counts_and_says_so_once(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = make_app("limits", LBACK_LIMITS_STORAGE_URL=unreachable())
    assert [passes(app, "2 per hour", name, "ann") for _ in range(4)] == [True, True, False, False]
    assert said(caplog) == [AWAY]


def test_after_a_minute_the_store_is_asked_again(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = make_app("limits", LBACK_LIMITS_STORAGE_URL=unreachable())
    passes(app, "2 per hour", name, "ann")
    with clock.turned(dt.timedelta(seconds=RETRY_SECONDS + 1)):
        passes(app, "2 per hour", name, "ann")
        assert not passes(app, "2 per hour", name, "ann")
    assert said(caplog) == [AWAY, AWAY]


def test_a_store_that_comes_back_is_used_again(name: str) -> None:
    """A store that fails for a while: a real one whose calls are cut off."""
    app = make_app("limits")
    with app.app_context():
        store: Any = limits_of(app)._shared_store()
    answers = store.hit
    store.hit = lambda *args: 1 / 0
    assert passes(app, "1 per hour", name, "ann")
    assert not passes(app, "1 per hour", name, "ann")
    store.hit = answers
    with clock.turned(dt.timedelta(seconds=RETRY_SECONDS + 1)):
        assert passes(app, "1 per hour", name, "ann")
        assert not passes(app, "1 per hour", name, "ann")


def test_a_server_that_takes_the_connection_and_says_nothing_holds_nobody_up(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        app, began = make_app("limits", LBACK_LIMITS_STORAGE_URL=url), time.monotonic()
        assert [passes(app, "1 per hour", name, "ann") for _ in range(3)] == [True, False, False]
        assert time.monotonic() - began < 30
    assert said(caplog) == [AWAY]


def test_a_limit_that_cannot_be_read_is_not_taken_for_a_store_that_is_down(name: str) -> None:
    app = make_app("limits")
    with app.app_context(), pytest.raises(ValueError, match="couldn't parse"):
        limits_of(app).hit("a few", name, "ann")


# --- checks -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("config", "findings"),
    [
        ({}, {"limits.W001"}),
        ({"LBACK_LIMITS_STORAGE_URL": "redis://127.0.0.1/0"}, set()),
        ({"LBACK_LIMITS_ENABLED": False}, {"limits.W001", "limits.W002"}),
    ],
)
def test_the_deploy_check_names_what_is_not_counted(
    config: dict[str, Any], findings: set[str]
) -> None:
    app = make_app("limits", **config)
    assert {one.id for one in state_of(app)[Checks].run(app, deploy=True)} == findings
    assert list(state_of(app)[Checks].run(app)) == []


def test_limits_are_on_unless_switched_off() -> None:
    assert RateLimitSettings().enabled
