"""Whoever was in an account before its owner has shown whose the address is, is out of it then."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from flask_lback.auth.api_tokens.service import ApiTokens
from flask_lback.auth.magic_links.service import MagicLinks
from flask_lback.auth.mails.links import RESET, VERIFY
from flask_lback.core.state import state_of
from tests.support.apps import PASSWORD, Site
from tests.support.second_step import set_up_app
from tests.support.visitor import Visitor

from .held import bearer, copied_access
from .support import NEW_PASSWORD, is_in, post, register, signed_in, token_of

MakeSite = Callable[..., Site]
CHIEF = "chief@example.org"


def confirm(site: Site) -> None:
    """The owner believes the mail, and confirms the address."""
    assert post(site, "verify-email", {"token": token_of(site, VERIFY, "chief")}).status_code == 200


def come_by_link(site: Site) -> None:
    """The owner asks for a link to sign in instead."""
    with site.app.app_context():
        token = state_of(site.app)[MagicLinks].make(site.user("chief"))
    answer = Visitor(site.app).submit("/auth/login/", "/auth/magic-link/", token=token)
    assert answer.status_code == 302


@pytest.fixture(params=[confirm, come_by_link])
def come(request: pytest.FixtureRequest) -> Callable[[Site], None]:
    """How the owner shows whose the address is."""
    way: Callable[[Site], None] = request.param
    return way


@pytest.fixture
def place(make_ready: MakeSite, come: Callable[[Site], None]) -> Site:
    """A site where a stranger has registered with the address of others."""
    chiefs = (CHIEF,) if come is confirm else ()
    site = make_ready(
        LBACK_AUTH_VERIFY_EMAIL=False,
        LBACK_AUTH_MAGIC_LINK_ENABLED=True,
        LBACK_AUTH_ADMIN_EMAILS=chiefs,
    )
    register(site, "stranger", email=CHIEF, password=PASSWORD)
    return site


def test_ev_3_a_stranger_is_out_once_the_owner_of_the_address_has_come(
    place: Site, come: Callable[[Site], None]
) -> None:
    browser, program = signed_in(place, "chief"), copied_access(place, "chief")
    with place.app.test_request_context():
        tokens, week = state_of(place.app)[ApiTokens], dt.timedelta(days=7)
        script = bearer(tokens.make(place.user("chief"), "a script", life=week)[1])
    client = place.app.test_client()
    for headers in (program, script):
        assert client.get("/api/auth/me/", headers=headers).status_code == 200
    come(place)
    assert not is_in(browser)
    for headers in (program, script):
        assert client.get("/api/auth/me/", headers=headers).status_code == 401


def test_ev_3_the_password_of_a_stranger_opens_nothing_any_longer(
    place: Site, come: Callable[[Site], None]
) -> None:
    come(place)
    assert Visitor(place.app).sign_in(CHIEF, PASSWORD).status_code == 401


def test_ev_3_the_phone_of_a_stranger_is_not_asked_for(
    place: Site, come: Callable[[Site], None]
) -> None:
    set_up_app(place, "chief")
    come(place)
    document = {"token": token_of(place, RESET, "chief"), "new_password": NEW_PASSWORD}
    assert post(place, "reset-password", document).status_code == 200
    owner = Visitor(place.app)
    owner.sign_in(CHIEF, NEW_PASSWORD)
    assert is_in(owner)


def test_ev_3_neither_a_browser_nor_another_site_of_a_stranger_is_known(
    place: Site, come: Callable[[Site], None]
) -> None:
    signed_in(place, "chief")
    kinds = place.models
    with place.app.app_context():
        owner = place.user("chief")
        place.db.session.add(
            kinds.OAuthAccount(owner=owner, provider="acme", subject="the stranger")
        )
        place.db.session.commit()
        before = {row.key_hash for row in place.db.session.query(kinds.Device)}
    assert len(before) == 1
    come(place)
    with place.app.app_context():
        assert place.db.session.query(kinds.OAuthAccount).count() == 0
        assert not before & {row.key_hash for row in place.db.session.query(kinds.Device)}
