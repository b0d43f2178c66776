"""Signing in: one answer for every failure, attempts counted, hashes kept fresh."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import re
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.security import generate_password_hash

from flask_lback.core import clock
from flask_lback.testing import record_signals
from tests.support.apps import PASSWORD, Site
from tests.support.visitor import Visitor, errors_of


@pytest.fixture
def place(site: Site) -> Site:
    """A site with one account."""
    site.add_user("maya")
    return site


def masked(html: str) -> str:
    """A page without what differs at every answer or repeats what was typed."""
    return re.sub(r'value="[^"]*"', "", html)


@pytest.mark.parametrize("identifier", ["maya", "MAYA", "maya@example.org", "Maya@EXAMPLE.org"])
def test_username_and_address_open_the_account_however_written(
    place: Site, identifier: str
) -> None:
    assert Visitor(place.app).sign_in(identifier, PASSWORD).status_code == 302


def test_every_failure_looks_the_same(place: Site) -> None:
    place.add_user("off", is_active=False)
    place.add_user("nopass", password=None)
    place.add_user("waiting", verified=False)
    pages = {}
    for name in ("nobody", "maya", "off", "nopass", "waiting"):
        answer = Visitor(place.app).sign_in(name, "a wrong sentence")
        pages[name] = (
            answer.status_code,
            masked(answer.text),
            sorted(k for k, _ in answer.headers),
        )
    assert len({str(page) for page in pages.values()}) == 1
    assert pages["nobody"][0] == 401
    assert "The name or the password is wrong." in errors_of(pages["nobody"][1])


def test_a_hash_is_computed_for_unknown_names_too(
    place: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    import argon2

    verified: list[str] = []
    real = argon2.PasswordHasher.verify

    def spy(self: Any, stored: str, password: str) -> bool:
        verified.append(password)
        return real(self, stored, password)

    monkeypatch.setattr(argon2.PasswordHasher, "verify", spy)
    for name in ("nobody", "maya"):
        Visitor(place.app).sign_in(name, "a wrong sentence")
    assert verified == ["a wrong sentence"] * 2


def test_wrong_passwords_are_stopped_per_account_and_told_when_to_come_back(place: Site) -> None:
    visitor = Visitor(place.app)
    answers = [
        visitor.sign_in(name, "a wrong sentence").status_code
        for name in ["maya", "MAYA", " Maya", "\uff4daya"] * 2
    ]
    assert answers == [401] * 5 + [429] * 3
    refused = visitor.sign_in("maya", PASSWORD)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 61


def test_unknown_names_are_stopped_alike(place: Site) -> None:
    visitor = Visitor(place.app)
    answers = [visitor.sign_in("nobody", "a wrong sentence").status_code for _ in range(8)]
    assert answers == [401] * 5 + [429] * 3


def test_one_address_cannot_try_many_accounts(make_ready: Callable[..., Site]) -> None:
    place = make_ready(LBACK_AUTH_LIMIT_PASSWORD_PER_ADDRESS="20 per minute")
    visitor = Visitor(place.app)
    answers = [visitor.sign_in(f"name{n}", "a wrong sentence").status_code for n in range(25)]
    assert answers == [401] * 20 + [429] * 5


def test_a_success_forgives_the_account_its_failures(place: Site) -> None:
    visitor = Visitor(place.app)
    for _ in range(4):
        visitor.sign_in("maya", "a wrong sentence")
    assert visitor.sign_in("maya", PASSWORD).status_code == 302
    other = Visitor(place.app)
    assert other.sign_in("maya", "a wrong sentence").status_code == 401


def test_a_reset_lets_the_owner_in_again(place: Site) -> None:
    from flask_lback.auth.mails.links import RESET, LinkTokens
    from flask_lback.core.state import state_of

    visitor = Visitor(place.app)
    for _ in range(11):
        visitor.sign_in("maya", "a wrong sentence")
    with place.app.app_context():
        token = state_of(place.app)[LinkTokens].make(RESET, place.user("maya"))
    new = "quite another sentence"
    visitor.submit(
        f"/auth/reset-password/?token={token}",
        to="/auth/reset-password/",
        new_password=new,
        password_confirm=new,
    )
    assert visitor.sign_in("maya", new).status_code == 302


def django_hash(password: str) -> str:
    """A hash as Django writes it."""
    made = hashlib.pbkdf2_hmac("sha256", password.encode(), b"salt", 1000)
    return f"pbkdf2_sha256$1000$salt${base64.b64encode(made).decode()}"


@pytest.mark.parametrize(
    "stored",
    [
        generate_password_hash(PASSWORD, method="scrypt:1024:8:1"),
        generate_password_hash(PASSWORD, method="pbkdf2:sha256:1000"),
        django_hash(PASSWORD),
    ],
    ids=["scrypt", "pbkdf2", "django"],
)
def test_an_older_hash_opens_the_account_and_is_replaced(place: Site, stored: str) -> None:
    with place.app.app_context():
        place.user("maya").password_hash = stored
        place.db.session.commit()
    assert Visitor(place.app).sign_in("maya", "a wrong sentence").status_code == 401
    assert Visitor(place.app).sign_in("maya", PASSWORD).status_code == 302
    with place.app.app_context():
        assert place.user("maya").password_hash.startswith("$argon2id$")
    assert Visitor(place.app).sign_in("maya", PASSWORD).status_code == 302


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "plain",
        "pbkdf2_sha256$x$y",
        "pbkdf2_sha256$999999999$s$h",
        "$argon2id$broken",
        "md5$a$b",
    ],
)
def test_a_hash_that_cannot_be_read_opens_nothing(place: Site, stored: str) -> None:
    with place.app.app_context():
        place.user("maya").password_hash = stored
        place.db.session.commit()
    assert Visitor(place.app).sign_in("maya", PASSWORD).status_code == 401


@pytest.mark.parametrize(
    ("target", "location"),
    [
        ("/news/?page=2", "/news/?page=2"),
        ("//evil.example", "/"),
        ("https://evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
    ],
)
def test_the_way_back_stays_on_this_site(place: Site, target: str, location: str) -> None:
    visitor = Visitor(place.app)
    page = visitor.get("/auth/login/", query_string={"next": target})
    assert page.status_code == 200
    assert visitor.sign_in("maya", PASSWORD, next=target).location == location


def test_a_visitor_without_an_account_is_led_to_the_page_and_back(place: Site) -> None:
    visitor = Visitor(place.app)
    answer = visitor.get("/ten/?a=1")
    assert answer.location == "/auth/login/?next=/ten/?a%3D1"
    page = visitor.get(answer.location)
    assert "Sign in to see this page." in errors_of(page.text)
    answer = visitor.submit(answer.location, identifier="maya", password=PASSWORD)
    assert answer.location == "/ten/?a=1"


def test_signing_in_needs_the_token_of_the_page(place: Site) -> None:
    answer = place.app.test_client().post(
        "/auth/login/", data={"identifier": "maya", "password": PASSWORD}
    )
    assert answer.status_code == 400
    assert "Set-Cookie" not in answer.headers


def test_credentials_in_the_address_are_not_read(place: Site) -> None:
    visitor = Visitor(place.app)
    answer = visitor.submit(f"/auth/login/?identifier=maya&password={PASSWORD}")
    assert answer.status_code == 400


def test_passwords_are_never_shown_again(place: Site) -> None:
    answer = Visitor(place.app).sign_in("maya", "a wrong sentence")
    assert "a wrong sentence" not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_time_of_the_last_sign_in_is_kept(place: Site) -> None:
    with clock.turned(dt.timedelta(days=3)):
        Visitor(place.app).sign_in("maya", PASSWORD)
        with place.app.app_context():
            age = clock.now() - place.user("maya").last_login_at
    assert age < dt.timedelta(minutes=1)


def test_signals_name_the_reason_of_a_failure(place: Site) -> None:
    with record_signals("user_authentication_failed", "user_login_failed") as sent:
        Visitor(place.app).sign_in("nobody", PASSWORD)
        Visitor(place.app).sign_in("maya", "a wrong sentence")
    reasons = [(name, values["reason"]) for name, values in sent]
    assert reasons == [
        ("user_authentication_failed", "user_not_found"),
        ("user_login_failed", "user_not_found"),
        ("user_authentication_failed", "incorrect_password"),
        ("user_login_failed", "incorrect_password"),
    ]


def test_an_application_replaces_a_page_and_a_form(make_ready: Callable[..., Site]) -> None:
    from jinja2 import ChoiceLoader, DictLoader

    from flask_lback.auth.forms import LoginForm

    class ShortForm(LoginForm):
        pass

    place = make_ready(LBACK_AUTH_FORMS={"login": ShortForm}, LBACK_AUTH_LOGIN_TEMPLATE="mine.html")
    own = DictLoader({"mine.html": "own page {{ form.__class__.__name__ }}"})
    place.app.jinja_loader = ChoiceLoader([own])
    assert Visitor(place.app).get("/auth/login/").text == "own page ShortForm"
