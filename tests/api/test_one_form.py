"""One form for answers: objects, moments, and refusals of addresses that are none."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest

from flask_lback.core import clock
from flask_lback.testing.kit import outbox_of
from tests.support.apps import PASSWORD, Site
from tests.support.visitor import Visitor

Ready = Callable[..., Site]
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z")
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def moments_in(document: Any) -> list[str]:
    """Every value whose key ends as those of moments do."""
    if isinstance(document, list):
        return [moment for one in document for moment in moments_in(one)]
    if not isinstance(document, dict):
        return []
    found = []
    for name, value in document.items():
        found += moments_in(value)
        if name.endswith("_at") and value is not None:
            found.append(value)
    return found


def test_every_moment_of_every_route_is_written_alike(site: Site) -> None:
    site.add_user("maya")
    visitor = Visitor(site.app)
    login = {"identifier": "maya", "password": PASSWORD}
    signed_in: Any = visitor.post_json("/api/auth/login/", login)
    token = signed_in.json["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    made = visitor.post_json("/api/auth/tokens/", {"name": "CI", "expires_in": 60}, headers=headers)
    documents = [made.json]
    for path, name in (("sessions", "sessions"), ("tokens", "tokens"), ("passkeys", "passkeys")):
        answer: Any = visitor.get(f"/api/auth/{path}/", headers=headers)
        assert list(answer.json) == [name], path
        documents.append(answer.json)
    documents.append(visitor.get("/api/auth/export-data/", headers=headers).json)
    wish = visitor.client.delete(
        "/api/auth/me/", json={"current_password": PASSWORD}, headers=headers
    )
    documents.append(wish.json)
    found = moments_in(documents)
    assert len(found) > 10
    assert [one for one in found if not MOMENT.fullmatch(one)] == []
    assert outbox_of(site.app), "the account is told of what it has done"


def test_a_moment_of_another_zone_is_the_same_moment() -> None:
    moment = dt.datetime(2024, 5, 1, 14, 30, tzinfo=dt.timezone(dt.timedelta(hours=2)))
    assert clock.written(moment) == "2024-05-01T12:30:00Z"
    assert clock.written(moment.replace(tzinfo=None)) == "2024-05-01T14:30:00"


@pytest.mark.parametrize("headers", [{}, {"Accept": "*/*"}, {"Accept": "application/json"}])
@pytest.mark.parametrize(
    ("path", "status"),
    [("/api/auth/nothing/", 404), ("/api/nothing", 404), ("/api/auth/login/", 405)],
)
def test_programs_get_a_document_for_an_address_or_a_method_that_is_none(
    site: Site, path: str, status: int, headers: dict[str, str]
) -> None:
    answer: Any = site.app.test_client().get(path, headers=headers)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert answer.json["status"] == status


def test_people_get_a_page_for_it_and_for_every_other_address(site: Site) -> None:
    client = site.app.test_client()
    for path, accept in (("/api/nothing/", BROWSER), ("/apiary/", "*/*"), ("/nothing/", "*/*")):
        answer = client.get(path, headers={"Accept": accept})
        assert (answer.status_code, answer.mimetype) == (404, "text/html"), path


def test_it_holds_where_the_routes_are_mounted_elsewhere(make_ready: Ready) -> None:
    moved = make_ready(LBACK_URL_PREFIX="/lback", LBACK_API_URL_PREFIX="/v1")
    assert moved.app.test_client().get("/lback/v1/nothing/").mimetype == "application/problem+json"
    by_hand = make_ready(LBACK_API_URL_PREFIX=None)
    by_hand.app.register_blueprint(by_hand.lback.blueprint("api"), url_prefix="/v2/auth")
    client = by_hand.app.test_client()
    assert client.get("/v2/auth/nothing/").mimetype == "application/problem+json"
    assert client.get("/v2/nothing/").mimetype == "text/html"
