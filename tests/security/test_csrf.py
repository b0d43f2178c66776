"""Another site cannot make a browser change anything here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_lback.core.state import state_of
from flask_lback.security import csrf_exempt
from flask_lback.security.csrf import CSRFProtection
from tests.core.making import make_app

RELOAD = "This page was open too long, or cookies are off. Reload it and try again."
OTHER_SITE = "Another site sent this request. Nothing was changed."
METHODS = ["POST", "PUT", "PATCH", "DELETE"]


def make_shop(**config: Any) -> tuple[Flask, list[str]]:
    """An application, and what was changed in it."""
    app, changed = make_app("security", **config), []

    @app.route("/change/", methods=["GET", *METHODS])
    def change() -> str:
        if request.method != "GET":
            changed.append(request.method)
        return "changed"

    @app.post("/exempt/")
    @csrf_exempt
    def exempt() -> str:
        changed.append("exempt")
        return "changed"

    @app.post("/wtf-exempt/")
    def wtf_exempt() -> str:
        changed.append("wtf-exempt")
        return "changed"

    state_of(app)[CSRFProtection].exempt(wtf_exempt)

    @app.get("/token/")
    def token() -> str:
        from flask_wtf.csrf import generate_csrf

        return str(generate_csrf())

    return app, changed


@pytest.fixture
def shop() -> tuple[Flask, list[str]]:
    return make_shop()


@pytest.fixture
def client(shop: tuple[Flask, list[str]]) -> FlaskClient:
    return shop[0].test_client()


def token_of(client: FlaskClient, **options: Any) -> str:
    """The token of this browser's session."""
    return client.get("/token/", **options).text


def refused(answer: TestResponse, changed: list[str], detail: str) -> bool:
    """Whether the request was refused with that text, and nothing has changed."""
    document = answer.get_json(force=True)
    return (answer.status_code, document["code"], document["detail"], changed) == (
        400,
        "csrf_failed",
        detail,
        [],
    )


JSON = {"Accept": "application/json"}


# --- forms ------------------------------------------------------------------------------------

BODIES: dict[str, dict[str, Any]] = {
    "form": {"data": {"a": "1"}},
    "multipart": {"data": {"a": "1"}, "content_type": "multipart/form-data"},
    "text": {"data": "a", "content_type": "text/plain"},
    "nothing": {},
    "odd case": {"data": "a=1", "content_type": "Application/X-WWW-Form-URLencoded; charset=x"},
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("body", BODIES)
def test_a_form_without_a_token_is_refused(
    shop: tuple[Flask, list[str]], client: FlaskClient, method: str, body: str
) -> None:
    answer = client.open("/change/", method=method, headers=JSON, **BODIES[body])
    assert refused(answer, shop[1], RELOAD)


@pytest.mark.parametrize("method", METHODS)
def test_a_form_with_the_token_is_accepted(
    shop: tuple[Flask, list[str]], client: FlaskClient, method: str
) -> None:
    answer = client.open("/change/", method=method, data={"csrf_token": token_of(client)})
    assert (answer.status_code, shop[1]) == (200, [method])


@pytest.mark.parametrize("header", ["X-CSRFToken", "X-CSRF-Token"])
def test_the_token_may_come_in_a_header(
    shop: tuple[Flask, list[str]], client: FlaskClient, header: str
) -> None:
    assert client.post("/change/", headers={header: token_of(client)}).status_code == 200


def wrong_tokens(client: FlaskClient) -> dict[str, str]:
    good, other = token_of(client), token_of(client.application.test_client())
    swapped = "A" if good[-1] != "A" else "B"
    return {"empty": "", "made up": "x", "another session's": other, "bent": good[:-1] + swapped}


@pytest.mark.parametrize("kind", ["empty", "made up", "another session's", "bent"])
def test_a_form_with_a_wrong_token_is_refused(
    shop: tuple[Flask, list[str]], client: FlaskClient, kind: str
) -> None:
    data = {"csrf_token": wrong_tokens(client)[kind]}
    assert refused(client.post("/change/", data=data, headers=JSON), shop[1], RELOAD)


def test_a_token_in_the_address_does_not_count(
    shop: tuple[Flask, list[str]], client: FlaskClient
) -> None:
    address = f"/change/?csrf_token={token_of(client)}"
    assert refused(client.post(address, headers=JSON), shop[1], RELOAD)


def test_a_token_in_a_cookie_does_not_count(
    shop: tuple[Flask, list[str]], client: FlaskClient
) -> None:
    client.set_cookie("csrf_token", token_of(client))
    assert refused(client.post("/change/", headers=JSON), shop[1], RELOAD)


def test_a_token_works_as_long_as_its_session(
    shop: tuple[Flask, list[str]], client: FlaskClient
) -> None:
    token = token_of(client)
    for _ in range(2):
        assert client.post("/change/", data={"csrf_token": token}).status_code == 200
    client.delete_cookie("session")
    assert client.post("/change/", data={"csrf_token": token}).status_code == 400


def test_people_get_a_page_that_says_what_to_do(client: FlaskClient) -> None:
    answer = client.post("/change/")
    assert (answer.status_code, answer.mimetype) == (400, "text/html")
    assert RELOAD in answer.text


def test_reading_needs_no_token(client: FlaskClient) -> None:
    for method in ("GET", "HEAD", "OPTIONS"):
        assert client.open("/change/", method=method).status_code == 200


@pytest.mark.parametrize(
    "options",
    [{"headers": {"X-HTTP-Method-Override": "POST"}}, {"query_string": {"_method": "POST"}}],
)
def test_reading_cannot_be_turned_into_writing(
    shop: tuple[Flask, list[str]], client: FlaskClient, options: dict[str, Any]
) -> None:
    assert client.get("/change/", **options).status_code == 200
    assert shop[1] == []


# --- JSON -------------------------------------------------------------------------------------


def test_json_without_a_cookie_needs_no_token(
    shop: tuple[Flask, list[str]], client: FlaskClient
) -> None:
    assert client.post("/change/", json={}).status_code == 200


def test_json_with_a_cookie_needs_the_token(
    shop: tuple[Flask, list[str]], client: FlaskClient
) -> None:
    token = token_of(client)
    assert refused(client.post("/change/", json={}), shop[1], RELOAD)
    assert client.post("/change/", json={}, headers={"X-CSRFToken": token}).status_code == 200


@pytest.mark.parametrize("scheme", ["Bearer x.y.z", "Token abc", "bearer abc"])
def test_a_token_in_the_authorization_header_needs_no_other(
    client: FlaskClient, scheme: str
) -> None:
    token_of(client)
    headers = {"Authorization": scheme}
    assert client.post("/change/", json={}, headers=headers).status_code == 200
    assert client.post("/change/", data={"a": "1"}, headers=headers).status_code == 200


@pytest.mark.parametrize("scheme", ["Basic YTpi", "Negotiate YTpi", "Digest x", "x", ""])
def test_what_a_browser_adds_by_itself_spares_no_token(
    shop: tuple[Flask, list[str]], client: FlaskClient, scheme: str
) -> None:
    headers = {"Authorization": scheme, **JSON}
    assert refused(client.post("/change/", data={"a": "1"}, headers=headers), shop[1], RELOAD)


# --- other sites ------------------------------------------------------------------------------

LOCAL = "http://localhost"


@pytest.mark.parametrize(
    ("headers", "base_url", "is_ours"),
    [
        ({}, LOCAL, True),
        ({"Origin": "http://localhost"}, LOCAL, True),
        ({"Origin": "null"}, LOCAL, True),
        ({"Origin": "http://e.example"}, LOCAL, False),
        ({"Origin": "http://localhost.e.example"}, LOCAL, False),
        ({"Origin": "http://localhost:8080"}, LOCAL, False),
        ({"Origin": "http://localhost@e.example"}, LOCAL, False),
        ({"Origin": "http://[e"}, LOCAL, False),
        ({"Referer": "http://localhost/page?x=1"}, LOCAL, True),
        ({"Referer": "http://e.example/http://localhost/"}, LOCAL, False),
        ({"Origin": "http://localhost", "Referer": "http://e.example/"}, LOCAL, True),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"}, LOCAL, True),
        ({"Sec-Fetch-Site": "none"}, LOCAL, True),
        ({"Sec-Fetch-Site": "cross-site"}, LOCAL, False),
        ({"Sec-Fetch-Site": "same-site", "Origin": "http://localhost"}, LOCAL, False),
        ({"Origin": "https://localhost"}, "https://localhost", True),
        ({"Origin": "http://localhost"}, "https://localhost", False),
        ({"Origin": "https://sub.localhost"}, "https://localhost", False),
        ({}, "https://localhost", True),
    ],
)
def test_even_with_the_token_another_site_is_refused(
    shop: tuple[Flask, list[str]],
    client: FlaskClient,
    headers: dict[str, str],
    base_url: str,
    is_ours: bool,
) -> None:
    data = {"csrf_token": token_of(client, base_url=base_url)}
    answer = client.post("/change/", data=data, headers={**JSON, **headers}, base_url=base_url)
    if is_ours:
        assert (answer.status_code, shop[1]) == (200, ["POST"])
    else:
        assert refused(answer, shop[1], OTHER_SITE)


def test_another_site_without_the_token_is_refused(
    shop: tuple[Flask, list[str]], client: FlaskClient
) -> None:
    headers = {"Origin": "null", **JSON}
    assert refused(client.post("/change/", data={"a": "1"}, headers=headers), shop[1], RELOAD)


# --- exceptions -------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/exempt/", "/wtf-exempt/"])
def test_an_exempt_view_asks_nothing(
    shop: tuple[Flask, list[str]], client: FlaskClient, path: str
) -> None:
    token_of(client)
    answer = client.post(path, data={"a": "1"}, headers={"Origin": "http://e.example"})
    assert (answer.status_code, shop[1]) == (200, [path.strip("/")])


def test_a_page_that_is_not_there_asks_nothing(client: FlaskClient) -> None:
    assert client.post("/nothing/").status_code == 404
    assert client.post("/token/").status_code == 405


@pytest.mark.parametrize(
    ("config", "method", "status"),
    [
        ({"WTF_CSRF_ENABLED": False}, "POST", 200),
        ({"WTF_CSRF_METHODS": ["POST"]}, "POST", 400),
        ({"WTF_CSRF_METHODS": ["POST"]}, "PUT", 200),
    ],
)
def test_flask_wtf_s_settings_keep_their_meaning(
    config: dict[str, Any], method: str, status: int
) -> None:
    app, _ = make_shop(**config)
    assert app.test_client().open("/change/", method=method).status_code == status


def test_without_its_place_in_the_list_nothing_is_asked() -> None:
    app, changed = make_shop(LBACK_MIDDLEWARE=[])
    assert app.test_client().post("/change/").status_code == 200
    assert changed == ["POST"]


def test_a_file_is_refused_before_it_is_looked_at(
    shop: tuple[Flask, list[str]], client: FlaskClient
) -> None:
    import io

    data = {"file": (io.BytesIO(b"x" * 1000), "x.txt")}
    assert refused(client.post("/change/", data=data, headers=JSON), shop[1], RELOAD)


def test_the_decorator_gives_the_view_back() -> None:
    def view() -> str:
        return "view"

    decorated: Callable[[], str] = csrf_exempt(view)
    assert decorated is view
