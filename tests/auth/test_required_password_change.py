"""A password that somebody else has set opens one page: the one that chooses another."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from flask_lback.auth import UserManager, current_user
from flask_lback.auth.api_tokens.service import ApiTokens
from flask_lback.core.state import state_of
from flask_lback.testing import count_queries, sign_in
from tests.support.apps import Site
from tests.support.visitor import Visitor

GIVEN, OWN = "given on the telephone", "known to nobody else"
HELD = "/auth/change-password/"
MakeSite = Callable[..., Site]


@pytest.fixture
def site(make_ready: MakeSite) -> Site:
    site = make_ready(LBACK_AUTH_MECHANISMS=("session", "jwt", "token", "basic"))
    site.app.add_url_rule("/whoami/", "whoami", lambda: str(current_user))
    return site


def give_password(site: Site, name: str = "maya", **options: Any) -> None:
    with site.app.app_context():
        UserManager().set_password(site.user(name), GIVEN, **{"must_change": True, **options})
        site.db.session.commit()


def choose(visitor: Visitor, new: str, present: str = GIVEN) -> Any:
    return visitor.submit(HELD, current_password=present, new_password=new, password_confirm=new)


def test_every_page_leads_to_the_one_that_chooses_another_until_that_is_done(site: Site) -> None:
    site.add_user("maya")
    give_password(site)
    visitor = Visitor(site.app)
    assert visitor.sign_in("maya@example.org", GIVEN, next="/whoami/").location == HELD
    for path in ("/auth/account/", "/auth/login/", "/auth/sessions/", "/news/", "/ten/", "/admin/"):
        assert visitor.get(path).location == HELD, path
    assert "Choose one that only you know" in visitor.get(HELD).text
    assert choose(visitor, OWN).location == "/auth/account/"
    assert visitor.get("/auth/account/").status_code == 200
    again = Visitor(site.app).sign_in("maya@example.org", OWN, next="/whoami/")
    assert again.location == "/whoami/"


def test_the_password_that_was_given_cannot_be_kept(site: Site) -> None:
    site.add_user("maya")
    give_password(site)
    visitor = Visitor(site.app)
    visitor.sign_in("maya@example.org", GIVEN)
    assert choose(visitor, GIVEN).status_code == 400
    assert visitor.get("/auth/account/").location == HELD


def test_somebody_who_is_held_can_sign_out(site: Site) -> None:
    site.add_user("maya")
    give_password(site)
    visitor = Visitor(site.app)
    visitor.sign_in("maya@example.org", GIVEN)
    visitor.submit("/auth/logout/")
    assert visitor.get("/auth/account/").location.startswith("/auth/login/")


def test_views_that_ask_who_is_there_are_told_nobody(site: Site) -> None:
    site.add_user("maya")
    give_password(site)
    visitor = Visitor(site.app)
    visitor.sign_in("maya@example.org", GIVEN)
    assert "maya" not in visitor.get("/whoami/").text


def test_programs_are_told_403_with_a_code(site: Site) -> None:
    site.add_user("maya")
    give_password(site)
    client = site.app.test_client()
    login = {"identifier": "maya@example.org", "password": GIVEN}
    token = client.post("/api/auth/login/", json=login).get_json()["access_token"]
    with site.app.app_context():
        _, text = state_of(site.app)[ApiTokens].make(
            site.user("maya"), "robot", life=dt.timedelta(days=1)
        )
        site.db.session.commit()
    headers: tuple[Any, ...] = (
        {"headers": {"Authorization": f"Bearer {token}"}},
        {"headers": {"Authorization": f"Token {text}"}},
        {"auth": ("maya@example.org", GIVEN)},
    )
    for way in headers:
        answer = client.get("/api/auth/me/", **way)
        assert (answer.status_code, answer.get_json()["code"]) == (
            403,
            "password_change_required",
        ), way
    chosen = {"current_password": GIVEN, "new_password": OWN}
    bearer = {"Authorization": f"Bearer {token}"}
    done = client.post("/api/auth/change-password/", json=chosen, headers=bearer)
    assert done.status_code == 200
    assert client.get("/api/auth/me/", headers=bearer).status_code == 200


def test_a_link_by_mail_and_a_password_by_command_end_it_too(site: Site) -> None:
    site.add_user("maya")
    run = site.app.test_cli_runner().invoke
    call = ["lback", "reset-password", "maya@example.org", "--password-stdin"]
    assert run(args=[*call, "--must-change"], input=GIVEN).exit_code == 0
    visitor = Visitor(site.app)
    visitor.sign_in("maya@example.org", GIVEN)
    assert visitor.get("/auth/account/").location == HELD
    assert run(args=call, input=OWN).exit_code == 0
    visitor.sign_in("maya@example.org", OWN)
    assert visitor.get("/auth/account/").status_code == 200


def test_a_signed_in_request_still_costs_one_statement(site: Site) -> None:
    site.add_user("maya")
    client = sign_in(site.app, "maya@example.org")
    client.get("/whoami/")
    with count_queries(site.app) as statements:
        client.get("/whoami/")
    assert len(statements) == 1, statements


def test_an_address_that_is_not_confirmed_does_not_lead_round_in_a_circle(
    make_ready: MakeSite,
) -> None:
    site = make_ready(LBACK_AUTH_UNCONFIRMED_MAY=("home",))
    site.add_user("maya", verified=False)
    give_password(site)
    visitor = Visitor(site.app)
    visitor.sign_in("maya@example.org", GIVEN)
    assert visitor.get(HELD).status_code == 200
    assert choose(visitor, OWN).status_code == 302
    assert visitor.get("/auth/account/").location == "/auth/unconfirmed/"
