"""Sessions are rows: they rotate, end, expire, and a copied cookie ends with them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import flask_login
import pytest
from flask import Flask, jsonify, session
from werkzeug.test import TestResponse

from flask_lback.auth import current_user, login_user, logout_user
from flask_lback.auth.current import present_login
from flask_lback.core import clock
from flask_lback.testing import count_queries, record_signals
from tests.support.apps import PASSWORD, Site
from tests.support.visitor import Visitor, errors_of

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0"
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


def add_api_token(place: Site, name: str = "maya") -> None:
    """Give an account an API token."""
    with place.app.app_context():
        token = place.models.ApiToken(
            owner=place.user(name), name="backup", token_hash=name * 16, prefix="lb_1"
        )
        place.db.session.add(token)
        place.db.session.commit()


def living_api_tokens(place: Site) -> int:
    """How many API tokens nobody has ended."""
    with place.app.app_context():
        return int(place.db.session.query(place.models.ApiToken).filter_by(revoked_at=None).count())


def end(visitor: Visitor, path: str) -> TestResponse:
    """Press a button of the list of sessions."""
    return visitor.submit("/auth/sessions/", to=f"/auth/sessions/{path}/")


def test_the_list_shows_each_session_and_which_is_this_one(place: Site) -> None:
    phone = signed_in(place, remember="y")
    here = Visitor(place.app)
    here.client.environ_base["HTTP_USER_AGENT"] = FIREFOX
    here.sign_in("maya", PASSWORD)
    place.add_user("kofi")
    other = Visitor(place.app)
    other.client.environ_base["REMOTE_ADDR"] = "203.0.113.80"
    other.sign_in("kofi", PASSWORD)
    page = here.get("/auth/sessions/")
    text = errors_of(page.text)
    assert text.count("This device") == 1
    assert text.index("Firefox on Linux") < text.index("This device") < text.index("Last seen")
    assert text.count("127.0.0.1") == 2
    assert "password" in text
    assert text.count("Kept signed in until") == 1
    assert "203.0.113.80" not in text, "the sessions of others are theirs"
    assert page.headers["Cache-Control"] == "no-store"
    assert "Cookie" in page.headers["Vary"]
    assert phone.get("/auth/sessions/").status_code == 200
    assert Visitor(place.app).get("/auth/sessions/").location.startswith("/auth/login/")


def test_a_program_that_names_itself_in_markup_is_shown_as_text(place: Site) -> None:
    visitor = Visitor(place.app)
    visitor.client.environ_base["HTTP_USER_AGENT"] = "<script>alert(1)</script>/1"
    visitor.sign_in("maya", PASSWORD)
    assert "<script>alert" not in visitor.get("/auth/sessions/").text


def test_ended_and_forgotten_sessions_are_not_listed(place: Site) -> None:
    signed_in(place).submit("/auth/logout/")
    signed_in(place)
    with clock.turned(dt.timedelta(minutes=121)):
        text = errors_of(signed_in(place).get("/auth/sessions/").text)
    assert text.count("127.0.0.1") == 1
    assert "End all others" not in text


def test_one_session_is_ended_and_the_others_stay(place: Site) -> None:
    here, there, third = (signed_in(place) for _ in range(3))
    answer = end(here, "2/end")
    assert answer.location == "/auth/sessions/"
    assert "has ended." in here.get(answer.location).text
    assert [is_in(one) for one in (here, there, third)] == [True, False, True]
    assert end(here, "2/end").status_code == 404, "it has ended already"


def test_a_session_of_another_account_is_not_there(place: Site) -> None:
    place.add_user("kofi")
    owner, other = signed_in(place), Visitor(place.app)
    other.sign_in("kofi", PASSWORD)
    for number in (1, 99, 2**31, 10**30):
        assert end(other, f"{number}/end").status_code == 404
    assert is_in(owner)


def test_ending_the_present_session_signs_out(place: Site) -> None:
    visitor = signed_in(place)
    assert end(visitor, "1/end").location == "/auth/login/"
    assert not is_in(visitor)
    assert visitor.client.get_cookie(COOKIE) is None


def test_all_others_are_ended_at_once_with_their_tokens(place: Site) -> None:
    here, there = signed_in(place), signed_in(place, remember="y")
    document = {"identifier": "maya", "password": PASSWORD}
    login: Any = there.post_json("/api/auth/login/", document).json
    answer = end(here, "end-others")
    assert "2 other sessions have ended." in here.get(answer.location).text
    assert [is_in(here), is_in(there)] == [True, False]
    bearer = {"Authorization": f"Bearer {login['access_token']}"}
    assert Visitor(place.app).get("/api/auth/me/", headers=bearer).status_code == 401


@pytest.mark.parametrize("path", ["2/end", "end-others"])
def test_sessions_end_by_post_with_the_token_alone(place: Site, path: str) -> None:
    here, there = signed_in(place), signed_in(place)
    assert here.get(f"/auth/sessions/{path}/").status_code == 405
    assert here.client.post(f"/auth/sessions/{path}/").status_code == 400
    assert is_in(there)


def test_a_session_goes_along_to_another_address(place: Site) -> None:
    visitor = signed_in(place)
    visitor.client.environ_base["REMOTE_ADDR"] = "203.0.113.80"
    visitor.client.environ_base["HTTP_USER_AGENT"] = FIREFOX
    assert is_in(visitor)


def test_a_new_password_ends_a_copy_of_the_present_cookie_too(place: Site) -> None:
    visitor, thief = signed_in(place), Visitor(place.app)
    thief.client.set_cookie(COOKIE, cookie_of(visitor))
    new = "quite another sentence"
    fields = {"new_password": new, "password_confirm": new}
    visitor.submit("/auth/change-password/", current_password=PASSWORD, **fields)
    assert is_in(visitor)
    assert not is_in(thief)


def test_an_account_without_a_password_chooses_one_after_a_fresh_sign_in(place: Site) -> None:
    here, there = signed_in(place), signed_in(place)
    with place.app.app_context():
        place.user("maya").password_hash = None
        place.db.session.commit()
    new = "quite another sentence"
    fields = {"new_password": new, "password_confirm": new}
    with clock.turned(dt.timedelta(minutes=16)):
        answer = here.get("/auth/change-password/")
        assert answer.location.startswith("/auth/reauthenticate/")
    page = here.get("/auth/change-password/").text
    assert 'name="current_password"' not in page
    assert here.submit("/auth/change-password/", **fields).status_code == 302
    assert [is_in(here), is_in(there)] == [True, False]
    assert here.submit("/auth/change-password/", **fields).status_code == 400, "now it has one"
    assert Visitor(place.app).sign_in("maya", new).status_code == 302


def test_a_change_of_password_keeps_api_tokens_and_points_them_out(place: Site) -> None:
    add_api_token(place)
    visitor = signed_in(place)
    new = "quite another sentence"
    fields = {"new_password": new, "password_confirm": new}
    answer = visitor.submit("/auth/change-password/", current_password=PASSWORD, **fields)
    assert "API tokens of your account still work: 1." in visitor.get(answer.location).text
    assert living_api_tokens(place) == 1


@pytest.mark.parametrize("event", ["reset", "deactivation", "everything"])
def test_what_takes_an_account_back_ends_its_api_tokens_too(place: Site, event: str) -> None:
    from flask_lback.auth import SessionManager, UserManager
    from flask_lback.core.state import current_state

    place.add_user("kofi")
    add_api_token(place)
    add_api_token(place, "kofi")
    visitor = signed_in(place)
    with place.app.test_request_context():
        manager, user = UserManager(), place.user("maya")
        if event == "reset":
            manager.set_password(user, "quite another sentence")
        elif event == "deactivation":
            manager.deactivate(user)
        else:
            assert current_state()[SessionManager].end_everything(user) == 1
        place.db.session.commit()
    assert not is_in(visitor)
    assert living_api_tokens(place) == 1, "that of the other account"


def test_two_browsers_count_for_themselves(place: Site) -> None:
    @place.app.get("/count/")
    def count() -> Any:
        session["visits"] = session.get("visits", 0) + 1
        return jsonify(session["visits"])

    one, other = signed_in(place), signed_in(place)
    assert [one.get("/count/").json for _ in range(3)] == [1, 2, 3]
    assert other.get("/count/").json == 1
    assert one.get("/count/").json == 4
    assert len(rows(place)) == 2


@pytest.mark.parametrize(
    ("method", "words"),
    [
        ("password", "password"),
        ("password+totp", "password and code"),
        ("oauth:github", "github"),
        ("magic_link+recovery", "link by mail and recovery code"),
        ("own_way", "own way"),
    ],
)
def test_the_way_of_signing_in_is_said_in_words(method: str, words: str) -> None:
    from flask_lback.auth.views.sessions import method_in_words

    assert method_in_words(method) == words
