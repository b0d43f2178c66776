"""The JSON face of the second factor."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import TestResponse

from flask_lback.core import clock
from tests.attacks.support import is_in, log_in_by_json, refresh
from tests.support.apps import Site
from tests.support.second_step import app_code, mailed_code, set_up_mail, with_app
from tests.support.visitor import Visitor

HOME = "/api/auth/two-factor/"
Ready = Callable[..., Site]


def send(site: Site, name: str, document: Any, token: str | None = None) -> TestResponse:
    """Post a document from a fresh client."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return Visitor(site.app).post_json(f"{HOME}{name}/", document, headers=headers)


def token_of(site: Site) -> str:
    """The access token of somebody who needs no second step."""
    answer = log_in_by_json(site)
    assert answer.status_code == 200, answer.text
    return str(of(answer)["access_token"])


def of(answer: TestResponse) -> dict[str, Any]:
    """The document of an answer."""
    document: dict[str, Any] = answer.json  # type: ignore[assignment]
    return document


def challenge_of(site: Site, code: str = "two_factor_required") -> str:
    """The challenge that a right password is answered with."""
    answer = log_in_by_json(site)
    assert (answer.status_code, of(answer)["code"]) == (401, code)
    assert "access_token" not in of(answer)
    return str(of(answer)["challenge"])


def test_an_app_is_enabled_confirmed_and_disabled(site: Site) -> None:
    site.add_user("maya")
    token = token_of(site)
    other = of(log_in_by_json(site))
    begun = of(send(site, "enable", {}, token))
    assert set(begun) == {"secret", "otpauth_uri"}
    assert begun["otpauth_uri"].startswith("otpauth://totp/Site:maya?")
    answer = send(site, "confirm", {"code": "000000x"}, token)
    assert (answer.status_code, of(answer)["code"]) == (401, "invalid_code")
    made = of(send(site, "confirm", {"code": app_code(begun["secret"])}, token))
    assert set(made) == {"recovery_codes"}
    assert len(set(made["recovery_codes"])) == 10
    assert refresh(site, other["refresh_token"]).status_code == 401
    challenge_of(site)
    again = of(send(site, "recovery-codes", {}, token))
    assert not set(again["recovery_codes"]) & set(made["recovery_codes"])
    assert send(site, "disable", {}, token).status_code == 204
    token_of(site)


def test_a_code_is_answered_with_tokens(site: Site) -> None:
    secret, codes = with_app(site)
    challenge = challenge_of(site)
    answer = send(site, "verify", {"challenge": challenge, "code": app_code(secret, 1)})
    assert set(of(answer)) == {
        "access_token",
        "refresh_token",
        "token_type",
        "expires_in",
        "user",
    }
    assert "Set-Cookie" not in answer.headers
    assert refresh(site, of(answer)["refresh_token"]).status_code == 200
    document = {"challenge": challenge, "code": codes[0], "method": "recovery"}
    assert send(site, "verify", document).status_code == 200
    with site.app.app_context():
        methods = {row.method for row in site.db.session.query(site.models.UserSession)}
    assert methods == {"password+totp", "password+recovery"}


def test_with_session_the_cookie_is_set_and_the_browser_may_be_trusted(site: Site) -> None:
    secret, _ = with_app(site)
    visitor = Visitor(site.app)
    document = {"challenge": challenge_of(site), "code": app_code(secret, 1), "session": True}
    answer = visitor.post_json(
        f"{HOME}verify/", document, headers={"Origin": "https://elsewhere.example"}
    )
    assert (answer.status_code, of(answer)["code"]) == (403, "cross_origin")
    answer = visitor.post_json(f"{HOME}verify/", {**document, "trust": True, "remember": True})
    assert answer.status_code == 200
    assert is_in(visitor)
    with site.app.app_context():
        assert site.db.session.query(site.models.UserSession).one().is_remembered
        assert site.db.session.query(site.models.Device).one().trusted_until is not None


def test_a_code_is_sent_by_mail(site: Site) -> None:
    site.add_user("maya")
    set_up_mail(site)
    challenge = challenge_of(site)
    answer = send(site, "send", {"challenge": challenge, "method": "totp"})
    assert (answer.status_code, of(answer)["code"]) == (400, "method_not_offered")
    assert send(site, "send", {"challenge": challenge, "method": "email"}).status_code == 202
    document = {"challenge": challenge, "code": mailed_code(site)}
    assert send(site, "verify", document).status_code == 200


def test_a_way_by_mail_is_enabled(site: Site) -> None:
    site.add_user("maya")
    token = token_of(site)
    assert send(site, "enable", {"method": "email"}, token).status_code == 202
    document = {"method": "email", "code": mailed_code(site)}
    assert len(of(send(site, "confirm", document, token))["recovery_codes"]) == 10
    challenge_of(site)


def test_who_must_have_one_sets_it_up_with_the_challenge(make_ready: Ready) -> None:
    site = make_ready(LBACK_AUTH_TWO_FACTOR_REQUIRED="everybody")
    site.add_user("maya")
    challenge = challenge_of(site, "two_factor_setup_required")
    begun = of(send(site, "enable", {"challenge": challenge}))
    document = {"challenge": challenge, "code": app_code(begun["secret"])}
    answer = of(send(site, "confirm", document))
    assert len(answer["recovery_codes"]) == 10
    assert answer["user"]["username"] == "maya"
    disabled = send(site, "disable", {}, answer["access_token"])
    assert (disabled.status_code, of(disabled)["code"]) == (403, "two_factor_needed")


@pytest.mark.parametrize("name", ["enable", "confirm", "disable", "recovery-codes"])
def test_changes_want_somebody_who_is_signed_in(site: Site, name: str) -> None:
    answer = send(site, name, {"code": "123456"})
    assert (answer.status_code, of(answer)["code"]) == (401, "not_authenticated")


def test_a_stale_login_is_told_to_prove_again(site: Site) -> None:
    site.add_user("maya")
    tokens = of(log_in_by_json(site))
    with clock.turned(dt.timedelta(minutes=20)):
        token = of(refresh(site, tokens["refresh_token"]))["access_token"]
        for name in ("enable", "confirm", "disable", "recovery-codes"):
            answer = send(site, name, {"code": "123456"}, token)
            assert (answer.status_code, of(answer)["code"]) == (401, "reauthentication_required")


@pytest.mark.parametrize("name", ["verify", "send", "confirm", "enable"])
def test_a_challenge_that_is_none_is_refused(site: Site, name: str) -> None:
    for text in ("no", "a.b.c", "é" * 50):
        answer = send(site, name, {"challenge": text, "code": "123456", "method": "totp"})
        assert (answer.status_code, of(answer)["code"]) == (401, "invalid_challenge")
    answer = send(site, name, {"challenge": 7, "code": ["1"], "method": None})
    assert answer.status_code == 400
