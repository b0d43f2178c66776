"""Every route that changes something asks for the token, whatever the request looks like."""

from __future__ import annotations

from typing import Any

import pytest

from flask_lback.testing import sign_in
from tests.support.apps import Site
from tests.support.visitor import Visitor

from .support import csrf_of, is_in, signed_in

#: Routes that take no cookie's word for anything; CS-3 and CS-4 are about them.
TOKENS_ONLY = {"lback_api_auth.login", "lback_api_auth.refresh"}
UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}


@pytest.mark.parametrize(
    "content_type",
    ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain", "application/json"],
)
@pytest.mark.parametrize("token", [None, "", "wrong", "of another browser"])
def test_cs_1_no_route_changes_anything_without_the_token_of_its_page(
    site: Site, content_type: str, token: str | None
) -> None:
    site.add_user("maya", is_staff=True, is_superuser=True)
    client = sign_in(site.app, "maya")
    if token == "of another browser":
        token = csrf_of(Visitor(site.app))
    headers = {} if token is None else {"X-CSRFToken": token}
    asked, answers = 0, {}
    for rule in site.app.url_map.iter_rules():
        for method in (rule.methods or set()) & UNSAFE:
            if rule.endpoint in TOKENS_ONLY:
                continue
            path = rule.rule.replace("<path:filename>", "x")
            options: Any = {"content_type": content_type, "headers": headers}
            answer = client.open(path, method=method, data=b"", **options)
            asked += 1
            if answer.status_code != 400 or "open too long" not in answer.text:
                answers[rule.rule] = answer.status_code
    assert asked > 20
    assert answers == {}
    assert client.get("/auth/account/").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Referer": "https://evil.example/page"},
        {"Origin": "http://localhost.evil.example"},
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


@pytest.mark.parametrize("name", ["X-HTTP-Method-Override", "X-Method-Override", "_method"])
def test_cs_5_a_get_is_never_taken_for_a_post(site: Site, name: str) -> None:
    site.add_user("maya")
    visitor = signed_in(site)
    visitor.get(f"/auth/logout/?{name}=POST", headers={name: "POST"})
    assert is_in(visitor)
