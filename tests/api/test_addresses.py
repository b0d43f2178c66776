"""Changing the address by JSON."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from flask_lback.auth.mails.links import CHANGE_EMAIL, LinkTokens
from flask_lback.core import clock
from flask_lback.core.state import state_of
from flask_lback.testing.kit import outbox_of
from tests.support.apps import PASSWORD, Site
from tests.support.visitor import Visitor

NEW = "harbour@example.org"


@pytest.fixture
def place(site: Site) -> Site:
    """A site with two accounts."""
    site.add_user("maya")
    site.add_user("kofi")
    return site


def login(place: Site) -> dict[str, str]:
    """The headers of somebody who has signed in."""
    document = {"identifier": "maya", "password": PASSWORD}
    answer: Any = Visitor(place.app).post_json("/api/auth/login/", document)
    return {"Authorization": f"Bearer {answer.json['access_token']}"}


def post(place: Site, path: str, document: Any, headers: dict[str, str] | None = None) -> Any:
    """Send JSON from a fresh client."""
    return Visitor(place.app).post_json(f"/api/auth/{path}/", document, headers=headers)


def test_a_change_is_asked_for_with_one_answer_and_confirmed_by_a_token(place: Site) -> None:
    here, there = login(place), login(place)
    free = post(place, "change-email", {"email": NEW}, here)
    taken = post(place, "change-email", {"email": "kofi@example.org"}, here)
    assert (free.status_code, list(free.json)) == (202, ["detail"])
    assert (taken.status_code, taken.json) == (free.status_code, free.json)
    assert "kofi@example.org" in {str(mail["To"]) for mail in outbox_of(place.app)}
    with place.app.app_context():
        token = state_of(place.app)[LinkTokens].make(CHANGE_EMAIL, place.user("maya"), NEW)
    answer = post(place, "confirm-email", {"token": token}, here)
    assert (answer.status_code, answer.json["api_tokens"]) == (200, 0)
    again = post(place, "confirm-email", {"token": token})
    assert (again.status_code, again.json["code"]) == (400, "invalid_token")
    client = place.app.test_client()
    me: Any = client.get("/api/auth/me/", headers=here)
    assert (me.json["email"], me.json["email_verified"]) == (NEW, True)
    assert client.get("/api/auth/me/", headers=there).status_code == 401


def test_a_login_that_is_not_fresh_needs_the_password(place: Site) -> None:
    headers = login(place)
    with place.app.app_context():
        row = place.db.session.query(place.models.UserSession).one()
        row.authenticated_at = clock.now() - dt.timedelta(minutes=16)
        place.db.session.commit()
    statuses = []
    for document in (
        {"email": NEW},
        {"email": NEW, "current_password": "a wrong sentence"},
        {"email": "nowhere", "current_password": PASSWORD},
        {"email": NEW, "current_password": PASSWORD},
    ):
        answer = post(place, "change-email", document, headers)
        statuses.append((answer.status_code, answer.json.get("errors", [{}])[0].get("field")))
    assert statuses == [
        (400, "current_password"),
        (400, "current_password"),
        (400, "email"),
        (202, None),
    ]
    assert post(place, "change-email", {"email": NEW}).status_code == 401
