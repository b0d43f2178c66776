"""API tokens and public keys, as JSON."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import TestResponse

from flask_lback.core import clock
from tests.support.apps import PASSWORD, Site

TOKENS = "/api/auth/tokens/"


@pytest.fixture
def place(site: Site) -> Site:
    """A site where maya may read the news."""
    site.add_user("maya")
    with site.app.app_context():
        from flask_lback.permissions.sync import sync

        sync(site.app)
        site.lback.permissions.grant("news.read", site.user("maya"))
        site.db.session.commit()
    return site


def login(site: Site) -> dict[str, str]:
    """The header of a new login."""
    document = {"identifier": "maya@example.org", "password": PASSWORD}
    answer: Any = site.app.test_client().post("/api/auth/login/", json=document)
    return bearer(answer.json["access_token"])


def bearer(token: str) -> dict[str, str]:
    """A header."""
    return {"Authorization": f"Bearer {token}"}


def make(site: Site, headers: dict[str, str] | None = None, **fields: Any) -> TestResponse:
    """Ask for a token."""
    document = {"name": "a script", **fields}
    headers = login(site) if headers is None else headers
    return site.app.test_client().post(TOKENS, json=document, headers=headers)


def test_a_token_is_made_listed_used_and_ended(place: Site) -> None:
    headers, client = login(place), place.app.test_client()
    answer = make(place, headers, scopes=["news.read"], expires_in=3600)
    made: Any = answer.json
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    assert set(made) == {
        *("id", "token", "name", "prefix", "scopes"),
        *("created_at", "expires_at", "last_used_at"),
    }
    assert client.get("/news/", headers=bearer(made["token"])).status_code == 200
    listed: Any = client.get(TOKENS, headers=headers).json
    assert [row["id"] for row in listed["tokens"]] == [made["id"]]
    assert listed["tokens"][0]["scopes"] == ["news.read"]
    assert made["token"] not in str(listed)
    assert client.delete(f"{TOKENS}{made['id']}/", headers=headers).status_code == 204
    assert client.delete(f"{TOKENS}{made['id']}/", headers=headers).status_code == 404
    assert client.get("/api/auth/me/", headers=bearer(made["token"])).status_code == 401


def test_it_has_the_usual_life_unless_another_is_named(place: Site) -> None:
    def life(**fields: Any) -> float:
        made: Any = make(place, **fields).json
        ends = dt.datetime.fromisoformat(made["expires_at"])
        return (ends - clock.now()).total_seconds()

    assert 89 * 86_400 < life() <= 90 * 86_400
    assert 3500 < life(expires_in=3600) <= 3600
    assert make(place).json["scopes"] is None  # type: ignore[index]


WRONG: tuple[tuple[str, Any], ...] = (
    ("name", None),
    ("name", ""),
    ("name", ["x"]),
    ("name", "x" * 101),
    ("name", "a\u0000b"),
    ("scopes", "news.read"),
    ("scopes", [1]),
    ("scopes", []),
    ("scopes", ["news.write"]),
    ("scopes", ["a\u0000b"]),
    ("scopes", ["x"] * 1_001),
    ("scopes", {"news.read": True}),
    ("expires_in", None),
    ("expires_in", 0),
    ("expires_in", -1),
    ("expires_in", 10**400),
    ("expires_in", 366 * 86_400),
    ("expires_in", "3600"),
    ("expires_in", 1.5),
    ("expires_in", True),
)


def test_what_is_wrong_is_named(place: Site) -> None:
    headers = login(place)
    for field, value in WRONG:
        answer = make(place, headers, **{field: value})
        document: Any = answer.json
        assert (answer.status_code, document["code"]) == (400, "invalid"), (field, value)
        assert {error["field"] for error in document["errors"]} == {field}


def test_a_token_that_one_does_not_have_is_not_found(place: Site) -> None:
    headers, client = login(place), place.app.test_client()
    for key in ("0", "99", str(2**31), str(10**30), "x", "-1"):
        assert client.delete(f"{TOKENS}{key}/", headers=headers).status_code == 404


def test_no_token_makes_shows_or_ends_tokens(place: Site) -> None:
    token: Any = make(place).json
    headers, client = bearer(token["token"]), place.app.test_client()
    answers = [
        make(place, headers),
        client.get(TOKENS, headers=headers),
        client.delete(f"{TOKENS}{token['id']}/", headers=headers),
    ]
    assert [(one.status_code, one.json["code"]) for one in answers] == [  # type: ignore[index]
        (401, "mechanism_not_accepted")
    ] * 3
    assert client.get("/api/auth/me/", headers=headers).status_code == 200


def test_a_token_is_made_soon_after_signing_in_only(place: Site) -> None:
    headers = login(place)
    with clock.turned(dt.timedelta(minutes=14)):
        assert make(place, headers).status_code == 201
    document = {"refresh_token": ""}
    login_: Any = place.app.test_client().post(
        "/api/auth/login/", json={"identifier": "maya@example.org", "password": PASSWORD}
    )
    document["refresh_token"] = login_.json["refresh_token"]
    with clock.turned(dt.timedelta(minutes=20)):
        again: Any = place.app.test_client().post("/api/auth/refresh/", json=document).json
        answer = make(place, bearer(again["access_token"]))
    assert (answer.status_code, answer.json["code"]) == (  # type: ignore[index]
        401,
        "reauthentication_required",
    )


def test_nobody_gets_401(place: Site) -> None:
    client = place.app.test_client()
    answers = [client.get(TOKENS), make(place, {}), client.delete(f"{TOKENS}1/", json={})]
    assert [one.status_code for one in answers] == [401] * 3


def test_a_cookie_needs_its_csrf_token(place: Site) -> None:
    from flask_lback.testing import sign_in
    from tests.support.visitor import hidden_fields

    client = sign_in(place.app, "maya@example.org")
    assert client.post(TOKENS, json={"name": "x"}).status_code == 400
    token = hidden_fields(client.get("/auth/tokens/").text)["csrf_token"]
    headers = {"X-CSRFToken": token}
    assert client.post(TOKENS, json={"name": "x"}, headers=headers).status_code == 201


def test_the_token_of_an_inactive_account_opens_nothing(
    place: Site, make_ready: Callable[..., Site]
) -> None:
    from flask_lback.auth import UserManager

    made: Any = make(place).json
    with place.app.test_request_context():
        UserManager().deactivate(place.user("maya"))
        place.db.session.commit()
    answer = place.app.test_client().get("/api/auth/me/", headers=bearer(made["token"]))
    assert answer.status_code == 401


def test_there_are_no_public_keys_of_a_secret(place: Site) -> None:
    assert place.app.test_client().get("/api/auth/jwks/").status_code == 404
