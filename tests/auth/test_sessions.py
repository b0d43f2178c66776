"""Sessions are rows: they rotate, end, expire, and a copied cookie ends with them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import flask_login
import pytest
from flask import Flask, jsonify, session
from werkzeug.test import TestResponse

from flask_lback.auth import current_user, login_user, logout_user
from flask_lback.auth.login import present_login
from flask_lback.core import clock
from flask_lback.testing import count_queries, record_signals
from tests.support.apps import PASSWORD, Site
from tests.support.visitor import Visitor

COOKIE = "lback_session"


@pytest.fixture
def place(site: Site) -> Site:
    """A site with one account."""
    site.add_user("maya")
    return site


def signed_in(place: Site, **fields: Any) -> Visitor:
    """Somebody who has signed in."""
    visitor = Visitor(place.app)
    assert visitor.sign_in("maya", PASSWORD, **fields).status_code == 302
    return visitor


def cookie_of(visitor: Visitor) -> str:
    """The id in the cookie."""
    cookie = visitor.client.get_cookie(COOKIE)
    assert cookie is not None
    return cookie.value


def is_in(visitor: Visitor) -> bool:
    """Whether the account page opens."""
    return visitor.get("/auth/account/").status_code == 200


def rows(place: Site) -> list[Any]:
    """Every session row."""
    with place.app.app_context():
        return list(place.db.session.query(place.models.UserSession).order_by("id"))


def set_cookie_of(answer: TestResponse) -> str:
    """The Set-Cookie line of the login cookie."""
    return next(line for line in answer.headers.getlist("Set-Cookie") if COOKIE in line)


def test_the_row_holds_a_hash_and_where_the_login_came_from(place: Site) -> None:
    visitor = Visitor(place.app)
    visitor.client.environ_base["HTTP_USER_AGENT"] = "Firefox on a boat"
    visitor.sign_in("maya", PASSWORD)
    [row] = rows(place)
    assert cookie_of(visitor) not in (row.key_hash, str(row.id))
    assert len(row.key_hash) == 64
    assert (row.ip_address, row.user_agent, row.method) == (
        "127.0.0.1",
        "Firefox on a boat",
        "password",
    )


def test_the_id_is_new_at_every_sign_in_and_the_old_one_dead(place: Site) -> None:
    visitor = signed_in(place)
    old = cookie_of(visitor)
    copied = Visitor(place.app)
    copied.client.set_cookie(COOKIE, old)
    assert is_in(copied)
    page = visitor.get("/auth/change-password/")
    assert page.status_code == 200
    with place.app.test_request_context(headers={"Cookie": f"{COOKIE}={old}"}):
        assert present_login() is not None
        login_user(current_user._get_current_object())
    assert not is_in(copied)


def test_a_planted_id_stays_nobodys(place: Site) -> None:
    visitor = Visitor(place.app)
    visitor.client.set_cookie(COOKIE, "planted")
    visitor.sign_in("maya", PASSWORD)
    assert cookie_of(visitor) != "planted"
    thief = Visitor(place.app)
    thief.client.set_cookie(COOKIE, "planted")
    assert not is_in(thief)


def test_a_copied_cookie_dies_at_logout(place: Site) -> None:
    visitor, thief = signed_in(place), Visitor(place.app)
    thief.client.set_cookie(COOKIE, cookie_of(visitor))
    assert is_in(thief)
    assert visitor.submit("/auth/logout/").status_code == 302
    assert not is_in(thief)
    assert not is_in(visitor)
    assert visitor.client.get_cookie(COOKIE) is None


def test_signing_out_needs_a_post_with_the_token(place: Site) -> None:
    visitor = signed_in(place)
    assert visitor.get("/auth/logout/").status_code == 200
    assert is_in(visitor)
    assert visitor.client.post("/auth/logout/").status_code == 400
    assert is_in(visitor)


def test_signing_out_takes_the_data_of_the_session_along(place: Site) -> None:
    place.app.add_url_rule("/cart/", "cart", lambda: session.setdefault("cart", "bread"))
    place.app.add_url_rule("/look/", "look", lambda: jsonify(session.get("cart")))
    visitor = signed_in(place)
    visitor.get("/cart/")
    assert visitor.get("/look/").json == "bread"
    visitor.submit("/auth/logout/")
    assert visitor.get("/look/").json is None


def test_the_csrf_token_changes_at_sign_in(place: Site) -> None:
    from tests.support.visitor import hidden_fields

    visitor = Visitor(place.app)
    before = hidden_fields(visitor.get("/auth/login/").text)["csrf_token"]
    visitor.sign_in("maya", PASSWORD)
    answer = visitor.client.post("/auth/logout/", data={"csrf_token": before})
    assert answer.status_code == 400


def test_an_idle_login_ends_and_a_used_one_lives_until_its_limit(place: Site) -> None:
    visitor = signed_in(place)
    for hours in range(1, 12):
        with clock.turned(dt.timedelta(hours=hours)):
            visitor.get("/auth/account/").close()  # the moment is written when it is closed
            assert is_in(visitor), hours
    with clock.turned(dt.timedelta(hours=12, minutes=1)):
        assert not is_in(visitor), "the longest life is over, however busy it was"
    idle = signed_in(place)
    with clock.turned(dt.timedelta(minutes=121)):
        assert not is_in(idle)


def test_a_remembered_login_outlives_the_browser_for_thirty_days(place: Site) -> None:
    visitor = Visitor(place.app)
    answer = visitor.sign_in("maya", PASSWORD, remember="y")
    assert "Max-Age=2592000" in set_cookie_of(answer)
    [row] = rows(place)
    assert row.is_remembered
    with clock.turned(dt.timedelta(days=29)):
        assert is_in(visitor)
    with clock.turned(dt.timedelta(days=31)):
        assert not is_in(visitor)


def test_a_login_that_is_not_remembered_ends_with_the_browser(place: Site) -> None:
    answer = Visitor(place.app).sign_in("maya", PASSWORD)
    assert "Max-Age" not in set_cookie_of(answer)
    assert "Expires" not in set_cookie_of(answer)


def test_the_last_use_is_written_once_a_minute_after_the_response(place: Site) -> None:
    visitor = signed_in(place)
    [before] = rows(place)
    with clock.turned(dt.timedelta(seconds=50)):
        visitor.get("/auth/account/").close()
    assert rows(place)[0].last_seen_at == before.last_seen_at
    with clock.turned(dt.timedelta(seconds=70)):
        with count_queries(place.app) as statements:
            answer = visitor.get("/auth/account/")
        assert not any(one.startswith("UPDATE") for one in statements)
        answer.close()
    assert rows(place)[0].last_seen_at > before.last_seen_at


def test_the_cookie_is_for_this_site_and_out_of_reach_of_scripts(place: Site) -> None:
    line = set_cookie_of(Visitor(place.app).sign_in("maya", PASSWORD))
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(line.split("; "))
    assert "Secure" not in line
    assert "Domain" not in line


def test_over_https_the_cookie_is_secure(place: Site) -> None:
    visitor = Visitor(place.app, scheme="https")
    assert "Secure" in set_cookie_of(visitor.sign_in("maya", PASSWORD)).split("; ")


def test_with_secure_cookies_its_name_has_the_host_prefix(make_ready: Any) -> None:
    place: Site = make_ready(SESSION_COOKIE_SECURE=True)
    place.add_user("maya")
    visitor = Visitor(place.app, scheme="https")
    line = set_cookie_of(visitor.sign_in("maya", PASSWORD))
    assert line.startswith("__Host-lback_session=")
    assert is_in(visitor)
    visitor.submit("/auth/logout/")
    assert not is_in(visitor)


@pytest.mark.parametrize(
    "value", ["", "x" * 4000, "..", "a.b.c", "\x80\x04K\x01.", "😀", "' OR 1=1 --"]
)
def test_a_forged_cookie_is_nobody_and_no_error(place: Site, value: str) -> None:
    visitor = Visitor(place.app)
    visitor.client.set_cookie(COOKIE, value)
    assert visitor.get("/auth/account/").status_code == 302


def test_anonymous_visits_make_no_row_and_no_cookie(place: Site) -> None:
    visitor = Visitor(place.app)
    for _ in range(20):
        assert "Set-Cookie" not in visitor.get("/").headers
    assert rows(place) == []


def test_a_page_about_an_account_is_kept_out_of_shared_caches(place: Site) -> None:
    visitor = signed_in(place)
    answer = visitor.get("/ten/")
    assert "Cookie" in answer.headers["Vary"]
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "Vary" not in visitor.get("/").headers


def test_a_switched_off_account_is_out_on_the_next_request(place: Site) -> None:
    visitor = signed_in(place)
    with place.app.app_context():
        place.user("maya").is_active = False
        place.db.session.commit()
    assert not is_in(visitor)


def test_a_deleted_account_leaves_no_session_behind(place: Site) -> None:
    visitor = signed_in(place)
    with place.app.app_context():
        place.db.session.delete(place.user("maya"))
        place.db.session.commit()
    assert rows(place) == []
    assert not is_in(visitor)
    place.add_user("kofi")  # SQLite gives the key again
    assert not is_in(visitor)


def test_changing_the_password_ends_every_other_session(place: Site) -> None:
    here, there = signed_in(place), signed_in(place, remember="y")
    new = "quite another sentence"
    answer = here.submit(
        "/auth/change-password/",
        current_password=PASSWORD,
        new_password=new,
        password_confirm=new,
    )
    assert answer.location == "/auth/account/"
    assert is_in(here)
    assert not is_in(there)
    with place.app.app_context():
        assert place.user("maya").check_password(new)


def test_changing_the_password_needs_the_present_one(place: Site) -> None:
    visitor = signed_in(place)
    answer = visitor.submit(
        "/auth/change-password/",
        current_password="wrong",
        new_password="quite another sentence",
        password_confirm="quite another sentence",
    )
    assert answer.status_code == 400
    assert "This is not your password." in answer.text


def test_an_application_that_calls_flask_login_gets_a_row(place: Site) -> None:
    @place.app.post("/own-login/")
    def own_login() -> Any:
        flask_login.login_user(place.user("maya"), remember=True)
        return ""

    @place.app.post("/own-logout/")
    def own_logout() -> Any:
        flask_login.logout_user()
        return ""

    place.app.config["WTF_CSRF_ENABLED"] = False
    visitor = Visitor(place.app)
    answer = visitor.client.post("/own-login/")
    assert "remember_token" not in str(answer.headers)
    assert is_in(visitor)
    [row] = rows(place)
    assert (row.method, row.is_remembered) == ("adopted", True)
    visitor.client.post("/own-logout/")
    assert not is_in(visitor)
    assert rows(place)[0].revoked_at is not None


def test_flask_logins_test_client_is_adopted_under_testing(place: Site) -> None:
    place.app.test_client_class = flask_login.FlaskLoginClient
    with place.app.app_context():
        user = place.user("maya")
        client = place.app.test_client(user=user)
    assert client.get("/auth/account/").status_code == 200
    assert len(rows(place)) == 1


def test_a_flask_login_session_without_a_row_is_refused_in_production(place: Site) -> None:
    place.app.config.update(TESTING=False)
    place.app.testing = False
    visitor = Visitor(place.app)
    with visitor.client.session_transaction() as data:
        data["_user_id"] = "1"
        data["_fresh"] = True
    assert not is_in(visitor)


def test_flask_logins_remember_cookie_opens_nothing(place: Site) -> None:
    visitor = Visitor(place.app)
    with place.app.app_context():
        visitor.client.set_cookie("remember_token", flask_login.encode_cookie("1"))
    assert not is_in(visitor)


def test_signals_tell_of_signing_in_and_out_once(place: Site) -> None:
    visitor = Visitor(place.app)
    with record_signals(
        "user_logged_in", "user_login_successful", "session_created", "user_logged_out"
    ) as sent:
        visitor.sign_in("maya", PASSWORD)
        visitor.submit("/auth/logout/")
    assert sorted(name for name, _ in sent) == [
        "session_created",
        "user_logged_in",
        "user_logged_out",
        "user_login_successful",
    ]
    assert all(isinstance(values["app"], Flask) for _, values in sent)


def test_an_inactive_account_cannot_be_signed_in(place: Site) -> None:
    with place.app.test_request_context():
        user = place.user("maya")
        user.is_active = False
        assert login_user(user) is False
        assert logout_user() is True
    assert rows(place) == []
