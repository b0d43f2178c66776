"""How a request may say who asks: for an application, for a view, and by HTTP Basic."""

from __future__ import annotations

import datetime as dt
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, jsonify
from flask.views import MethodView
from werkzeug.test import TestResponse

from flask_lback.auth import auth_required, current_user, fresh_login_required
from flask_lback.auth.api_tokens.service import ApiTokens
from flask_lback.auth.current import present_login
from flask_lback.auth.entrance import Entrance
from flask_lback.auth.passwords.hasher import PasswordHasher
from flask_lback.auth.settings import PasswordSettings
from flask_lback.core.state import state_of
from flask_lback.exceptions import ConfigError
from flask_lback.testing import sign_in
from tests.support.apps import PASSWORD, Site, make_site
from tests.support.visitor import Visitor, hidden_fields

EVERY = ("session", "jwt", "token", "basic")
JSON = {"Accept": "application/json"}
Make = Callable[..., Site]


@pytest.fixture
def make(make_ready: Make) -> Make:
    """``make(*mechanisms, **config)``: a site with maya and views of each kind."""

    def make_one(*mechanisms: str, **config: Any) -> Site:
        site = make_ready(LBACK_AUTH_MECHANISMS=mechanisms or EVERY, **config)
        site.add_user("maya")
        add_views(site.app)
        return site

    return make_one


def add_views(app: Flask) -> None:
    """One view for each mechanism, for two, and for any."""

    def who() -> Any:
        login = present_login()
        return jsonify(login.mechanism if login is not None else None)

    def add(path: str, *names: str) -> None:
        guarded = auth_required(*names)(who)
        app.add_url_rule(f"/{path}/", path, guarded, methods=["GET", "POST"])

    for name in EVERY:
        add(f"by-{name}", name)
    add("by-two", "jwt", "token")
    add("by-any")
    app.add_url_rule("/open/", "open", who, methods=["GET", "POST"])


def basic(name: str = "maya@example.org", password: str = PASSWORD) -> dict[str, str]:
    """The header of a name and a password."""
    return {"Authorization": "Basic " + b64encode(f"{name}:{password}".encode()).decode()}


def api_token(site: Site, name: str = "maya") -> str:
    """A token of an account."""
    with site.app.test_request_context():
        tokens = state_of(site.app)[ApiTokens]
        return tokens.make(site.user(name), "a script", life=dt.timedelta(days=1))[1]


def headers_by(site: Site, mechanism: str) -> dict[str, str]:
    """What a request by that mechanism carries; nothing for the cookie."""
    if mechanism == "basic":
        return basic()
    if mechanism == "token":
        return {"Authorization": f"Token {api_token(site)}"}
    if mechanism == "jwt":
        document = {"identifier": "maya@example.org", "password": PASSWORD}
        answer: Any = site.app.test_client().post("/api/auth/login/", json=document)
        return {"Authorization": f"Bearer {answer.json['access_token']}"}
    return {}


def get(site: Site, path: str, mechanism: str) -> TestResponse:
    """Ask for a page by a mechanism."""
    client = site.app.test_client()
    if mechanism == "session":
        sign_in(site.app, "maya@example.org", client=client)
    return client.get(path, headers={**JSON, **headers_by(site, mechanism)})


@pytest.mark.parametrize("mechanism", EVERY)
def test_a_view_runs_for_the_mechanisms_that_it_names(make: Make, mechanism: str) -> None:
    site = make()
    for other in EVERY:
        answer = get(site, f"/by-{other}/", mechanism)
        if other == mechanism:
            assert (answer.status_code, answer.json) == (200, mechanism)
        else:
            document: Any = answer.json
            assert (answer.status_code, document["code"]) == (401, "mechanism_not_accepted")
    assert get(site, "/by-any/", mechanism).json == mechanism
    assert get(site, "/by-two/", mechanism).status_code == (
        200 if mechanism in ("jwt", "token") else 401
    )


@pytest.mark.parametrize("mechanism", EVERY)
def test_what_the_application_does_not_accept_opens_nothing(make: Make, mechanism: str) -> None:
    site = make(*(name for name in EVERY if name != mechanism))
    for path in ("/by-any/", f"/by-{mechanism}/"):
        assert get(site, path, mechanism).status_code == 401
    assert get(site, "/open/", mechanism).json is None


def test_the_usual_ones_are_all_but_basic(make_ready: Make) -> None:
    site = make_ready()
    site.add_user("maya")
    add_views(site.app)
    answers = [get(site, "/by-any/", mechanism).status_code for mechanism in EVERY]
    assert answers == [200, 200, 200, 401]


def test_anonymous_people_are_led_to_the_sign_in_page_where_it_helps(make: Make) -> None:
    client = make().app.test_client()
    assert client.get("/by-session/").status_code == 302
    assert client.get("/by-any/").status_code == 302
    assert client.get("/by-any/", headers=JSON).status_code == 401
    assert client.get("/by-two/").status_code == 401


@pytest.mark.parametrize(
    ("path", "challenge"),
    [
        ("by-any", 'Bearer realm="api", Basic realm="api", charset="UTF-8"'),
        ("by-two", 'Bearer realm="api"'),
        ("by-basic", 'Basic realm="api", charset="UTF-8"'),
        ("by-session", None),
    ],
)
def test_the_answer_names_the_schemes_of_the_view(
    make: Make, path: str, challenge: str | None
) -> None:
    answer = make().app.test_client().get(f"/{path}/", headers=JSON)
    assert answer.headers.get("WWW-Authenticate") == challenge


def test_a_browser_is_not_made_to_ask_for_a_password(make: Make) -> None:
    client = make().app.test_client()
    headers = {**JSON, "Sec-Fetch-Site": "same-origin"}
    answer = client.get("/by-any/", headers=headers)
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="api"'
    assert "Basic" in client.get("/by-basic/", headers=headers).headers["WWW-Authenticate"]


def test_without_basic_nobody_is_asked_for_it(make: Make) -> None:
    client = make("session", "jwt", "token").app.test_client()
    challenge = client.get("/by-any/", headers=JSON).headers["WWW-Authenticate"]
    assert challenge == 'Bearer realm="api"'


def test_an_unknown_name_stops_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="Did you mean 'session'"):
        auth_required("sessions")
    with pytest.raises(ConfigError, match="Did you mean 'basic'"):
        make_site(LBACK_AUTH_MECHANISMS=("session", "Basic"))


def test_it_guards_async_views_and_classes(make: Make) -> None:
    site = make()

    @site.app.get("/later/")
    @auth_required
    async def later() -> str:
        return "later"

    @auth_required("token")
    class Notes(MethodView):
        def get(self) -> str:
            return "notes"

    class MoreNotes(Notes):
        def dispatch_request(self, **values: Any) -> Any:
            return "more"

    site.app.add_url_rule("/notes/", view_func=Notes.as_view("notes"))
    site.app.add_url_rule("/more/", view_func=MoreNotes.as_view("more"))
    client, token = site.app.test_client(), headers_by(site, "token")
    assert client.get("/later/", headers={**JSON, **token}).text == "later"
    for path, text in (("/notes/", "notes"), ("/more/", "more")):
        assert client.get(path, headers=token).text == text
        assert client.get(path, headers={**JSON, **basic()}).status_code == 401
        assert client.get(path, headers=JSON).status_code == 401


# --- HTTP Basic ---------------------------------------------------------------------------------


def test_a_password_opens_without_a_session_or_a_cookie(make: Make) -> None:
    site = make()
    answer = site.app.test_client().get("/by-any/", headers={**JSON, **basic()})
    assert answer.json == "basic"
    assert "Set-Cookie" not in answer.headers
    with site.app.app_context():
        assert site.db.session.query(site.models.UserSession).count() == 0


def test_a_wrong_password_opens_nothing(make: Make) -> None:
    client = make().app.test_client()
    for password in ("wrong", "", PASSWORD + " ", "x" * 5_000, "a\x00b"):
        headers = {**JSON, **basic(password=password)}
        assert client.get("/by-any/", headers=headers).status_code == 401


NO_HEADERS = (
    "",
    "Basic",
    "Basic ",
    "Basic !!!!",
    "Basic bWF5YQ",
    "Basic bWF5YQ==",
    "Basic /////w==",
    "Basic bWF5YTp4 bWF5YTp4",
    "Basic bWF5YTp4, Basic bWF5YTp4",
    "Basic " + b64encode(b"\x00:\x00").decode(),
    "Basic " + b64encode(b"\xff\xfe:x").decode(),
    "Basic " + b64encode(b":").decode(),
    "Basic " + b64encode(b"maya@example.org:").decode(),
    "Basic " + b64encode(b"x" * 60_000 + b":x").decode(),
    "Basic realm=x",
    "basic\t" + b64encode(b"maya:x").decode(),
    "é",
)


def test_what_is_no_header_is_nobody_and_no_error(make: Make) -> None:
    client = make().app.test_client()
    for value in NO_HEADERS:
        headers = {"Authorization": value}
        assert client.get("/open/", headers=headers).json is None, value
        assert client.get("/by-any/", headers={**JSON, **headers}).status_code == 401, value


def test_names_and_passwords_are_utf_8(make: Make) -> None:
    site = make()
    site.add_user("zoë", password="crème brûlée: 5 ¥ gut")
    header = basic("zoë", "crème brûlée: 5 ¥ gut")
    assert site.app.test_client().get("/by-any/", headers=header).json == "basic"


def test_the_checks_of_the_sign_in_page_hold(make: Make) -> None:
    site = make()
    site.add_user("kofi", verified=False)
    site.add_user("lena", is_active=False)
    client = site.app.test_client()
    for name in ("kofi@example.org", "lena@example.org", "nobody@example.org"):
        assert client.get("/by-any/", headers={**JSON, **basic(name)}).status_code == 401


def test_the_budget_is_that_of_the_sign_in_page(make: Make) -> None:
    site = make(LBACK_AUTH_LIMIT_PASSWORD_PER_ACCOUNT="3 per minute")
    client = site.app.test_client()
    for _ in range(2):
        assert client.get("/by-any/", headers={**JSON, **basic(password="x")}).status_code == 401
    client.post("/api/auth/login/", json={"identifier": "maya@example.org", "password": "x"})
    answer = client.get("/by-any/", headers={**JSON, **basic()})
    assert answer.status_code == 429
    page = client.get("/by-any/", headers=basic())
    assert page.status_code == 429
    assert "<h1" in page.text


class SecondFactor:
    """A gate that asks for one."""

    def asks(self, user: Any, method: str) -> str | None:
        """After a password."""
        return "two_factor_required" if method == "password" else None


def test_an_account_with_a_second_factor_needs_it(make: Make) -> None:
    site = make()
    token = api_token(site)
    state_of(site.app)[Entrance].put_up(SecondFactor())
    client = site.app.test_client()
    answer = client.get("/by-any/", headers={**JSON, **basic()})
    assert answer.status_code == 401
    answer.close()  # what was refused is written once the answer has left
    with site.app.app_context():
        entries = site.db.session.query(site.models.AuditEntry)
        assert [row.outcome for row in entries.filter_by(action="auth.basic")] == ["refused"]
    assert client.get("/by-any/", headers=basic("maya", token)).json == "token"


@pytest.mark.parametrize("place", ["name", "password"])
def test_a_token_stands_in_for_the_password_as_git_sends_it(make: Make, place: str) -> None:
    site = make()
    token = api_token(site)
    pair = (token, "") if place == "name" else ("x-token", token)
    client = site.app.test_client()
    assert client.get("/by-token/", headers=basic(*pair)).json == "token"
    wrong = tuple(part.replace(token, token[:-1]) for part in pair)
    assert client.get("/by-token/", headers={**JSON, **basic(*wrong)}).status_code == 401


def test_a_token_needs_both_mechanisms_for_that(make: Make) -> None:
    site = make("session", "basic")
    headers = basic("x-token", api_token(site))
    assert site.app.test_client().get("/open/", headers=headers).json is None


def test_a_password_sent_with_every_request_is_no_recent_proof(make: Make) -> None:
    site = make()
    site.app.add_url_rule("/fresh/", "fresh", fresh_login_required(lambda: "fresh"))
    client = site.app.test_client()
    for headers, status in ((basic(), 401), (headers_by(site, "token"), 403)):
        answer = client.get("/fresh/", headers={**JSON, **headers})
        assert answer.status_code == status


def test_pending_work_of_the_request_is_not_committed_by_the_check(make: Make) -> None:
    site = make()
    costly = PasswordSettings(argon2_time_cost=2, argon2_memory_kib=16, argon2_parallelism=1)
    state_of(site.app)[PasswordHasher].use(costly)

    @site.app.get("/pending/")
    def pending() -> str:
        site.db.session.add(site.models.Group(name="pending"))
        name = current_user.get_username()
        site.db.session.rollback()
        return str(name)

    with site.app.app_context():
        before = site.user("maya").password_hash
    assert site.app.test_client().get("/pending/", headers=basic()).text == "maya"
    with site.app.app_context():
        assert site.db.session.query(site.models.Group).count() == 0
        after = site.user("maya").password_hash
        assert after != before
        assert "m=16,t=2" in after


def test_the_account_belongs_to_the_session_of_the_request(make: Make) -> None:
    site = make()

    @site.app.get("/rename/")
    def rename() -> str:
        current_user.first_name = "Maya"
        site.db.session.commit()
        return ""

    assert site.app.test_client().get("/rename/", headers=basic()).status_code == 200
    with site.app.app_context():
        assert site.user("maya").first_name == "Maya"


def test_a_program_needs_no_csrf_token_and_a_browser_does(make: Make) -> None:
    site = make()
    client = site.app.test_client()
    assert client.post("/by-basic/", data={"a": "b"}, headers=basic()).json == "basic"
    assert client.post("/by-basic/", json={}, headers=basic()).json == "basic"
    for hint in (
        {"Origin": "https://evil.example"},
        {"Origin": "http://localhost"},
        {"Referer": "https://evil.example/"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "none"},
        {},
    ):
        client = site.app.test_client()
        if not hint:
            client.set_cookie("a", "b")
        bodies: tuple[dict[str, Any], ...] = (
            {"data": {"a": "b"}},
            {"json": {}},
            {"data": b"", "content_type": "a/b"},
        )
        for body in bodies:
            options: Any = {**body, "headers": {**basic(), **hint}}
            assert client.post("/by-basic/", **options).status_code == 400


def test_a_browser_with_a_password_may_post_with_its_token(make: Make) -> None:
    site = make()
    visitor = Visitor(site.app)
    token = hidden_fields(visitor.get("/auth/login/").text)["csrf_token"]
    headers = {**basic(), "X-CSRFToken": token, "Origin": "http://localhost"}
    assert visitor.client.post("/by-basic/", json={}, headers=headers).json == "basic"


def test_a_password_for_a_server_in_front_is_left_alone_where_basic_is_off(make: Make) -> None:
    site = make("session")
    client = sign_in(site.app, "maya@example.org")
    assert client.get("/by-session/", headers=basic("staging", "x")).json == "session"
    assert client.post("/by-session/", data={}, headers=basic("staging", "x")).status_code == 400


def test_where_basic_is_on_it_decides_alone(make: Make) -> None:
    client = sign_in(make().app, "maya@example.org")
    assert client.get("/open/", headers=basic("kofi", "x")).json is None
