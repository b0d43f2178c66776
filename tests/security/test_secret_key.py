"""The key that everything is signed with: there, long, made by chance, shown to nobody."""

from __future__ import annotations

import secrets
from typing import Any

import pytest
from flask import Flask

from flask_lback import ConfigError, Lback
from flask_lback.core.checks import Checks
from flask_lback.core.state import state_of
from flask_lback.security.secret_key import weakness
from tests.core.making import make_flask
from tests.support.apps import SECRET_KEY

ENVIRONMENTS = ["local", "development", "staging", "production"]
WEAK = {
    "x7": "it has 2 characters, fewer than 32",
    "9f2c61d07be84a35c1f6d2ab907e431": "it has 31 characters, fewer than 32",
    "abc" * 12: "it repeats a few characters",
    "this-is-the-Secret-of-our-shop-0123456789": "it contains a word of a sample key",
    "django-insecure-8&fd#1c0!zq3w9x7v5b2n4m6": "it contains a word of a sample key",
    "dev-8fd1c0azq3w9x7v5b2n4m6k8j7h5g3": "it contains a word of a sample key",
    "CHANGEME-8fd1c0azq3w9x7v5b2n4m6k8j7h5g3": "it contains a word of a sample key",
}
REMEDY = (
    'Make one with python -c "import secrets; print(secrets.token_hex(32))" and put it into '
    "the environment."
)


@pytest.fixture(autouse=True)
def _no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LBACK_ENV", raising=False)


def set_up(**config: Any) -> Flask:
    app = make_flask(**config)
    Lback(app, features=["security"])
    return app


def refusal(**config: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        set_up(**config)
    return str(caught.value)


@pytest.mark.parametrize("env", ENVIRONMENTS)
@pytest.mark.parametrize("key", [None, "", b""])
def test_without_a_key_nothing_starts_anywhere(env: str, key: Any) -> None:
    assert refusal(SECRET_KEY=key, LBACK_ENV=env) == f"SECRET_KEY is not set. {REMEDY}"


@pytest.mark.parametrize("key", WEAK)
def test_a_weak_key_stops_the_start_in_production_and_is_not_shown(key: str) -> None:
    message = refusal(SECRET_KEY=key, LBACK_ENV="production")
    assert message == f"SECRET_KEY is too weak for production: {WEAK[key]}. {REMEDY}"
    assert key not in message


@pytest.mark.parametrize("env", ["local", "development", "staging"])
@pytest.mark.parametrize("key", WEAK)
def test_a_weak_key_is_a_finding_elsewhere(env: str, key: str) -> None:
    app = set_up(SECRET_KEY=key, LBACK_ENV=env)
    [finding] = state_of(app)[Checks].run(app)
    assert (finding.id, finding.message) == ("security.W001", f"SECRET_KEY is weak: {WEAK[key]}.")
    deploy = {one.id for one in state_of(app)[Checks].run(app, deploy=True)}
    assert "security.E001" in deploy


def test_production_is_what_an_unknown_place_is() -> None:
    assert "too weak for production" in refusal(SECRET_KEY="short", TESTING=False)
    set_up(SECRET_KEY="short", TESTING=False, DEBUG=True)
    set_up(SECRET_KEY="short", TESTING=True)


def test_the_variable_decides_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LBACK_ENV", "production")
    assert "too weak for production" in refusal(SECRET_KEY="short")


@pytest.mark.parametrize(
    "key",
    [SECRET_KEY, SECRET_KEY.encode(), secrets.token_bytes(32)],
    ids=["text", "bytes", "random bytes"],
)
def test_a_good_key_starts_in_production(key: Any) -> None:
    app = set_up(SECRET_KEY=key, LBACK_ENV="production")
    assert list(state_of(app)[Checks].run(app)) == []


@pytest.mark.parametrize("make", [secrets.token_hex, secrets.token_urlsafe])
def test_a_key_made_by_chance_is_always_good(make: Any) -> None:
    assert [key for key in (make(32) for _ in range(5_000)) if weakness(key)] == []
    # The letters of a short word come up by chance.
    assert weakness("k3Jdev9xQzLm2Wc7TfRb5YhNpVs8GuAa1Xe4DoKiZ6M") is None


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_a_key_of_another_type_stops_the_start(env: str) -> None:
    message = refusal(SECRET_KEY=12345, LBACK_ENV=env)
    assert message == "SECRET_KEY is of the type int. Use a text."


def test_an_old_key_that_is_still_read_must_be_good_as_well() -> None:
    message = refusal(SECRET_KEY_FALLBACKS=["short"], LBACK_ENV="production")
    assert message.startswith("SECRET_KEY_FALLBACKS is too weak for production: it has 5 char")
    set_up(SECRET_KEY_FALLBACKS=["short"], LBACK_ENV="staging")
    set_up(SECRET_KEY_FALLBACKS=[SECRET_KEY[::-1]], LBACK_ENV="production")
