"""Signing in: nothing but the right password tells anything about an account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from flask_lback.auth import login_required
from flask_lback.testing import count_queries, record_signals
from tests.support.apps import PASSWORD, Site
from tests.support.visitor import Visitor

from .support import NEW_PASSWORD, is_in, signed_in


def attempts(site: Site, name: str, times: int, password: str = "a wrong sentence") -> list[int]:
    """What that many attempts are answered."""
    visitor = Visitor(site.app)
    document = {"identifier": name, "password": password}
    return [visitor.post_json("/api/auth/login/", document).status_code for _ in range(times)]


def test_en_3_counters_do_not_tell_which_address_belongs_to_a_username(site: Site) -> None:
    site.add_user("maya")
    for known, unknown in (("maya", "nobody"), ("maya@example.org", "nobody@example.org")):
        assert attempts(site, known, 12) == attempts(site, unknown, 12)


def test_bf_5_the_other_name_of_an_account_gives_no_further_guesses(site: Site) -> None:
    site.add_user("maya")
    attempts(site, "maya", 10)
    with record_signals("user_authentication_failed") as sent:
        assert attempts(site, "maya@example.org", 1, PASSWORD) == [401]
    assert [values["reason"] for _, values in sent] == ["too_many_attempts"]


def test_bf_7_a_right_password_forgives_both_names(site: Site) -> None:
    site.add_user("maya")
    for _ in range(3):
        attempts(site, "maya", 4)
        attempts(site, "maya@example.org", 4)
        assert attempts(site, "maya", 1, PASSWORD) == [200]


def test_bf_4_changing_the_password_forgives_both_names(site: Site) -> None:
    site.add_user("maya")
    visitor = signed_in(site)
    attempts(site, "maya", 9)
    fields = {"new_password": NEW_PASSWORD, "password_confirm": NEW_PASSWORD}
    answer = visitor.submit("/auth/change-password/", current_password=PASSWORD, **fields)
    assert answer.status_code == 302
    assert attempts(site, "maya", 10) == [401] * 10


@pytest.mark.parametrize(
    ("addresses", "stopped"),
    [
        ([f"2001:db8:1:2::{number:x}" for number in range(8)], True),
        ([f"2001:db8:{number:x}::1" for number in range(8)], False),
        ([f"192.0.2.{number}" for number in range(8)], False),
        (["::ffff:192.0.2.1"] * 8, True),
    ],
    ids=["one /64", "many networks", "IPv4", "mapped"],
)
def test_bf_3_an_ipv6_network_is_one_address(
    make_ready: Callable[..., Site], addresses: list[str], stopped: bool
) -> None:
    site = make_ready(LBACK_AUTH_LIMIT_PASSWORD_PER_ADDRESS="5 per hour")
    answers = []
    for number, address in enumerate(addresses):
        client = site.app.test_client()
        client.environ_base["REMOTE_ADDR"] = address
        document = {"identifier": f"user{number}", "password": "a wrong sentence"}
        answers.append(client.post("/api/auth/login/", json=document).status_code)
    assert answers == [401] * 5 + [429 if stopped else 401] * 3


def test_lg_1_known_and_unknown_names_take_as_many_statements(site: Site) -> None:
    site.add_user("maya")
    counts = set()
    for name in ("maya", "nobody", "maya@example.org", "nobody@example.org"):
        with count_queries(site.app) as statements:
            attempts(site, name, 1)
        counts.add(len(statements))
    assert len(counts) == 1


@pytest.mark.parametrize("key", ["9" * 30, "-" + "9" * 30, "1_0", " 1", "+1", "\uff11", "", "x"])
def test_lg_2_a_key_in_another_spelling_finds_nobody_and_is_no_error(site: Site, key: str) -> None:
    from flask_lback.auth import UserManager

    site.add_user("maya")
    with site.app.app_context():
        assert UserManager().get_user_by_id("1") is not None
        assert UserManager().get_user_by_id(key) is None


def guarded_by_options(app: Flask) -> None:
    """A view that answers OPTIONS by itself."""

    @app.route("/papers/", methods=["GET", "OPTIONS"])
    @login_required
    def papers() -> Any:
        return "the papers"


def test_rb_10_options_is_no_way_round_a_login(site: Site) -> None:
    guarded_by_options(site.app)
    client = site.app.test_client()
    assert client.get("/papers/").status_code == client.options("/papers/").status_code == 302


def test_rb_10_no_leftover_of_a_test_suite_switches_logins_off(site: Site) -> None:
    guarded_by_options(site.app)
    site.app.config["LOGIN_DISABLED"] = True
    assert site.app.test_client().get("/papers/").status_code == 302
    site.add_user("maya")
    assert is_in(signed_in(site))
