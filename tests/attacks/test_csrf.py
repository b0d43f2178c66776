"""Every route that changes something asks for the token, whatever the request looks like."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import request
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from flask_lback.security.csrf import _EXEMPT
from flask_lback.testing import sign_in
from tests.support.apps import PASSWORD, Site
from tests.support.visitor import Visitor, hidden_fields

from .support import COOKIE, content, csrf_of, is_in, log_in_by_json, signed_in

UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}
CONTENT_TYPES = (
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "text/plain",
    "application/json",
    "application/octet-stream",
    "",
)
#: What a rule may ask for in its address, by the name of the converter.
VALUES = {"IntegerConverter": "1", "FloatConverter": "1.0", "UUIDConverter": f"{0:032x}"}


def path_of(rule: Rule) -> str:
    """An address that the rule matches."""
    path = rule.rule
    for name, converter in rule._converters.items():
        value = VALUES.get(type(converter).__name__, "x")
        path = re.sub(rf"<([^<>:]+(\([^<>]*\))?:)?{name}>", value, path)
    assert "<" not in path, path
    return path


def unsafe_routes(site: Site) -> Iterator[tuple[Rule, str, str]]:
    """Rule, address and method of all that may change something."""
    for rule in site.app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) & UNSAFE):
            yield rule, path_of(rule), method


def is_exempt(site: Site, rule: Rule) -> bool:
    """Whether the middleware asks this view for nothing."""
    return bool(getattr(site.app.view_functions[rule.endpoint], _EXEMPT, False))


def is_refused(answer: TestResponse) -> bool:
    """Whether the token was asked for."""
    return answer.status_code == 400 and "open too long" in answer.text


@pytest.fixture
def place(site: Site) -> Site:
    """A site with somebody who may do everything, and somebody else."""
    site.add_user("maya", is_staff=True, is_superuser=True)
    site.add_user("kofi")
    return site


def send(
    client: FlaskClient, path: str, method: str, content_type: str, token: str | None
) -> TestResponse:
    """A request with the token wherever one may be."""
    headers = {} if token is None else {"X-CSRFToken": token, "X-CSRF-Token": token}
    body = b""
    if token is not None and "urlencoded" in content_type:
        body = f"csrf_token={token}&yes=yes".encode()
    elif token is not None and "multipart" in content_type:
        part = f'Content-Disposition: form-data; name="csrf_token"\r\n\r\n{token}'
        body = f"--x\r\n{part}\r\n--x--\r\n".encode()
    elif "json" in content_type:
        body = b"{}"
    options: Any = {"content_type": content_type, "headers": headers, "data": body}
    return client.open(path, method=method, **options)


@pytest.mark.parametrize("token", [None, "", "wrong", "of another browser"])
def test_cs_1_no_route_changes_anything_without_the_token_of_its_page(
    place: Site, token: str | None
) -> None:
    client = sign_in(place.app, "maya")
    client.get("/auth/login/")
    if token == "of another browser":
        token = csrf_of(Visitor(place.app))
    before, asked, wrong = content(place), 0, {}
    for rule, path, method in unsafe_routes(place):
        for content_type in CONTENT_TYPES:
            answer = send(client, path, method, content_type, token)
            asked += 1
            if not is_exempt(place, rule) and not is_refused(answer):
                wrong[method, rule.rule, content_type] = answer.status_code
    assert asked > 200
    assert wrong == {}
    assert content(place) == before
    assert client.get("/auth/account/").status_code == 200


def test_cs_1_the_page_with_its_token_passes(place: Site) -> None:
    visitor = signed_in(place)
    assert visitor.submit("/auth/logout/").status_code == 302
    assert not is_in(visitor)


#: Their callers are anonymous, and a cookie gives them nothing; `logout` asks by itself.
EXEMPT = re.compile(
    r"lback_api_auth\.(login|refresh|logout|register|verify_email|resend_verification"
    r"|request_reset_password|reset_password|confirm_email|two_factor_(verify|send)|passkey\w*"
    r"|request_magic_link|magic_link|accept_invitation|throttle\w*|unlock\w*)"
)


def test_cs_1_only_views_for_anonymous_callers_are_exempt(place: Site) -> None:
    exempt = {rule.endpoint for rule, _, _ in unsafe_routes(place) if is_exempt(place, rule)}
    assert "lback_api_auth.login" in exempt
    assert {name for name in exempt if not EXEMPT.fullmatch(name)} == set()


def test_cs_3_a_token_in_the_header_needs_no_other(place: Site) -> None:
    place.app.add_url_rule("/change/", "change", lambda: "changed", methods=["POST"])
    document: Any = log_in_by_json(place).json
    headers = {"Authorization": f"Bearer {document['access_token']}"}
    client = place.app.test_client()
    bodies: tuple[dict[str, Any], ...] = ({"json": {}}, {"data": {"a": "b"}}, {"data": b""})
    for options in bodies:
        answer = client.post("/change/", headers=headers, **options)
        assert answer.text == "changed"


def test_cs_3_of_a_cookie_and_a_token_the_token_alone_counts(place: Site) -> None:
    from flask_lback.auth import current_user

    place.app.add_url_rule(
        "/who/", "who", lambda: current_user.get_username(), methods=["GET", "POST"]
    )
    document: Any = log_in_by_json(place, "kofi").json
    headers = {"Authorization": f"Bearer {document['access_token']}"}
    client = sign_in(place.app, "maya")
    assert client.get("/who/").text == "maya"
    assert client.get("/who/", headers=headers).text == "kofi"
    assert client.post("/who/", headers=headers).text == "kofi"
    # It ends the login that it names, and not the one of the cookie.
    assert client.post("/api/auth/logout/", headers=headers).status_code == 204
    assert client.get("/who/").text == "maya"


@pytest.mark.parametrize("header", ["Bearer x", "Token x", "Bearer", "bearer ", "Basic bWF5YTp4"])
def test_cs_3_a_header_never_lends_the_cookie_its_freedom(site: Site, header: str) -> None:
    from flask_lback.auth import current_user

    site.add_user("maya")
    site.app.add_url_rule(
        "/who/", "who", lambda: str(current_user.is_authenticated), methods=["POST"]
    )
    visitor = signed_in(site)
    answer = visitor.client.post("/who/", data={}, headers={"Authorization": header})
    assert (answer.status_code, answer.text) == (200, "False") or answer.status_code == 400
    visitor.client.post("/auth/logout/", headers={"Authorization": header})
    assert is_in(visitor)


def test_cs_4_nobody_is_signed_in_to_an_account_by_another_site(place: Site) -> None:
    foreign = {"Origin": "https://evil.example"}
    fields = {"identifier": "kofi", "password": PASSWORD}
    visitor = Visitor(place.app)
    own = csrf_of(visitor)
    for data, headers in (
        (fields, {}),
        (fields, foreign),
        ({**fields, "csrf_token": csrf_of(Visitor(place.app))}, foreign),
        ({**fields, "csrf_token": own}, foreign),
        ({**fields, "csrf_token": own}, {"Sec-Fetch-Site": "cross-site"}),
    ):
        answer = visitor.client.post("/auth/login/", data=data, headers=headers)
        assert answer.status_code == 400
        assert visitor.client.get_cookie(COOKIE) is None
    document = {**fields, "session": True}
    for headers in (foreign, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://sub.localhost"}):
        answer = visitor.post_json("/api/auth/login/", document, headers=headers)
        assert answer.status_code == 403
    # What a form of another site can send without asking is not read as JSON.
    text = '{"identifier": "kofi", "password": "' + PASSWORD + '", "session": true}'
    for content_type in ("text/plain", "application/x-www-form-urlencoded", ""):
        options: Any = {"data": text, "content_type": content_type}
        assert visitor.client.post("/api/auth/login/", **options).status_code in (400, 415)
    assert visitor.client.get_cookie(COOKIE) is None
    answer = visitor.client.post("/auth/login/", data={**fields, "csrf_token": csrf_of(visitor)})
    assert answer.status_code == 302


@pytest.mark.parametrize("name", ["X-HTTP-Method-Override", "X-Method-Override", "_method"])
def test_cs_5_a_get_is_never_taken_for_a_post(site: Site, name: str) -> None:
    site.add_user("maya")
    visitor = signed_in(site)
    visitor.get(f"/auth/logout/?{name}=POST", headers={name: "POST"})
    assert is_in(visitor)


def test_cs_5_looking_changes_nothing(place: Site) -> None:
    client = sign_in(place.app, "maya")
    before, asked = content(place), 0
    override = {"X-HTTP-Method-Override": "POST", "X-HTTP-Method": "DELETE"}
    for rule in place.app.url_map.iter_rules():
        path = f"{path_of(rule)}?_method=POST&yes=yes&confirm=1"
        for method in ("HEAD", "OPTIONS", "GET", "TRACE"):
            client.open(path, method=method, headers=override).close()
            asked += 1
    assert asked > 200
    after = content(place)
    # The page that sets a second factor up keeps the secret that it shows; nothing asks for it yet.
    devices = after.pop("lback_totp_device")
    assert all(row["confirmed_at"] is None for row in devices)
    assert {name: rows for name, rows in after.items() if rows != before[name]} == {}
    assert client.get("/auth/account/").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Referer": "https://evil.example/page"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "http://sub.localhost"},
        {"Origin": "http://localhost:81"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "null"},
    ],
    ids=str,
)
def test_cs_6_another_site_is_refused_even_with_a_right_token(
    site: Site, headers: dict[str, str]
) -> None:
    site.add_user("maya")
    visitor = signed_in(site)
    fields = {"csrf_token": csrf_of(visitor, "/auth/logout/")}
    assert visitor.client.post("/auth/logout/", data=fields, headers=headers).status_code == 400
    assert is_in(visitor)
    assert visitor.client.post("/auth/logout/", data=fields).status_code == 302


def test_cs_6_over_https_a_page_of_http_is_another_site(site: Site) -> None:
    site.add_user("maya")
    visitor = Visitor(site.app, scheme="https")
    assert visitor.sign_in("maya", PASSWORD).status_code == 302
    fields = {"csrf_token": csrf_of(visitor, "/auth/logout/")}
    options: Any = {"data": fields, "base_url": "https://localhost"}
    for name in ("Origin", "Referer"):
        for source in ("http://localhost", "https://sub.localhost", "https://localhost.evil.test"):
            answer = visitor.client.post("/auth/logout/", headers={name: source}, **options)
            assert answer.status_code == 400, source
    headers = {"Origin": "https://localhost"}
    assert visitor.client.post("/auth/logout/", headers=headers, **options).status_code == 302


def test_cs_7_signing_in_and_out_makes_another_token(place: Site) -> None:
    visitor = Visitor(place.app)
    anonymous = csrf_of(visitor)
    form = {"identifier": "maya", "password": PASSWORD, "csrf_token": anonymous}
    assert visitor.client.post("/auth/login/", data=form).status_code == 302
    old = {"csrf_token": anonymous}
    assert is_refused(visitor.client.post("/auth/logout/", data=old))
    inside = csrf_of(visitor, "/auth/logout/")
    assert visitor.client.post("/auth/logout/", data={"csrf_token": inside}).status_code == 302
    for token in (anonymous, inside):
        visitor.get("/auth/login/")
        assert is_refused(visitor.client.post("/auth/login/", data={**form, "csrf_token": token}))
    assert not is_in(visitor)


def test_cs_8_a_token_in_the_address_is_not_looked_at(place: Site) -> None:
    visitor = signed_in(place)
    token = csrf_of(visitor, "/auth/logout/")
    for query in (f"csrf_token={token}", f"X-CSRFToken={token}"):
        assert is_refused(visitor.client.post(f"/auth/logout/?{query}", data={}))
        assert is_refused(visitor.client.post(f"/auth/logout/?{query}", json={}))
    visitor.client.set_cookie("csrf_token", token)
    assert is_refused(visitor.client.post("/auth/logout/", data={}))
    assert is_in(visitor)


def test_cs_8_no_page_puts_its_token_into_an_address(place: Site) -> None:
    visitor = signed_in(place)
    looked = 0
    for rule in place.app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.arguments or "static" in rule.endpoint:
            continue
        answer = visitor.get(rule.rule)
        assert "csrf_token=" not in answer.headers.get("Location", "")
        if answer.mimetype != "text/html":
            continue
        token = hidden_fields(answer.text).get("csrf_token")
        addresses = re.findall(r'(?:href|src|action)="([^"]*)"', answer.text)
        assert not [one for one in addresses if "csrf" in one or (token and token in one)]
        looked += token is not None
    assert looked > 5
    assert is_in(visitor)


def test_cs_9_a_cookie_that_somebody_planted_is_no_token(place: Site) -> None:
    visitor = signed_in(place)
    for name in ("csrf_token", "XSRF-TOKEN", "csrftoken", "_csrf", "X-CSRFToken"):
        visitor.client.set_cookie(name, "planted")
        headers = {"X-CSRFToken": "planted", "X-XSRF-TOKEN": "planted"}
        data = {"csrf_token": "planted"}
        assert is_refused(visitor.client.post("/auth/logout/", data=data, headers=headers))


def test_cs_9_a_planted_session_with_its_token_needs_the_same_site(place: Site) -> None:
    attacker = Visitor(place.app)
    token = csrf_of(attacker)
    planted = attacker.client.get_cookie("session")
    assert planted is not None
    visitor = signed_in(place)
    visitor.client.set_cookie("session", planted.value)
    data = {"csrf_token": token}
    for headers in (
        {"Origin": "http://sub.localhost"},
        {"Origin": "http://sub.localhost", "Sec-Fetch-Site": "same-site"},
        {"Origin": "null", "Sec-Fetch-Site": "same-site"},
        {"Referer": "http://sub.localhost/"},
    ):
        assert visitor.client.post("/auth/logout/", data=data, headers=headers).status_code == 400
    assert is_in(visitor)


def test_cs_10_a_file_without_a_token_is_refused_before_it_is_stored(place: Site) -> None:
    stored = []

    @place.app.post("/upload/")
    def upload() -> str:
        stored.append(request.files["file"].read())
        return "stored"

    visitor = signed_in(place)
    token = csrf_of(visitor, "/auth/logout/")

    def sent(**fields: str) -> TestResponse:
        data = {"file": (io.BytesIO(b"x" * 100_000), "x.png"), **fields}
        return visitor.client.post("/upload/", data=data, content_type="multipart/form-data")

    for fields in ({}, {"csrf_token": ""}, {"csrf_token": "wrong"}):
        assert is_refused(sent(**fields))
    assert stored == []
    assert sent(csrf_token=token).text == "stored"
    assert len(stored) == 1
