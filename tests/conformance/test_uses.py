"""Uses A and B of the design, whole: every kind of user class on every promised database."""

from __future__ import annotations

import re
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

import pytest

from flask_lback.testing import count_queries
from flask_lback.testing.kit import outbox_of
from tests.support.apps import PASSWORD, USER_KINDS, Site
from tests.support.databases import DATABASES
from tests.support.visitor import Visitor, errors_of

NEW_PASSWORD = "another plain sentence"


@pytest.fixture(params=USER_KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """The kind of user class."""
    return str(request.param)


@pytest.fixture(params=DATABASES)
def place(request: pytest.FixtureRequest, kind: str, make_ready: Callable[..., Site]) -> Site:
    """A site with that kind of users on that database."""
    return make_ready(kind, request.param)


def path_in(message: EmailMessage) -> str:
    """The path and query of the link in a mail."""
    body = message.get_body(("plain",))
    assert body is not None
    found = re.search(r"http://localhost(/\S+)", body.get_content())
    assert found, "the mail has a link"
    return found.group(1)


def test_a_person_registers_verifies_signs_in_and_resets_by_pages(place: Site) -> None:
    app, mails = place.app, outbox_of(place.app)
    maya, other = Visitor(app), Visitor(app)

    answer = maya.submit(
        "/auth/register/", password=PASSWORD, password_confirm=PASSWORD, **place.names("maya")
    )
    assert answer.status_code == 200
    assert "Open your mail" in errors_of(answer.text)
    assert mails[-1]["To"] == "maya@example.org"
    link = path_in(mails[-1])

    refused = maya.sign_in("maya@example.org", PASSWORD)
    assert refused.status_code == 401
    assert "not confirmed yet" in errors_of(refused.text)

    assert maya.submit(link, to="/auth/verify-email/").location == "/auth/login/"
    assert maya.sign_in("MAYA@Example.org", PASSWORD).location == "/"
    assert maya.get("/auth/account/").status_code == 200
    assert maya.get("/news/").status_code == 403

    assert other.sign_in("maya@example.org", PASSWORD, remember="y").status_code == 302
    other_again = other.get("/auth/account/")
    assert other_again.status_code == 200

    other.submit("/auth/request-reset-password/", email="maya@example.org")
    link = path_in(mails[-1])
    changed = maya.submit(
        link, to="/auth/reset-password/", new_password=NEW_PASSWORD, password_confirm=NEW_PASSWORD
    )
    assert changed.location == "/auth/login/"
    for browser in (maya, other):
        assert browser.get("/auth/account/").status_code == 302, "every session has ended"
    assert other.sign_in("maya@example.org", PASSWORD).status_code == 401
    assert other.sign_in("maya@example.org", NEW_PASSWORD).status_code == 302


def test_a_program_signs_in_refreshes_and_signs_out_by_json(place: Site) -> None:
    place.add_user("maya")
    program = Visitor(place.app)
    credentials = {"identifier": "maya@example.org", "password": PASSWORD}

    first = program.post_json("/api/auth/login/", credentials)
    assert first.status_code == 200
    assert first.json is not None
    assert set(first.json) == {"access_token", "refresh_token", "token_type", "expires_in", "user"}
    assert first.json["token_type"] == "Bearer"
    assert "Set-Cookie" not in first.headers

    bearer = {"Authorization": f"Bearer {first.json['access_token']}"}
    me = program.get("/api/auth/me/", headers=bearer)
    assert me.json == first.json["user"]
    assert me.json is not None
    assert me.json["email"] == "maya@example.org"
    assert me.json["username"] == ("maya" if place.has_username else None)
    assert program.get("/news/", headers=bearer).status_code == 403

    refreshed = program.post_json(
        "/api/auth/refresh/", {"refresh_token": first.json["refresh_token"]}
    )
    assert refreshed.status_code == 200
    assert refreshed.json is not None
    bearer = {"Authorization": f"Bearer {refreshed.json['access_token']}"}
    assert program.client.post("/api/auth/logout/", headers=bearer).status_code == 204
    assert program.get("/api/auth/me/", headers=bearer).status_code == 401


def test_a_right_is_given_and_taken_with_effect_on_the_next_request(place: Site) -> None:
    app, models = place.app, place.models
    place.add_user("maya")
    maya = Visitor(app)
    maya.sign_in("maya@example.org", PASSWORD)

    def change(what: Callable[[Any, Any], None]) -> None:
        with app.app_context():
            group = place.db.session.query(models.Group).filter_by(name="Readers").one_or_none()
            if group is None:
                group = models.Group(name="Readers")
                place.db.session.add(group)
                place.lback.permissions.grant("news.read", group)
            what(place.user("maya"), group)
            place.db.session.commit()

    assert maya.get("/news/").status_code == 403
    change(lambda user, group: user.groups.append(group))
    assert maya.get("/news/").status_code == 200
    change(lambda user, group: user.groups.remove(group))
    assert maya.get("/news/").status_code == 403
    change(lambda user, group: place.lback.permissions.grant("news.read", user))
    assert maya.get("/news/").status_code == 200
    change(lambda user, group: user.user_permissions.clear())
    assert maya.get("/news/").status_code == 403


def test_a_signed_in_page_with_ten_checks_costs_one_statement(place: Site) -> None:
    place.add_user("maya")
    maya = Visitor(place.app)
    maya.sign_in("maya@example.org", PASSWORD)
    with count_queries(place.app) as statements:
        assert maya.get("/ten/").json == [False] * 10
    assert len(statements) == 1, statements
    with count_queries(place.app) as statements:
        assert maya.get("/").status_code == 200
    assert statements == [], "a page that asks for nobody costs nothing"
