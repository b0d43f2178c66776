"""ATTACKS 4.5: where a sign-in leads, and which host a link is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from urllib.parse import quote, urljoin, urlsplit

import pytest

from flask_lback.testing.kit import outbox_of
from tests.attacks.support import is_in, signed_in
from tests.support.apps import PASSWORD, Site
from tests.support.visitor import Visitor, hidden_fields

Ready = Callable[..., Site]
SLASHES = ("//e", "///e", "////e", "\\\\e", "/\\e", "\\/e", "/\\/e", "/%5ce", "/%2f%2fe", "/\t/e")
SCHEMES = ("https:e", "http:///e", "https:/e", "HTTPS://e", "hTtP:e")
SCRIPTS = ("javascript:alert(1)", "data:text/html,x", "vbscript:x", "x:", " javascript:x")
HOSTS = ("http://localhost@e", "http://localhost.e", "http://elocalhost", "http://localhost:80@e")
PORTS = ("http://localhost:81/", "//localhost:81/")


def browser_goes_to(location: str, page: str = "http://localhost/auth/login/") -> str:
    """The host that a browser ends at: it takes backslashes for slashes and drops tabs."""
    seen = location.replace("\\", "/").translate({9: None, 10: None, 13: None}).strip()
    return urlsplit(urljoin(page, seen)).netloc


def targets_of_every_way(site: Site, target: str) -> Iterable[str]:
    """Where the sign-in leads with a target in the address, in the form, and when signed in.

    So do a repeated proof and signing out; their own pages count as the front page here.
    """
    by_address, by_form = Visitor(site.app), Visitor(site.app)
    names = {"identifier": "maya@example.org", "password": PASSWORD}
    address = f"/auth/login/?next={quote(target, safe='')}"
    yield by_address.submit(address, to=address, **names).headers["Location"]
    assert is_in(by_address)
    yield by_address.get(address).headers["Location"]
    yield by_form.submit("/auth/login/", **names, next=target).headers["Location"]
    for page, own in (("reauthenticate", "/auth/account/"), ("logout", "/auth/login/")):
        path, fields = f"/auth/{page}/", {"password": PASSWORD}
        for visitor, to, more in (
            (by_address, f"{path}?next={quote(target, safe='')}", {}),
            (by_form, path, {"next": target}),
        ):
            location = visitor.submit(path, to=to, **fields, **more).headers["Location"]
            yield "/" if location == own else location


@pytest.fixture
def place(make_ready: Ready) -> Site:
    site = make_ready(LBACK_AUTH_LIMIT_PASSWORD_PER_ADDRESS="1000 per minute")
    site.add_user("maya")
    return site


@pytest.mark.parametrize("target", SLASHES)
def test_or_1_slashes_and_backslashes_stay_on_this_site(place: Site, target: str) -> None:
    for location in targets_of_every_way(place, target):
        assert browser_goes_to(location) == "localhost", location
        assert location == "/"


@pytest.mark.parametrize("target", SCHEMES)
def test_or_2_half_written_schemes_stay_on_this_site(place: Site, target: str) -> None:
    for location in targets_of_every_way(place, target):
        assert location == "/"


@pytest.mark.parametrize("target", SCRIPTS)
def test_or_4_schemes_that_run_code_are_not_followed(place: Site, target: str) -> None:
    for location in targets_of_every_way(place, target):
        assert location == "/"


@pytest.mark.parametrize("target", [*HOSTS, *PORTS])
def test_or_5_hosts_that_look_like_ours_are_not_followed(place: Site, target: str) -> None:
    for location in targets_of_every_way(place, target):
        assert location == "/"


@pytest.mark.parametrize(
    "target", ["/" + "a" * 10_000, "/x\r\nSet-Cookie: a=b", "/x\u2028y", "/x\u202ey", "/x\x00y"]
)
def test_or_6_long_and_broken_values_are_dropped(place: Site, target: str) -> None:
    for location in targets_of_every_way(place, target):
        assert location == "/"


def test_or_6_a_target_within_a_target_leads_nowhere_else(place: Site) -> None:
    visitor = signed_in(place)
    inner = "/auth/login/?next=//evil.example"
    first = visitor.get(f"/auth/login/?next={quote(inner, safe='')}").headers["Location"]
    assert browser_goes_to(first) == "localhost"
    assert visitor.get(first).headers["Location"] == "/"


@pytest.mark.parametrize(
    "query", ["next=/a/&next=/b/", "next=/a/&next=//evil.example", "next[]=//e", "next="]
)
def test_or_6_two_targets_count_as_none(place: Site, query: str) -> None:
    visitor = signed_in(place)
    assert visitor.get(f"/auth/login/?{query}").headers["Location"] == "/"


HOSTILE = (
    {"Host": "evil.example"},
    {"Host": "localhost.evil.example"},
    {"Host": "localhost:99999999"},
    {"Host": "localhost", "X-Forwarded-Host": "evil.example"},
    {"Host": "localhost", "Forwarded": "host=evil.example"},
    {"Host": "localhost@evil.example"},
    {"Host": "localhost, evil.example"},
    {"Host": "localhost", "X-Original-Host": "evil.example", "X-Rewrite-URL": "//evil.example/"},
)


@pytest.mark.parametrize("headers", HOSTILE)
def test_ho_1_links_in_mails_are_made_of_the_configured_address(
    make_ready: Ready, headers: dict[str, str]
) -> None:
    site = make_ready(LBACK_SITE_URL="https://shop.example", WTF_CSRF_ENABLED=False)
    site.add_user("maya")
    sent = site.app.test_client().post(
        "/auth/request-reset-password/", data={"email": "maya@example.org"}, headers=headers
    )
    assert sent.status_code in (200, 400)
    for mail in outbox_of(site.app):
        text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        assert "https://shop.example/auth/reset-password/?token=" in text
        assert "evil" not in text


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "10.0.0.1"])
def test_ho_1_without_an_address_of_its_own_a_site_writes_no_link_for_a_foreign_host(
    make_ready: Ready, host: str
) -> None:
    site = make_ready(WTF_CSRF_ENABLED=False, PROPAGATE_EXCEPTIONS=False)
    site.add_user("maya")
    sent = site.app.test_client().post(
        "/auth/request-reset-password/",
        data={"email": "maya@example.org"},
        headers={"Host": host},
    )
    assert sent.status_code >= 400
    assert outbox_of(site.app) == []


def test_ho_2_a_header_of_a_stranger_makes_no_connection_secure(place: Site) -> None:
    visitor = Visitor(place.app)
    page = visitor.get("/auth/login/", headers={"X-Forwarded-Proto": "https"})
    assert "Strict-Transport-Security" not in page.headers
    names = {**hidden_fields(page.text), "identifier": "maya@example.org", "password": PASSWORD}
    sent = visitor.client.post("/auth/login/", data=names, headers={"X-Forwarded-Proto": "https"})
    assert sent.status_code == 302
    cookies = sent.headers.getlist("Set-Cookie")
    [cookie] = [one for one in cookies if one.startswith("lback_session")]
    assert "Secure" not in cookie
