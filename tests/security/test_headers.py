"""Headers on every response; what the view or the settings say wins."""

from __future__ import annotations

import re

import pytest
from flask import Flask, Response

from flask_lback.security import csp_nonce
from tests.core.making import make_app, served_app

STRICT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
EXPECTED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Content-Security-Policy": STRICT,
}


def with_pages(app: Flask) -> Flask:
    @app.get("/")
    def home() -> str:
        return "home"

    @app.get("/own/")
    def own() -> Response:
        return Response(
            "own",
            headers={
                "x-frame-options": "SAMEORIGIN",
                "Content-Security-Policy": "default-src 'self'",
                "Strict-Transport-Security": "max-age=1",
            },
        )

    @app.get("/nonce/")
    def nonce() -> str:
        return f"{csp_nonce()} {csp_nonce()}"

    @app.get("/broken/")
    def broken() -> str:
        raise RuntimeError

    return app


@pytest.fixture
def app() -> Flask:
    return with_pages(served_app("security"))


@pytest.mark.parametrize("path", ["/", "/nothing/", "/broken/", "/own", "/lback/static/app.css"])
def test_every_response_has_every_header(app: Flask, path: str) -> None:
    with app.test_client().get(path) as answer:
        assert {name: answer.headers.get(name) for name in EXPECTED} == EXPECTED
        assert "X-XSS-Protection" not in answer.headers
        assert "Strict-Transport-Security" not in answer.headers


def test_a_header_of_the_view_wins_and_comes_once(app: Flask) -> None:
    headers = app.test_client().get("/own/").headers
    assert headers.getlist("X-Frame-Options") == ["SAMEORIGIN"]
    assert headers.getlist("Content-Security-Policy") == ["default-src 'self'"]
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_the_policy_names_a_nonce_only_where_one_is_used(app: Flask) -> None:
    client = app.test_client()
    page = client.get("/nonce/")
    first, second = page.text.split()
    assert first == second
    policy = page.headers.getlist("Content-Security-Policy")
    assert len(policy) == 1
    assert f"script-src 'self' 'nonce-{first}'; style-src 'self' 'nonce-{first}'" in policy[0]
    assert "nonce" not in client.get("/").headers["Content-Security-Policy"]


def test_a_nonce_has_128_bits_and_comes_never_again(app: Flask) -> None:
    client = app.test_client()
    nonces = {client.get("/nonce/").text.split()[0] for _ in range(100)}
    assert len(nonces) == 100
    assert all(re.fullmatch(r"[\w-]{22,}", nonce) for nonce in nonces)


def test_templates_may_ask_for_the_nonce(app: Flask) -> None:
    from flask import render_template_string

    app.add_url_rule("/t/", "t", lambda: render_template_string("{{ csp_nonce() }}"))
    answer = app.test_client().get("/t/")
    assert f"'nonce-{answer.text}'" in answer.headers["Content-Security-Policy"]


def test_settings_change_add_and_take_out_headers() -> None:
    app = with_pages(
        make_app(
            "security",
            LBACK_SECURITY_HEADERS={
                "x-frame-options": "",
                "referrer-policy": "no-referrer",
                "X-Site": "shop",
            },
        )
    )
    headers = app.test_client().get("/").headers
    assert "X-Frame-Options" not in headers
    assert headers.getlist("Referrer-Policy") == ["no-referrer"]
    assert headers["X-Site"] == "shop"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_settings_change_and_take_out_directives() -> None:
    app = with_pages(
        make_app(
            "security",
            LBACK_SECURITY_CSP={"img-src": "'self' https://images.example", "script-src": ""},
        )
    )
    client = app.test_client()
    policy = client.get("/").headers["Content-Security-Policy"]
    assert "img-src 'self' https://images.example;" in policy
    assert "script-src" not in policy
    nonce, policy = (
        client.get("/nonce/").text.split()[0],
        client.get("/nonce/").headers["Content-Security-Policy"],
    )
    assert re.search(r"script-src +'nonce-", policy)
    assert nonce not in policy


def test_the_policy_can_be_switched_off() -> None:
    app = with_pages(make_app("security", LBACK_SECURITY_CSP_ENABLED=False))
    for path in ("/", "/nonce/"):
        headers = app.test_client().get(path).headers
        assert "Content-Security-Policy" not in headers
        assert headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize(
    ("base_url", "headers", "sent"),
    [
        ("https://localhost", {}, "max-age=31536000"),
        ("http://localhost", {}, None),
        ("http://localhost", {"X-Forwarded-Proto": "https"}, None),
    ],
)
def test_browsers_are_told_to_stay_on_https_over_https_only(
    base_url: str, headers: dict[str, str], sent: str | None
) -> None:
    app = with_pages(make_app("security", LBACK_SECURITY_HSTS_SECONDS=31_536_000))
    answer = app.test_client().get("/", base_url=base_url, headers=headers)
    assert answer.headers.get("Strict-Transport-Security") == sent


def test_the_view_s_own_https_header_wins() -> None:
    app = with_pages(make_app("security", LBACK_SECURITY_HSTS_SECONDS=31_536_000))
    answer = app.test_client().get("/own/", base_url="https://localhost")
    assert answer.headers.getlist("Strict-Transport-Security") == ["max-age=1"]


def test_the_session_cookie_stays_on_this_site() -> None:
    assert make_app("security").config["SESSION_COOKIE_SAMESITE"] == "Lax"
    strict = make_app("security", SESSION_COOKIE_SAMESITE="Strict")
    assert strict.config["SESSION_COOKIE_SAMESITE"] == "Strict"
