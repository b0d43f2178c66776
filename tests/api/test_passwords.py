"""Reset and change of a password by JSON."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from flask_lback.auth.mails.links import RESET, LinkTokens
from flask_lback.core import clock
from flask_lback.core.state import state_of
from flask_lback.testing.kit import outbox_of
from tests.support.apps import PASSWORD, Site
from tests.support.visitor import Visitor

NEW = "quite another sentence"


@pytest.fixture
def place(site: Site) -> Site:
    """A site with one account."""
    site.add_user("maya")
    return site


def post(place: Site, path: str, document: Any, token: str | None = None) -> Any:
    """Send JSON from a fresh client, with an access token when one is given."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return Visitor(place.app).post_json(f"/api/auth/{path}/", document, headers=headers)


def login(place: Site, password: str = PASSWORD) -> Any:
    """Sign in by JSON."""
    return post(place, "login", {"identifier": "maya", "password": password})


def test_a_reset_is_asked_for_with_one_answer(place: Site) -> None:
    answers = [
        post(place, "request-reset-password", {"email": f"{name}@example.org"})
        for name in ("maya", "nobody")
    ]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json == answers[1].json
    assert [str(mail["To"]) for mail in outbox_of(place.app)] == ["maya@example.org"]


def test_a_link_gives_a_new_password_once_and_ends_everything(place: Site) -> None:
    before = login(place).json["access_token"]
    with place.app.app_context():
        token = state_of(place.app)[LinkTokens].make(RESET, place.user("maya"))
    weak = post(place, "reset-password", {"token": token, "new_password": "short"})
    assert (weak.status_code, weak.json["errors"][0]["field"]) == (400, "new_password")
    good, used = (
        post(place, "reset-password", {"token": token, "new_password": NEW}) for _ in range(2)
    )
    assert (good.status_code, list(good.json)) == (200, ["detail"])
    assert (used.status_code, used.json["code"]) == (400, "invalid_token")
    assert post(place, "change-password", {}, before).status_code == 401
    assert login(place).status_code == 401
    assert login(place, NEW).status_code == 200


def test_a_change_needs_the_present_password_and_ends_the_others(place: Site) -> None:
    here, there = (login(place).json["access_token"] for _ in range(2))
    document = {"current_password": "a wrong sentence", "new_password": NEW}
    wrong = post(place, "change-password", document, here)
    assert (wrong.status_code, wrong.json["errors"][0]["field"]) == (400, "current_password")
    document["current_password"] = PASSWORD
    weak = post(place, "change-password", {**document, "new_password": "short"}, here)
    assert (weak.status_code, weak.json["errors"][0]["field"]) == (400, "new_password")
    answer = post(place, "change-password", document, here)
    assert (answer.status_code, set(answer.json)) == (200, {"detail", "api_tokens"})
    assert answer.json["api_tokens"] == 0
    assert post(place, "change-password", {}, here).status_code == 400, "still signed in"
    assert post(place, "change-password", {}, there).status_code == 401
    assert post(place, "change-password", document).status_code == 401


def test_a_first_password_needs_a_fresh_sign_in_alone(place: Site) -> None:
    token = login(place).json["access_token"]
    with place.app.app_context():
        place.user("maya").password_hash = None
        place.db.session.add(
            place.models.ApiToken(
                owner=place.user("maya"), name="backup", token_hash="x" * 64, prefix="lb_1"
            )
        )
        session = place.db.session.query(place.models.UserSession).one()
        session.authenticated_at = clock.now() - dt.timedelta(minutes=16)
        place.db.session.commit()
    answer = post(place, "change-password", {"new_password": NEW}, token)
    assert (answer.status_code, answer.json["code"]) == (401, "reauthentication_required")
    with place.app.app_context():
        place.db.session.query(place.models.UserSession).one().authenticated_at = clock.now()
        place.db.session.commit()
    answer = post(place, "change-password", {"new_password": NEW}, token)
    assert (answer.status_code, answer.json["api_tokens"]) == (200, 1)
    assert login(place, NEW).status_code == 200


def test_a_cookie_alone_changes_nothing_without_the_token_of_a_page(place: Site) -> None:
    visitor = Visitor(place.app)
    visitor.sign_in("maya", PASSWORD)
    document = {"current_password": PASSWORD, "new_password": NEW}
    answer: Any = visitor.post_json("/api/auth/change-password/", document)
    assert (answer.status_code, answer.json["code"]) == (400, "csrf_failed")
