"""What somebody may do who has not confirmed the address."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from flask_lback.auth import current_user
from flask_lback.exceptions import ConfigError
from flask_lback.testing.kit import outbox_of
from tests.support.apps import PASSWORD, Site, make_site
from tests.support.visitor import Visitor, errors_of

Ready = Callable[..., Site]
MAYA = {"username": "maya", "email": "maya@example.org", "password": PASSWORD}


@pytest.fixture
def open_site(make_ready: Ready) -> Site:
    """A site that lets the unconfirmed sign in and see one page."""
    site = make_ready(LBACK_AUTH_UNCONFIRMED_MAY=("ten",))

    @site.app.get("/who/")
    def who() -> str:
        return str(current_user)

    return site


def unconfirmed(place: Site) -> Visitor:
    """Somebody who has just registered and signed in."""
    visitor = Visitor(place.app)
    visitor.submit("/auth/register/", **MAYA, password_confirm=PASSWORD)
    assert visitor.sign_in("maya", PASSWORD).status_code == 302
    return visitor


def test_the_refused_sign_in_leads_to_a_new_link(site: Site) -> None:
    site.add_user("maya", verified=False)
    site.add_user("kofi")
    page = Visitor(site.app).sign_in("maya", PASSWORD)
    assert page.status_code == 401
    assert 'href="/auth/resend-verification/"' in page.text
    assert "resend-verification" not in Visitor(site.app).sign_in("kofi", "wrong").text


def test_the_unconfirmed_are_led_to_their_page_from_every_other(open_site: Site) -> None:
    visitor = unconfirmed(open_site)
    for path in ("/", "/who/", "/news/", "/auth/account/", "/auth/tokens/", "/auth/passkeys/"):
        answer = visitor.get(path)
        assert (answer.status_code, answer.headers.get("Location")) == (302, "/auth/unconfirmed/")
    page = visitor.get("/auth/unconfirmed/")
    assert "We have sent a link to maya@example.org." in errors_of(page.text)
    assert visitor.get("/auth/change-email/").status_code == 200
    assert visitor.get("/ten/").status_code == 200, "the setting allows this one"
    assert Visitor(open_site.app).get("/").text == "home", "nobody is led away who is nobody"


def test_the_page_sends_the_mail_again_within_the_limit(make_ready: Ready) -> None:
    site = make_ready(LBACK_AUTH_UNCONFIRMED_MAY=(), LBACK_AUTH_LIMIT_MAIL_PER_ACCOUNT="1 per hour")
    visitor = unconfirmed(site)
    outbox_of(site.app).clear()
    assert visitor.submit("/auth/unconfirmed/").headers["Location"] == "/auth/unconfirmed/"
    [mail] = outbox_of(site.app)
    assert mail["Subject"] == "Confirm your address - Site"
    assert visitor.submit("/auth/unconfirmed/").status_code == 429


def test_the_link_opens_everything_at_once(open_site: Site) -> None:
    visitor = unconfirmed(open_site)
    text = str(outbox_of(open_site.app)[0].get_body(("plain",)).get_content())  # type: ignore[union-attr]
    found = re.search(r"http://localhost(/auth/verify-email/\S+)", text)
    assert found is not None
    visitor.submit(found.group(1), to="/auth/verify-email/")
    assert visitor.get("/who/").text == "maya"
    assert visitor.get("/auth/unconfirmed/").headers["Location"] == "/auth/account/"


def test_signing_out_is_possible(open_site: Site) -> None:
    visitor = unconfirmed(open_site)
    assert visitor.submit("/auth/unconfirmed/", to="/auth/logout/").status_code == 302
    assert visitor.get("/who/").text == "AnonymousUser"


def test_by_json_it_is_a_403_that_programs_can_tell(open_site: Site) -> None:
    visitor = Visitor(open_site.app)
    visitor.post_json("/api/auth/register/", MAYA)
    login: dict[str, Any] = {"identifier": "maya", "password": PASSWORD}
    signed_in: Any = visitor.post_json("/api/auth/login/", login)
    token = signed_in.json["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    me: Any = visitor.get("/api/auth/me/", headers=bearer)
    assert (me.status_code, me.json["email_verified"]) == (200, False)
    for path in ("/api/auth/sessions/", "/who/"):
        answer: Any = visitor.get(path, headers=bearer)
        assert (answer.status_code, answer.json["code"]) == (403, "email_not_verified")
    assert visitor.post_json("/api/auth/logout/", {}, headers=bearer).status_code == 204


def test_a_limit_for_people_whom_nobody_asks_stops_the_start() -> None:
    with pytest.raises(ConfigError, match=r"VERIFY_EMAIL is off: .* Take one of the two out"):
        make_site(LBACK_AUTH_UNCONFIRMED_MAY=(), LBACK_AUTH_VERIFY_EMAIL=False)


def test_by_default_the_unconfirmed_do_not_get_in(site: Site) -> None:
    site.add_user("maya", verified=False)
    login = {"identifier": "maya", "password": PASSWORD}
    answer: Any = Visitor(site.app).post_json("/api/auth/login/", login)
    assert (answer.status_code, answer.json["code"]) == (401, "email_not_verified")
