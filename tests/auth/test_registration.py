"""Making an account: nobody learns who has one, and nothing but the asked fields is taken."""

from __future__ import annotations

import datetime as dt
import re
import threading
from collections.abc import Callable
from typing import Any

import pytest

from flask_lback.core import clock
from flask_lback.testing import record_signals
from flask_lback.testing.kit import outbox_of
from tests.support.apps import PASSWORD, Site
from tests.support.visitor import Visitor, errors_of


def register(place: Site, name: str = "maya", **fields: Any) -> Any:
    """Send the registration form."""
    values = {"password": PASSWORD, "password_confirm": PASSWORD, **place.names(name), **fields}
    return Visitor(place.app).submit("/auth/register/", **values)


def users(place: Site) -> list[Any]:
    """Every account."""
    with place.app.app_context():
        return list(place.db.session.query(place.models.User))


def masked(html: str) -> str:
    """A page without what differs at every answer."""
    return re.sub(r'value="[^"]*"', "", html)


def test_a_known_address_gets_the_same_answer_and_its_owner_a_mail(site: Site) -> None:
    new = register(site, "maya")
    known = register(site, "kofi", email="MAYA@example.org")
    assert (new.status_code, masked(new.text)) == (known.status_code, masked(known.text))
    assert {key for key, _ in new.headers} == {key for key, _ in known.headers}
    assert [user.username for user in users(site)] == ["maya"]
    subjects = [str(mail["Subject"]) for mail in outbox_of(site.app)]
    assert subjects == ["Confirm your address - Site", "You already have an account - Site"]
    assert outbox_of(site.app)[1]["To"] == "maya@example.org"


def test_without_generic_answers_a_known_address_is_named(
    make_ready: Callable[..., Site],
) -> None:
    site = make_ready(LBACK_AUTH_GENERIC_ANSWERS=False)
    register(site)
    answer = register(site, "kofi", email="maya@example.org")
    assert answer.status_code == 400
    assert "This address has an account." in errors_of(answer.text)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"username": "MAYA"}, "This name is taken. Choose another one."),
        ({"username": "Admin"}, "This name is taken. Choose another one."),
        ({"username": "\u0430dmin"}, "Use letters of one alphabet only."),
        ({"username": "ad\u200bmin"}, "Use letters, digits and the signs . + - _ only."),
        ({"username": "a b"}, "Use letters, digits and the signs . + - _ only."),
        ({"username": ""}, "Fill this in."),
        ({"username": "x" * 151}, "Use at most 150 characters."),
        ({"email": "nowhere"}, "This is not an e-mail address."),
        ({"email": "x@example.org\r\nBcc: y@example.org"}, "This is not an e-mail address."),
        ({"password_confirm": "other"}, "The two passwords differ."),
    ],
)
def test_what_cannot_be_an_account_is_refused_beside_its_field(
    site: Site, fields: dict[str, str], message: str
) -> None:
    register(site)
    answer = register(site, "kofi", **fields)
    assert answer.status_code == 400
    assert message in errors_of(answer.text)
    assert len(users(site)) == 1


@pytest.mark.parametrize(
    ("password", "message"),
    [
        ("seven77", "Use at least 8 characters."),
        ("password1", "on every guesser's list"),
        ("PassWord1", "on every guesser's list"),
        ("maya@example.org", "too close to your name or address"),
        ("x" * 129, "Use at most 128 characters."),
        ("null\x00byte in it", "cannot hold this character"),
        ("x" * 1_000_000, "Use at most 4096 characters."),
    ],
)
def test_a_bad_password_is_refused_with_its_reason(site: Site, password: str, message: str) -> None:
    answer = register(site, password=password, password_confirm=password)
    assert answer.status_code == 400
    assert message in errors_of(answer.text)
    assert users(site) == []


@pytest.mark.parametrize(
    "password",
    [
        "x7" * 32,
        "ab" * 36 + "c",
        "a" * 127 + "b",
        "onlylowercaselettersx",
        "  spaced out  ",
        "🦊🌊🚲🎻🥖🚂📚🧭",
    ],
)
def test_a_good_password_opens_the_account_exactly_as_typed(site: Site, password: str) -> None:
    register(site, password=password, password_confirm=password)
    with site.app.app_context():
        site.user("maya").email_verified_at = clock.now()
        site.db.session.commit()
    visitor = Visitor(site.app)
    assert visitor.sign_in("maya", password).status_code == 302
    for near in (password.strip()[:-1], password + " ", password.swapcase() + "x"):
        assert Visitor(site.app).sign_in("maya", near).status_code == 401


@pytest.mark.parametrize(
    "extra",
    [
        {"is_superuser": "1"},
        {"is_staff": "1"},
        {"is_active": "0"},
        {"id": "99"},
        {"groups": "1"},
        {"email_verified_at": "2020-01-01"},
        {"password_hash": "x"},
    ],
)
def test_fields_that_nobody_asked_for_are_ignored(site: Site, extra: dict[str, str]) -> None:
    register(site, **extra)
    [user] = users(site)
    assert (user.is_superuser, user.is_staff, user.is_active) == (False, False, True)
    assert (user.id, user.email_verified_at) == (1, None)
    assert user.password_hash.startswith("$argon2id$")


def test_registration_can_be_switched_off(make_ready: Callable[..., Site]) -> None:
    site = make_ready(LBACK_AUTH_REGISTRATION=False)
    assert Visitor(site.app).get("/auth/register/").status_code == 404
    answer = Visitor(site.app).submit("/auth/login/", to="/auth/register/", **site.names("maya"))
    assert answer.status_code == 404
    assert users(site) == []


def test_members_of_default_groups_are_made_at_registration(site: Site) -> None:
    with site.app.app_context():
        site.db.session.add(site.models.Group(name="Members", is_default=True))
        site.db.session.add(site.models.Group(name="Editors"))
        site.db.session.commit()
    register(site)
    with site.app.app_context():
        assert [group.name for group in site.user("maya").groups] == ["Members"]


def test_without_verification_the_account_is_ready(make_ready: Callable[..., Site]) -> None:
    site = make_ready(LBACK_AUTH_VERIFY_EMAIL=False)
    assert register(site).location == "/auth/login/"
    assert Visitor(site.app).sign_in("maya", PASSWORD).status_code == 302
    assert outbox_of(site.app) == []


def test_configured_addresses_become_administrators_once_verified(
    make_ready: Callable[..., Site],
) -> None:
    site = make_ready(LBACK_AUTH_ADMIN_EMAILS=["Maya@Example.org"])
    register(site)
    with site.app.app_context():
        assert not site.user("maya").is_superuser
    verify(site)
    with site.app.app_context():
        assert site.user("maya").is_superuser
    assert Visitor(site.app).sign_in("maya", PASSWORD).status_code == 401, (
        "whoever registered may have been somebody else"
    )
    assert str(outbox_of(site.app)[-1]["Subject"]).startswith("Choose a new password")


def verification_path(place: Site) -> str:
    """The path in the newest mail."""
    body = outbox_of(place.app)[-1].get_body(("plain",))
    assert body is not None
    found = re.search(r"http://localhost(/auth/verify-email/\S+)", body.get_content())
    assert found
    return found.group(1)


def verify(place: Site) -> Any:
    """Open the link and press the button."""
    return Visitor(place.app).submit(verification_path(place), to="/auth/verify-email/")


def test_looking_at_the_link_verifies_nothing(site: Site) -> None:
    register(site)
    path = verification_path(site)
    scanner = Visitor(site.app)
    for method in ("get", "head"):
        answer = getattr(scanner.client, method)(path)
        assert answer.status_code == 200
        assert answer.headers["Referrer-Policy"] == "no-referrer"
    with site.app.app_context():
        assert not site.user("maya").email_verified


@pytest.mark.parametrize("how", ["twice", "late", "changed address", "flipped bit", "empty"])
def test_a_link_that_is_no_longer_good_says_one_thing(site: Site, how: str) -> None:
    register(site)
    path = verification_path(site)
    later = dt.timedelta()
    if how == "twice":
        assert verify(site).status_code == 302
    elif how == "late":
        later = dt.timedelta(hours=24, seconds=2)
    elif how == "changed address":
        with site.app.app_context():
            site.user("maya").email = "other@example.org"
            site.db.session.commit()
    elif how == "flipped bit":
        path = path[:-3] + ("a" if path[-3] != "a" else "b") + path[-2:]
    else:
        path = "/auth/verify-email/?token=x"
    with clock.turned(later):
        answer = Visitor(site.app).submit(path, to="/auth/verify-email/")
    assert answer.status_code == 400
    assert "This link is no longer good. Ask for a new one." in errors_of(answer.text)


def test_a_reset_token_does_not_verify(site: Site) -> None:
    from flask_lback.auth.mails.links import RESET, LinkTokens
    from flask_lback.core.state import state_of

    register(site)
    with site.app.app_context():
        token = state_of(site.app)[LinkTokens].make(RESET, site.user("maya"))
    answer = Visitor(site.app).submit(
        f"/auth/verify-email/?token={token}", to="/auth/verify-email/"
    )
    assert answer.status_code == 400


def test_resending_answers_everybody_alike_and_mails_only_who_waits(site: Site) -> None:
    register(site)
    site.add_user("kofi")
    before = len(outbox_of(site.app))
    pages = {
        masked(Visitor(site.app).submit("/auth/resend-verification/", email=email).text)
        for email in ("maya@example.org", "kofi@example.org", "nobody@example.org")
    }
    assert len(pages) == 1
    assert [str(mail["To"]) for mail in outbox_of(site.app)[before:]] == ["maya@example.org"]


def test_the_signal_of_a_registration_carries_the_account(site: Site) -> None:
    with record_signals("user_registered", "user_registration_failed") as sent:
        register(site)
        register(site, "kofi", email="maya@example.org")
    assert [name for name, _ in sent] == ["user_registered", "user_registration_failed"]
    assert sent[1][1]["error_type"] == "duplicate"


@pytest.mark.service
def test_twenty_at_once_make_one_account_and_no_error(make_ready: Callable[..., Site]) -> None:
    site = make_ready("default", "postgresql", LBACK_LIMITS_ENABLED=False)
    answers: list[int] = []

    def go(number: int) -> None:
        answers.append(register(site, f"maya{number}", email="maya@example.org").status_code)

    threads = [threading.Thread(target=go, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 20
    assert len(users(site)) == 1
