"""Changing one's own profile by JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from flask_lback import ConfigError
from flask_lback.testing import record_signals
from tests.support.apps import PASSWORD, Site
from tests.support.visitor import Visitor


@pytest.fixture
def place(site: Site) -> Site:
    """A site with two accounts."""
    site.add_user("maya")
    site.add_user("kofi")
    return site


def patch(place: Site, document: Any, name: str = "maya") -> Any:
    """Change the profile of somebody who has just signed in."""
    credentials = {"identifier": f"{name}@example.org", "password": PASSWORD}
    login: Any = Visitor(place.app).post_json("/api/auth/login/", credentials).json
    headers = {"Authorization": f"Bearer {login['access_token']}"}
    return place.app.test_client().patch("/api/auth/me/", json=document, headers=headers)


def test_names_are_changed_and_the_account_answered(place: Site) -> None:
    with record_signals("user_updated") as sent:
        answer = patch(place, {"first_name": "Maya", "username": "Maya.L"})
    assert answer.status_code == 200
    assert (answer.json["first_name"], answer.json["username"]) == ("Maya", "Maya.L")
    assert answer.json["email"] == "maya@example.org"
    assert [sorted(values["fields"]) for _, values in sent] == [["first_name", "username"]]
    assert patch(place, {"username": "MAYA.L"}).status_code == 200, "one's own name, other letters"


@pytest.mark.parametrize(
    "document",
    [
        {"is_superuser": True},
        {"is_staff": True},
        {"is_active": False},
        {"email": "new@example.org"},
        {"email_verified_at": None},
        {"password_hash": "x"},
        {"password": "quite another sentence"},
        {"id": 99},
        {"groups": ["Editors"]},
        {"username_canonical": "kofi"},
        {"no_such": 1},
        {"username": "KOFI"},
        {"username": "admin"},
        {"username": "a b"},
        {"username": None},
        {"username": 5},
        {"first_name": ["Maya"]},
        {"first_name": None},
        {"first_name": "x" * 151},
        {"first_name": "Maya\r\nBcc: x@example.org"},
        {"last_name": "\x00"},
        {"last_name": "\ud800"},
    ],
    ids=repr,
)
def test_what_is_not_ones_to_change_is_refused_and_nothing_else_done(
    place: Site, document: dict[str, Any]
) -> None:
    answer = patch(place, {"last_name": "Lindqvist", **document})
    assert answer.status_code == 400
    assert list(document) == [error["field"] for error in answer.json["errors"]]
    with place.app.app_context():
        user = place.user("maya")
        assert (user.username, user.last_name, user.is_superuser) == ("maya", "", False)


def test_a_setting_names_what_may_be_changed(make_ready: Callable[..., Site]) -> None:
    place = make_ready("uuid", LBACK_AUTH_PROFILE_FIELDS=["location"])
    place.add_user("maya")
    assert patch(place, {"location": "Lisbon"}).status_code == 200
    assert patch(place, {"location": None}).status_code == 200
    assert patch(place, {"location": "x" * 101}).status_code == 400
    assert patch(place, {"first_name": "Maya"}).status_code == 400


@pytest.mark.parametrize("name", ["is_superuser", "password_hash", "email", "id"])
def test_a_setting_cannot_open_what_needs_a_proof(
    make_ready: Callable[..., Site], name: str
) -> None:
    with pytest.raises(ConfigError, match=name):
        make_ready(LBACK_AUTH_PROFILE_FIELDS=[name])


def test_nobody_and_a_cookie_without_a_page_change_nothing(place: Site) -> None:
    client = place.app.test_client()
    assert client.patch("/api/auth/me/", json={"first_name": "x"}).status_code == 401
    visitor = Visitor(place.app)
    visitor.sign_in("maya", PASSWORD)
    answer = visitor.client.patch("/api/auth/me/", json={"first_name": "x"})
    assert answer.status_code == 400
    assert visitor.get("/api/auth/me/").json["first_name"] == ""  # type: ignore[index]
