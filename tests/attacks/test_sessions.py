"""Sessions end when they should, and never become somebody else's."""

from __future__ import annotations

import copy
import datetime as dt
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, jsonify, request, session
from flask.sessions import SecureCookieSessionInterface
from sqlalchemy.orm import Mapped, mapped_column

from flask_lback import Lback
from flask_lback.auth import AbstractUser, UserManager, current_user
from flask_lback.auth.mails.links import CHANGE_EMAIL, RESET
from flask_lback.auth.sessions.service import SessionManager
from flask_lback.core import clock
from flask_lback.core.state import state_of
from flask_lback.db.schema import initialize
from flask_lback.testing import sign_in
from tests.support.apps import PASSWORD, SECRET_KEY, Site, make_site, own_db
from tests.support.visitor import Visitor

from .support import (
    COOKIE,
    NEW_PASSWORD,
    after,
    csrf_of,
    is_in,
    log_in_by_json,
    post,
    refresh,
    signed_in,
    thief_of,
    token_of,
)

db = own_db()


class Keeper(AbstractUser, db.Model):  # type: ignore[name-defined]
    """A user class that pickle can find again."""

    __tablename__ = "keepers"
    id: Mapped[int] = mapped_column(primary_key=True)


@pytest.fixture
def place(site: Site) -> Site:
    """A site with two accounts."""
    site.add_user("maya")
    site.add_user("kofi")
    return site


def by_form(visitor: Visitor, token: str) -> int:
    """Sign in as kofi by the form, on the browser as it is."""
    fields = {"csrf_token": token, "identifier": "kofi", "password": PASSWORD}
    return visitor.client.post("/auth/login/", data=fields).status_code


def by_json(visitor: Visitor, token: str) -> int:
    """Sign in as kofi by JSON, on the browser as it is."""
    document = {"identifier": "kofi", "password": PASSWORD, "session": True}
    return visitor.post_json("/api/auth/login/", document).status_code


@pytest.mark.parametrize("way", [by_form, by_json])
def test_se_1_signing_in_again_ends_the_session_that_the_browser_had(
    place: Site, way: Callable[[Visitor, str], int]
) -> None:
    visitor = signed_in(place)
    thief = thief_of(place, visitor)
    assert way(visitor, csrf_of(visitor, "/auth/change-password/")) in (200, 302)
    assert is_in(visitor)
    assert not is_in(thief)


def test_se_5_a_refresh_does_not_wake_a_login_that_was_left_alone(place: Site) -> None:
    visitor = Visitor(place.app)
    document = {"identifier": "maya", "password": PASSWORD, "session": True}
    tokens: Any = visitor.post_json("/api/auth/login/", document).json
    with clock.turned(dt.timedelta(minutes=130)):
        answer = refresh(place, tokens["refresh_token"])
        assert (answer.status_code, answer.json["code"]) == (401, "token_expired")  # type: ignore[index]
        assert not is_in(visitor)


@pytest.mark.parametrize("looks_first", [True, False])
def test_se_10_a_request_sent_from_within_a_view_leaves_its_account_alone(
    place: Site, looks_first: bool
) -> None:
    other = sign_in(place.app, "kofi")
    place.app.add_url_rule("/inner/", "inner", lambda: current_user.username)

    @place.app.get("/outer/")
    def outer() -> Any:
        first = current_user.username if looks_first else "maya"
        inner = other.get("/inner/").text
        return jsonify(first, inner, current_user.username)

    assert sign_in(place.app, "maya").get("/outer/").json == ["maya", "kofi", "maya"]
    assert place.app.test_client().get("/outer/").json == [
        "" if looks_first else "maya",
        "kofi",
        "",
    ]


def test_se_10_an_error_in_between_leaves_nobody_s_account_behind(place: Site) -> None:
    """All in one thread and one application context, which is what a test or a shell keeps open."""

    @place.app.get("/who/")
    def who() -> str:
        return str(current_user.username)

    @place.app.get("/fail/")
    def fail() -> str:
        raise ValueError(current_user.username)

    place.app.config["PROPAGATE_EXCEPTIONS"] = False
    maya, kofi, nobody = sign_in(place.app, "maya"), sign_in(place.app, "kofi"), Visitor(place.app)
    with place.app.app_context():
        for client, name in ((maya, "maya"), (kofi, "kofi"), (nobody, "")) * 3:
            assert client.get("/fail/").status_code == 500
            assert client.get("/who/").text == name
            assert nobody.get("/who/").text == ""


def test_se_10_a_thread_that_fails_leaves_the_account_usable(place: Site) -> None:
    import threading

    @place.app.get("/run/")
    def run() -> Any:
        user, failures = current_user._get_current_object(), []

        def elsewhere() -> None:
            try:
                user.groups  # noqa: B018 - needs a session, which this thread has none of
            except RuntimeError as error:
                failures.append(error)

        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
        return jsonify(len(failures), list(user.groups))

    assert sign_in(place.app, "maya").get("/run/").json == [1, []]


@pytest.mark.parametrize("queried_first", [True, False])
def test_se_10_a_copy_of_the_account_is_the_account(queried_first: bool) -> None:
    app = Flask("keeping")
    app.config.update(SECRET_KEY=SECRET_KEY, TESTING=True, SQLALCHEMY_DATABASE_URI="sqlite://")
    db.init_app(app)
    Lback(app, db=db, user_model=Keeper)
    copies: list[Keeper] = []

    @app.get("/run/")
    def run() -> str:
        user = current_user._get_current_object()
        if queried_first:
            assert db.session.get(Keeper, user.id) == user
        copies.extend([copy.copy(user), copy.deepcopy(user)])
        copies.append(pickle.loads(pickle.dumps(user)))  # noqa: S301 - our own
        return user.username  # type: ignore[no-any-return]

    with app.app_context():
        initialize(app)
        UserManager().create_user(username="maya", email="maya@example.org", password=PASSWORD)
        db.session.commit()
    assert sign_in(app, "maya").get("/run/").text == "maya"
    assert [(one.username, one.is_active, hash(one)) for one in copies] == [
        ("maya", True, hash(copies[0]))
    ] * 3
    assert all(one == copies[0] for one in copies)


def cookie_of(visitor: Visitor) -> str:
    """The id in the cookie."""
    cookie = visitor.client.get_cookie(COOKIE)
    assert cookie is not None
    return str(cookie.value)


def cookie_line(answer: Any) -> str:
    """The Set-Cookie line of the login cookie."""
    lines: list[str] = answer.headers.getlist("Set-Cookie")
    return next(line for line in lines if COOKIE in line)


def count_rows(site: Site) -> int:
    """How many session rows there are."""
    with site.app.app_context():
        return int(site.db.session.query(site.models.UserSession).count())


def change_password(visitor: Visitor) -> int:
    """Change the password on the page."""
    fields = {"new_password": NEW_PASSWORD, "password_confirm": NEW_PASSWORD}
    return visitor.submit("/auth/change-password/", current_password=PASSWORD, **fields).status_code


def test_se_1_a_planted_id_stays_nobodys_and_the_form_token_changes(place: Site) -> None:
    visitor, thief = Visitor(place.app), Visitor(place.app)
    for one in (visitor, thief):
        one.client.set_cookie(COOKIE, "planted")
    token = csrf_of(visitor)
    assert by_form(visitor, token) == 302
    assert cookie_of(visitor) != "planted"
    assert not is_in(thief)
    assert visitor.client.post("/auth/logout/", data={"csrf_token": token}).status_code == 400


@pytest.mark.parametrize("way", [by_form, by_json])
@pytest.mark.parametrize("hours", [0, 13], ids=["alive", "left alone"])
def test_se_1_what_a_visitor_had_before_stays_with_them_and_is_not_the_next_ones(
    place: Site, way: Callable[[Visitor, str], int], hours: int
) -> None:
    """The application's own data, such as a cart, by the rule of the security page."""

    @place.app.get("/cart/")
    def cart() -> str:
        session.setdefault("cart", []).append(request.args["item"])
        session.modified = True
        return ",".join(session["cart"])

    visitor = Visitor(place.app)
    visitor.get("/cart/?item=tea")
    visitor.sign_in("maya", PASSWORD)
    assert visitor.get("/cart/?item=cups").text == "tea,cups"
    # Once more, as the same: the page itself leads on at once.
    document = {"identifier": "maya", "password": PASSWORD, "session": True}
    assert visitor.post_json("/api/auth/login/", document).status_code == 200
    assert visitor.get("/cart/?item=milk").text == "tea,cups,milk"
    with after(hours=hours):
        token = csrf_of(visitor, "/auth/logout/")
        assert way(visitor, token) in (200, 302)
        assert "kofi@example.org" in visitor.get("/auth/account/").text
        assert visitor.get("/cart/?item=pen").text == "pen"
        assert visitor.submit("/auth/logout/").status_code == 302
    assert visitor.get("/cart/?item=ink").text == "ink"


RISES: dict[str, Callable[[Site, Visitor], Any]] = {
    "a proof": lambda site, one: one.submit("/auth/reauthenticate/", password=PASSWORD),
    "a new password": lambda site, one: change_password(one),
    "a new address": lambda site, one: one.submit(
        f"/auth/confirm-email/?token={token_of(site, CHANGE_EMAIL, 'maya', 'x@example.org')}"
    ),
    "a view's own": lambda site, one: one.submit("/auth/account/", to="/rise/"),
}


@pytest.mark.parametrize("rise", RISES)
def test_se_2_a_rise_of_privilege_changes_the_id_and_the_form_token(place: Site, rise: str) -> None:
    @place.app.post("/rise/")
    def give_staff() -> str:
        current_user.is_staff = True
        return str(state_of(place.app)[SessionManager].rotate())

    visitor = signed_in(place)
    thief, token = thief_of(place, visitor), csrf_of(visitor, "/auth/account/")
    tokens: Any = log_in_by_json(place).json if rise == "a proof" else None
    old = cookie_of(visitor)
    RISES[rise](place, visitor)
    assert cookie_of(visitor) != old
    assert is_in(visitor)
    assert not is_in(thief)
    assert visitor.client.post("/auth/logout/", data={"csrf_token": token}).status_code == 400
    if tokens is not None:
        assert refresh(place, tokens["refresh_token"]).status_code == 200


def test_se_3_a_copied_cookie_is_dead_after_signing_out_on_both_workers(place: Site) -> None:
    url = place.app.config["SQLALCHEMY_DATABASE_URI"]
    worker = make_site(url=url)
    visitor = signed_in(place)
    thieves = [thief_of(place, visitor), thief_of(worker, visitor)]
    try:
        assert [is_in(thief) for thief in thieves] == [True, True]
        visitor.submit("/auth/logout/")
        assert [is_in(thief) for thief in thieves] == [False, False]
        bare = {"Accept": "application/json"}
        assert thieves[1].get("/auth/account/", headers=bare).status_code == 401
    finally:
        with worker.app.app_context():
            worker.db.engine.dispose()


def test_se_5_a_login_ends_when_it_is_left_alone_and_at_its_longest(place: Site) -> None:
    idle, busy = signed_in(place), signed_in(place)
    with after(minutes=121):
        assert not is_in(idle)
    for hour in range(1, 12):
        with after(hours=hour):
            busy.get("/auth/account/").close()
    with after(hours=11, minutes=59):
        assert is_in(busy)
        busy.submit("/auth/reauthenticate/", password=PASSWORD)
        assert is_in(busy)
    with after(hours=12, minutes=1):
        assert not is_in(busy), "neither use nor a proof makes it longer"


@pytest.mark.parametrize(
    "change",
    [
        lambda key: key[:-1],
        lambda key: ("x" if key[0] != "x" else "y") + key[1:],
        lambda key: key.swapcase(),
        lambda key: key + "=" * 8_000,
        lambda key: "\x80\x04K\x01.",
        lambda key: "eyJpZCI6MX0.ZzZ.signature",
        lambda key: "1",
    ],
    ids=["truncated", "tampered", "case", "huge", "pickle", "signed", "number"],
)
def test_se_6_a_changed_cookie_is_nobody_and_no_error(
    place: Site, change: Callable[[str], str]
) -> None:
    key = cookie_of(signed_in(place))

    def ask(key: str) -> int:
        header = {"HTTP_COOKIE": f"{COOKIE}={key}"}
        client = place.app.test_client(use_cookies=False)  # with its own it would drop this one
        return client.get("/auth/account/", environ_overrides=header).status_code

    assert ask(key) == 200
    assert ask(change(key)) == 302


@pytest.mark.parametrize("adopts", [True, False])
def test_se_6_a_session_signed_with_another_key_is_nobody(
    make_ready: Callable[..., Site], adopts: bool
) -> None:
    """Where sessions of Flask-Login are adopted, Flask's own cookie says who somebody is."""
    site = make_ready(LBACK_AUTH_ADOPT_SESSIONS=adopts)
    key = str(site.add_user("maya"))
    for secret, is_nobody in ((SECRET_KEY, not adopts), ("z" + SECRET_KEY[1:], True), ("", True)):
        forger = Flask("forger")
        forger.secret_key = secret or "\0"
        signer = SecureCookieSessionInterface().get_signing_serializer(forger)
        assert signer is not None
        visitor = Visitor(site.app)
        visitor.client.set_cookie("session", signer.dumps({"_user_id": key, "_fresh": True}))
        assert is_in(visitor) is not is_nobody


def test_se_7_the_cookie_is_out_of_reach_of_scripts_and_other_sites(place: Site) -> None:
    for scheme, secure in (("http", False), ("https", True)):
        visitor = Visitor(place.app, scheme=scheme)
        answers = [visitor.sign_in("maya", PASSWORD)]
        answers.append(visitor.submit("/auth/reauthenticate/", password=PASSWORD))
        for parts in (cookie_line(answer).split("; ") for answer in answers):
            assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(parts)
            assert ("Secure" in parts) is secure
            assert not any(part.startswith("Domain") for part in parts)


def test_se_7_with_secure_cookies_the_name_binds_it_to_the_host(
    make_ready: Callable[..., Site],
) -> None:
    site = make_ready(SESSION_COOKIE_SECURE=True)
    site.add_user("maya")
    visitor = Visitor(site.app, scheme="https")
    answers = [visitor.sign_in("maya", PASSWORD)]
    answers.append(visitor.submit("/auth/reauthenticate/", password=PASSWORD))
    for line in map(cookie_line, answers):
        assert line.startswith("__Host-lback_session=")
        assert "Secure" in line.split("; ")
    assert is_in(visitor)


def test_se_8_anonymous_visits_make_no_row_and_no_cookie(place: Site) -> None:
    visitor = Visitor(place.app)
    assert not any("Set-Cookie" in visitor.get("/").headers for _ in range(200))
    assert count_rows(place) == 0


def test_se_9_only_the_button_signs_out(place: Site) -> None:
    visitor = signed_in(place)
    visitor.get("/auth/logout/")
    visitor.get("/auth/logout/", headers={"Sec-Fetch-Dest": "image"})
    assert is_in(visitor)
    foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    data = {"csrf_token": csrf_of(visitor, "/auth/account/")}
    assert visitor.client.post("/auth/logout/", headers=foreign).status_code == 400
    assert visitor.client.post("/auth/logout/", data=data, headers=foreign).status_code == 400
    assert visitor.client.post("/api/auth/logout/", headers=foreign).status_code == 400
    for path in ("end-others", "1/end"):
        assert visitor.client.post(f"/auth/sessions/{path}/", headers=foreign).status_code == 400
    assert is_in(visitor)


def test_se_11_an_id_in_the_address_or_a_form_is_not_looked_at(place: Site) -> None:
    key = cookie_of(signed_in(place))
    client = place.app.test_client()
    names = (COOKIE, "session_id", "session", "sid", "_user_id")
    query = "&".join(f"{name}={key}" for name in names)
    assert client.get(f"/auth/account/?{query}").status_code == 302
    assert client.get("/api/auth/me/", headers={"X-Session-Id": key}).status_code == 401
    document = dict.fromkeys(names, key)
    fresh = place.app.test_client()
    assert fresh.post("/api/auth/sessions/end-others/", json=document).status_code == 401


def test_se_12_pages_about_an_account_stay_out_of_shared_caches(place: Site) -> None:
    visitor = signed_in(place)
    for page in ("account", "sessions", "change-password", "change-email", "reauthenticate"):
        answer = visitor.get(f"/auth/{page}/")
        assert answer.status_code == 200
        assert "Cookie" in answer.headers["Vary"], page
        assert "no-store" in answer.headers["Cache-Control"], page
    answer = visitor.get("/api/auth/sessions/")
    assert "Cookie" in answer.headers["Vary"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert visitor.get("/ten/").headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("event", ["password", "everywhere", "address", "reset"])
def test_rm_1_a_stolen_remembered_login_is_refused_afterwards(place: Site, event: str) -> None:
    stolen = signed_in(place, remember="y")
    thief, owner = thief_of(place, stolen), signed_in(place)
    assert is_in(thief)
    if event == "password":
        assert change_password(owner) == 302
    elif event == "everywhere":
        owner.submit("/auth/sessions/", to="/auth/sessions/end-others/")
    elif event == "address":
        token = token_of(place, CHANGE_EMAIL, "maya", "x@example.org")
        owner.submit(f"/auth/confirm-email/?token={token}")
    else:
        document = {"token": token_of(place, RESET), "new_password": NEW_PASSWORD}
        assert post(place, "reset-password", document).status_code == 200
    assert not is_in(thief)
    assert is_in(owner) is (event != "reset")


def test_rm_2_each_remembered_login_is_seen_and_ended_by_itself(place: Site) -> None:
    one, other = signed_in(place, remember="y"), signed_in(place, remember="y")
    thief = thief_of(place, one)
    thief.client.environ_base["REMOTE_ADDR"] = "203.0.113.80"
    assert is_in(thief)
    other.submit("/auth/sessions/", to="/auth/sessions/1/end/")
    assert [is_in(visitor) for visitor in (one, thief, other)] == [False, False, True]


def test_rm_3_a_remembered_login_proves_itself_before_it_changes_much(place: Site) -> None:
    visitor = signed_in(place, remember="y")
    with after(days=3):
        assert is_in(visitor)
        answer = visitor.submit("/auth/change-email/", email="x@example.org")
        assert answer.status_code == 400
        fields = {"new_password": NEW_PASSWORD, "password_confirm": NEW_PASSWORD}
        assert visitor.submit("/auth/change-password/", **fields).status_code == 400
        with place.app.app_context():
            place.user("maya").password_hash = None
            place.db.session.commit()
        for page in ("change-email", "change-password"):
            answer = visitor.get(f"/auth/{page}/")
            assert answer.location.startswith("/auth/reauthenticate/"), page


def test_rm_5_signing_out_clears_the_remembered_cookie_on_both_sides(place: Site) -> None:
    visitor = signed_in(place, remember="y")
    thief = thief_of(place, visitor)
    answer = visitor.submit("/auth/logout/")
    assert "Max-Age=0" in cookie_line(answer)
    assert visitor.client.get_cookie(COOKIE) is None
    assert not is_in(thief)
