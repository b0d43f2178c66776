"""Pages that want a recent proof: asked for, given, and worth a new session id."""

from __future__ import annotations

import datetime as dt
from typing import Any

import flask_login
import pytest
from flask import g

from flask_lback.auth import current_user
from flask_lback.auth.freshness import (
    Proof,
    Proofs,
    fresh_login_required,
    is_fresh,
    personal_login,
    prove_again,
)
from flask_lback.auth.sessions.principal import LOGIN, USER, Login
from flask_lback.core import clock
from flask_lback.core.errors import Problem
from flask_lback.core.state import state_of
from flask_lback.testing import record_signals
from tests.support.apps import PASSWORD, Site
from tests.support.visitor import Visitor, errors_of, hidden_fields

ASK = "/auth/reauthenticate/"
COOKIE = "lback_session"


@pytest.fixture
def place(site: Site) -> Site:
    """A site with an account, and a page that wants a fresh proof."""
    site.add_user("maya")

    @site.app.get("/vault/")
    @fresh_login_required
    def vault() -> str:
        return "the vault"

    @site.app.get("/inner-vault/")
    @fresh_login_required(within=1)
    def inner_vault() -> str:
        return "the inner vault"

    return site


def later(minutes: float = 16) -> Any:
    """The time that many minutes from now."""
    return clock.turned(dt.timedelta(minutes=minutes))


def signed_in(place: Site, **fields: Any) -> Visitor:
    """Somebody who has signed in."""
    visitor = Visitor(place.app)
    assert visitor.sign_in("maya", PASSWORD, **fields).status_code == 302
    return visitor


def cookie_of(visitor: Visitor) -> str:
    """The id in the cookie."""
    cookie = visitor.client.get_cookie(COOKIE)
    assert cookie is not None
    return cookie.value


def test_a_guarded_page_opens_after_signing_in_and_asks_again_later(place: Site) -> None:
    visitor = signed_in(place)
    assert visitor.get("/vault/").text == "the vault"
    with later(2):
        assert visitor.get("/vault/").status_code == 200
        assert visitor.get("/inner-vault/").status_code == 302
    with later():
        answer = visitor.get("/vault/?door=2")
        assert answer.location == f"{ASK}?next=/vault/?door%3D2"
        page = visitor.get(answer.location)
        assert page.headers["Cache-Control"] == "no-store"
        assert 'type="password"' in page.text
        answer = visitor.submit(answer.location, password=PASSWORD)
        assert answer.location == "/vault/?door=2"
        assert visitor.get("/vault/").text == "the vault"


def test_nobody_is_led_to_signing_in_first(place: Site) -> None:
    for path in ("/vault/", ASK):
        answer = Visitor(place.app).get(path)
        assert answer.location.startswith("/auth/login/?next=")


def test_a_proof_gives_a_new_id_and_a_new_form_token_and_keeps_the_limits(place: Site) -> None:
    visitor = signed_in(place, remember="y")
    old, thief = cookie_of(visitor), Visitor(place.app)
    thief.client.set_cookie(COOKIE, old)
    token = hidden_fields(visitor.get("/auth/change-password/").text)["csrf_token"]
    with later(60), record_signals("session_rotated", "user_reauthenticated") as sent:
        answer = visitor.submit(ASK, password=PASSWORD)
        [line] = [one for one in answer.headers.getlist("Set-Cookie") if COOKIE in one]
        assert thief.get("/auth/account/").status_code == 302
        assert visitor.get("/auth/account/").status_code == 200
    assert cookie_of(visitor) != old
    assert "Max-Age=2588399" in line or "Max-Age=2588400" in line, "30 days, less an hour"
    assert visitor.client.post("/auth/logout/", data={"csrf_token": token}).status_code == 400
    assert sorted(name for name, _ in sent) == ["session_rotated", "user_reauthenticated"]
    with place.app.app_context():
        [row] = place.db.session.query(place.models.UserSession)
        assert row.revoked_at is None
        entry = (
            place.db.session.query(place.models.AuditEntry)
            .filter_by(action="auth.reauthenticated")
            .one()
        )
        assert (entry.outcome, entry.details) == ("ok", {"method": "password"})


def test_a_wrong_password_is_refused_and_counted_with_the_sign_ins(place: Site) -> None:
    visitor = signed_in(place)
    for _ in range(10):
        answer = visitor.submit(ASK, password="a wrong sentence")
    assert answer.status_code == 401
    assert "This is not your password." in errors_of(answer.text)
    assert visitor.submit(ASK, password=PASSWORD).status_code == 429
    assert Visitor(place.app).sign_in("maya", PASSWORD).status_code == 401


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_a_proof_leads_to_no_other_site(place: Site, target: str) -> None:
    visitor = signed_in(place)
    answer = visitor.submit(ASK, password=PASSWORD, next=target)
    assert answer.location == "/auth/account/"


def test_json_is_told_by_its_code_and_can_prove_itself(place: Site) -> None:
    visitor = Visitor(place.app)
    document = {"identifier": "maya", "password": PASSWORD}
    login: Any = visitor.post_json("/api/auth/login/", document).json
    bearer = {"Authorization": f"Bearer {login['access_token']}"}
    path = "/api/auth/reauthenticate/"
    with later(14.9):
        assert visitor.get("/vault/", headers=bearer).status_code == 200
        refreshed: Any = visitor.post_json(
            "/api/auth/refresh/", {"refresh_token": login["refresh_token"]}
        ).json
    bearer = {"Authorization": f"Bearer {refreshed['access_token']}"}
    with later(16):
        answer: Any = visitor.get("/vault/", headers=bearer)
        assert (answer.status_code, answer.json["code"]) == (401, "reauthentication_required")
        answer = visitor.post_json(path, {"password": "a wrong sentence"}, headers=bearer)
        assert (answer.status_code, answer.json["code"]) == (401, "invalid_credentials")
        assert visitor.post_json(path, {}, headers=bearer).status_code == 400
        answer = visitor.post_json(path, {"password": PASSWORD}, headers=bearer)
        assert (answer.status_code, list(answer.json)) == (200, ["detail"])
        assert visitor.get("/vault/", headers=bearer).status_code == 200
    assert visitor.post_json(path, {"password": PASSWORD}).status_code == 401


def test_json_by_cookie_needs_the_token_of_a_page(place: Site) -> None:
    visitor = signed_in(place)
    path = "/api/auth/reauthenticate/"
    assert visitor.post_json(path, {"password": PASSWORD}).status_code == 400
    token = hidden_fields(visitor.get("/auth/change-password/").text)["csrf_token"]
    old = cookie_of(visitor)
    answer = visitor.post_json(path, {"password": PASSWORD}, headers={"X-CSRFToken": token})
    assert answer.status_code == 200
    assert cookie_of(visitor) != old


def test_an_account_without_a_password_is_shown_its_other_ways(place: Site) -> None:
    def prove() -> str:
        prove_again(current_user._get_current_object(), method="stamp")
        return "proved"

    place.app.add_url_rule("/stamp/", "stamp", prove)
    visitor = signed_in(place)
    with place.app.app_context():
        place.user("maya").password_hash = None
        place.db.session.commit()
    page = visitor.get(ASK)
    assert 'name="password"' not in page.text
    assert "Sign out, and in again" in page.text
    state_of(place.app)[Proofs].offer(Proof("stamp", "Show the stamp", "stamp", lambda user: True))
    page = visitor.get(f"{ASK}?next=/vault/")
    assert 'href="/stamp/?next=/vault/"' in page.text
    with later():
        assert visitor.get("/vault/").status_code == 302
        assert visitor.get("/stamp/").text == "proved"
        assert visitor.get("/vault/").status_code == 200
    answer = visitor.submit("/auth/account/", to=ASK, password=PASSWORD)
    assert answer.status_code == 401, "no password opens it"


@pytest.mark.parametrize(("mechanism", "status"), [("token", 403), ("new kind", 403), (None, 401)])
def test_a_program_never_stands_for_its_owner(
    place: Site, mechanism: str | None, status: int
) -> None:
    with place.app.test_request_context():
        setattr(g, USER, place.user("maya"))
        if mechanism is not None:
            setattr(g, LOGIN, Login(1, mechanism, clock.now(), (0, 0)))
        assert not is_fresh()
        with pytest.raises(Problem) as caught:
            personal_login()
        assert caught.value.code == status


def test_two_proofs_at_once_leave_one_living_session(place: Site) -> None:
    from flask_lback.auth import SessionManager
    from flask_lback.auth.current import present_login

    visitor = signed_in(place)
    header = {"Cookie": f"{COOKIE}={cookie_of(visitor)}"}
    sessions = state_of(place.app)[SessionManager]
    with place.app.test_request_context(headers=header):
        assert present_login() is not None
        with place.app.app_context(), place.app.test_request_context(headers=header):
            assert present_login() is not None
            assert sessions.rotate()
        assert not sessions.rotate(), "the cookie of the other request must stay good"


def test_the_decorator_of_flask_login_asks_as_ours_does(place: Site) -> None:
    place.app.add_url_rule(
        "/old-vault/",
        view_func=flask_login.fresh_login_required(old_vault),
        methods=["GET", "POST"],
    )
    assert Visitor(place.app).get("/old-vault/").location.startswith("/auth/login/")
    visitor = signed_in(place)
    answer = visitor.get("/old-vault/")
    assert (answer.text, answer.headers.getlist("Set-Cookie")) == ("the old vault", [])
    with later():
        asked = visitor.get("/old-vault/")
    assert asked.location.startswith(ASK)
    assert visitor.get("/old-vault/").text == "the old vault"


def old_vault() -> str:
    return "the old vault"


def test_a_token_is_told_that_no_proof_will_help(place: Site) -> None:
    made: Any = place.app.test_client().post(
        "/api/auth/tokens/", json={"name": "robot"}, headers=bearer(place)
    )
    robot = {"Authorization": f"Bearer {made.json['token']}"}
    answer: Any = place.app.test_client().get("/vault/", headers=robot)
    assert (answer.status_code, answer.json["code"]) == (403, "login_required")


def bearer(place: Site) -> dict[str, str]:
    """The header of a client that has just signed in for tokens."""
    document = {"identifier": "maya", "password": PASSWORD}
    answer: Any = place.app.test_client().post("/api/auth/login/", json=document)
    return {"Authorization": f"Bearer {answer.json['access_token']}"}
