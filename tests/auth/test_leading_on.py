"""Where people are led: after signing in and out, and where pages are mounted by hand or not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Blueprint, Flask

from flask_lback import Lback
from flask_lback.auth import fresh_login_required
from flask_lback.exceptions import ConfigError, UnknownNameError
from flask_lback.testing.kit import outbox_of
from tests.support.apps import PASSWORD, SECRET_KEY, Site
from tests.support.visitor import Visitor, errors_of

Ready = Callable[..., Site]


@pytest.mark.parametrize("key", ["LBACK_AUTH_LOGIN_REDIRECT", "LOGIN_REDIRECT_URL"])
@pytest.mark.parametrize(
    ("target", "location"),
    [
        ("news", "/news/"),
        ("lback_auth.sessions", "/auth/sessions/"),
        ("/ten/?a=b", "/ten/?a=b"),
        ("https://app.example/in", "https://app.example/in"),
    ],
)
def test_a_sign_in_leads_to_a_path_or_to_an_endpoint(
    make_ready: Ready, key: str, target: str, location: str
) -> None:
    site = make_ready(**{key: target})
    site.add_user("maya")
    visitor = Visitor(site.app)
    assert visitor.sign_in("maya", PASSWORD).headers["Location"] == location
    assert visitor.get("/auth/login/").headers["Location"] == location
    assert visitor.get("/auth/login/?next=/ten/").headers["Location"] == "/ten/"


@pytest.mark.parametrize("key", ["LBACK_AUTH_LOGOUT_REDIRECT", "LOGOUT_REDIRECT_URL"])
def test_signing_out_leads_to_a_path_or_to_an_endpoint(make_ready: Ready, key: str) -> None:
    for target in ("home", "/"):
        site = make_ready(**{key: target})
        site.add_user("maya")
        visitor = Visitor(site.app)
        visitor.sign_in("maya", PASSWORD)
        assert visitor.submit("/auth/logout/").headers["Location"] == "/"


def test_a_magic_link_leads_to_the_endpoint_of_the_setting(make_ready: Ready) -> None:
    site = make_ready(
        LBACK_AUTH_LOGIN_REDIRECT="news",
        LBACK_AUTH_MAGIC_LINK_ENABLED=True,
        LBACK_AUTH_MAGIC_LINK_SAME_BROWSER=False,
    )
    site.add_user("maya")
    visitor = Visitor(site.app)
    visitor.submit("/auth/magic-link/request/", email="maya@example.org")
    [mail] = outbox_of(site.app)
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    link = next(word for word in text.split() if "magic-link" in word)
    answer = visitor.submit(link.removeprefix("http://localhost"))
    assert answer.headers["Location"] == "/news/"


@pytest.mark.parametrize(
    ("key", "target", "message"),
    [
        ("LOGIN_REDIRECT_URL", "hom", "LOGIN_REDIRECT is 'hom', .* Did you mean 'home'"),
        ("LBACK_AUTH_LOGOUT_REDIRECT", "news/", "is 'news/'. Did you mean '/news/'"),
        ("LBACK_AUTH_LOGIN_REDIRECT", "lback_auth.end_session", "variable parts: give a path"),
    ],
)
def test_a_dead_end_is_refused_before_the_first_answer(
    make_ready: Ready, key: str, target: str, message: str
) -> None:
    site = make_ready(**{key: target})
    with pytest.raises(ConfigError, match=message):
        site.app.test_client().get("/")


def test_without_any_mechanism_nothing_starts() -> None:
    app = Flask("shop")
    app.config.update(SECRET_KEY=SECRET_KEY, LBACK_AUTH_MECHANISMS=())
    with pytest.raises(ConfigError, match=r"nobody could sign in\. Name one of session, jwt"):
        Lback(app)


def test_without_sessions_there_are_the_pages_of_mails_and_no_sign_in(make_ready: Ready) -> None:
    site = make_ready(LBACK_AUTH_MECHANISMS=("jwt",))
    visitor = Visitor(site.app)
    for path in (
        "login",
        "logout",
        "account",
        "sessions",
        "tokens",
        "two-factor",
        "reauthenticate",
    ):
        assert visitor.get(f"/auth/{path}/").status_code == 404, path
    maya = {"username": "maya", "email": "maya@example.org", "password": PASSWORD}
    assert visitor.post_json("/api/auth/register/", maya).status_code == 202
    text = outbox_of(site.app)[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    link = next(word for word in text.split() if "verify-email" in word)
    answer = visitor.submit(
        link.removeprefix("http://localhost"), link.removeprefix("http://localhost")
    )
    assert answer.status_code == 200
    assert "Your address is confirmed." in errors_of(answer.text)
    login = {"identifier": "maya", "password": PASSWORD}
    assert visitor.post_json("/api/auth/login/", login).status_code == 200
    refused: Any = visitor.post_json("/api/auth/login/", {**login, "session": True})
    assert (refused.status_code, refused.json["code"]) == (400, "mechanism_not_accepted")
    outbox_of(site.app).clear()
    visitor.submit("/auth/request-reset-password/", email="maya@example.org")
    text = outbox_of(site.app)[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    link = next(word for word in text.split() if "reset-password" in word)
    new = {"new_password": "another long sentence", "password_confirm": "another long sentence"}
    answer = visitor.submit(link.removeprefix("http://localhost"), **new)
    assert "Your password is changed." in errors_of(answer.text)


def test_a_page_that_wants_a_fresh_sign_in_says_so_where_no_page_asks(make_ready: Ready) -> None:
    site = make_ready(LBACK_AUTH_MECHANISMS=("basic",))
    site.add_user("maya")

    @site.app.get("/secret/")
    @fresh_login_required
    def secret() -> str:
        return "secret"

    answer = site.app.test_client().get("/secret/", auth=("maya", PASSWORD))
    assert answer.status_code == 401


def test_pages_under_another_name_are_refused_with_the_way_out(make_ready: Ready) -> None:
    site = make_ready(LBACK_AUTH_URL_PREFIX=None)
    with pytest.raises(ConfigError, match=r"as 'members': .* without name=; url_prefix="):
        site.app.register_blueprint(site.lback.blueprint("auth"), name="members")
    parent = Blueprint("people", __name__)
    parent.register_blueprint(site.lback.blueprint("auth"))
    with pytest.raises(ConfigError, match=r"as 'people\.lback_auth'"):
        site.app.register_blueprint(parent, url_prefix="/people")


def test_the_json_routes_can_be_mounted_by_hand(make_ready: Ready) -> None:
    site = make_ready(LBACK_API_URL_PREFIX=None)
    site.app.register_blueprint(site.lback.blueprint("api"), url_prefix="/v1/auth")
    site.add_user("maya")
    login: dict[str, Any] = {"identifier": "maya", "password": PASSWORD}
    assert Visitor(site.app).post_json("/v1/auth/login/", login).status_code == 200
    with pytest.raises(UnknownNameError, match="There are 'auth' and 'api'"):
        site.lback.blueprint("admin")
