"""One's own sessions by JSON."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.apps import PASSWORD, Site
from tests.support.visitor import Visitor

PATH = "/api/auth/sessions/"


@pytest.fixture
def place(site: Site) -> Site:
    """A site with two accounts."""
    site.add_user("maya")
    site.add_user("kofi")
    return site


def login(place: Site, name: str = "maya") -> dict[str, str]:
    """The headers of somebody who has signed in."""
    document = {"identifier": name, "password": PASSWORD}
    answer: Any = Visitor(place.app).post_json("/api/auth/login/", document)
    return {"Authorization": f"Bearer {answer.json['access_token']}"}


def call(place: Site, method: str, path: str = "", headers: dict[str, str] | None = None) -> Any:
    """Ask with these headers."""
    return place.app.test_client().open(PATH + path, method=method, headers=headers)


def test_the_list_has_what_the_interface_promises(place: Site) -> None:
    maya, kofi = login(place), login(place, "kofi")
    browser = Visitor(place.app)
    browser.client.environ_base["HTTP_USER_AGENT"] = "curl/8.5.0"
    browser.sign_in("maya", PASSWORD, remember="y")
    answer = call(place, "GET", headers=maya)
    assert answer.headers["Cache-Control"] == "no-store"
    assert set(answer.json) == {"sessions"}
    first, second = answer.json["sessions"]
    assert set(first) == {"id", "device", "ip_address", "created_at", "last_seen_at"} | {
        "expires_at",
        "method",
        "is_remembered",
        "is_current",
    }
    assert (first["device"], first["is_remembered"], first["is_current"]) == ("curl", True, False)
    assert (second["ip_address"], second["method"]) == ("127.0.0.1", "password")
    assert second["is_current"] is True
    assert second["created_at"].endswith("Z")
    assert [one["id"] for one in call(place, "GET", headers=kofi).json["sessions"]] == [2]
    assert call(place, "GET").status_code == 401


def test_one_is_ended_with_its_tokens_and_another_accounts_is_not_there(place: Site) -> None:
    here, there, kofi = login(place), login(place), login(place, "kofi")
    for path in ("1/", "99/", f"{2**31}/", f"{10**30}/"):
        assert call(place, "DELETE", path, kofi).status_code == 404
    assert call(place, "GET", headers=here).status_code == 200
    assert call(place, "DELETE", "2/", here).status_code == 204
    assert call(place, "GET", headers=there).status_code == 401
    assert call(place, "DELETE", "2/", here).status_code == 404
    assert call(place, "DELETE", "1/", here).status_code == 204
    assert call(place, "GET", headers=here).status_code == 401
    assert call(place, "GET", headers=kofi).status_code == 200


def test_all_others_are_ended(place: Site) -> None:
    here, there, third, kofi = login(place), login(place), login(place), login(place, "kofi")
    answer = call(place, "POST", "end-others/", here)
    assert (answer.status_code, answer.json) == (200, {"ended": 2})
    statuses = [call(place, "GET", headers=one).status_code for one in (here, there, third, kofi)]
    assert statuses == [200, 401, 401, 200]


def test_a_cookie_alone_ends_nothing_without_the_token_of_a_page(place: Site) -> None:
    other, browser = login(place), Visitor(place.app)
    browser.sign_in("maya", PASSWORD)
    assert browser.client.post(PATH + "end-others/").status_code == 400
    assert browser.client.delete(PATH + "1/").status_code == 400
    assert call(place, "GET", headers=other).status_code == 200
