"""Guesses at accounts, at mailed tokens and at the server's patience."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from werkzeug.security import generate_password_hash

from flask_lback.auth.mails.links import CHANGE_EMAIL, RESET, VERIFY
from flask_lback.auth.passwords.hasher import PasswordHasher
from flask_lback.core.state import state_of
from flask_lback.testing.kit import outbox_of
from tests.support.apps import PASSWORD, Site
from tests.support.visitor import Visitor

from .support import NEW_PASSWORD, post, register_by_json, token_of, told


@pytest.fixture
def place(site: Site) -> Site:
    """A site with one account."""
    site.add_user("maya")
    return site


@pytest.mark.parametrize("page", ["request-reset-password", "resend-verification"])
def test_en_2_asking_for_a_mail_tells_nobody_who_has_an_account(place: Site, page: str) -> None:
    answers = {
        told(post(place, page, {"email": f"{name}@example.org"}), f"{name}@example.org")
        for name in ("maya", "nobody")
    }
    assert len(answers) == 1
    shown = set()
    for name in ("maya", "nobody"):
        sent = Visitor(place.app).submit(f"/auth/{page}/", email=f"{name}@example.org")
        shown.add((sent.status_code, sent.text, tuple(sorted(sent.headers.keys()))))
    assert len(shown) == 1


def test_en_2_registering_tells_nobody_who_has_an_account(place: Site) -> None:
    known = register_by_json(place, "ines", email="maya@example.org")
    new = register_by_json(place, "kofi", email="kofi@example.org")
    assert (known.status_code, known.json) == (new.status_code, new.json)


@pytest.mark.parametrize("page", ["verify-email", "reset-password", "confirm-email"])
def test_bf_9_mailed_tokens_are_not_guessed_a_thousand_times(place: Site, page: str) -> None:
    statuses = [
        post(place, page, {"token": f"guess{number}", "new_password": PASSWORD}).status_code
        for number in range(70)
    ]
    assert statuses == [400] * 60 + [429] * 10


@pytest.mark.parametrize("purpose", [VERIFY, RESET, CHANGE_EMAIL])
def test_bf_9_nobody_guesses_the_256_bits_of_a_signature(place: Site, purpose: str) -> None:
    token = token_of(place, purpose)
    signature = token.rpartition(".")[2]
    assert len(base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))) == 32
    # None of them is left out when the token is read.
    page = {VERIFY: "verify-email", RESET: "reset-password", CHANGE_EMAIL: "confirm-email"}[purpose]
    for number, letter in enumerate(signature[:-1]):
        other = "x" if letter != "x" else "y"
        changed = f"{signature[:number]}{other}{signature[number + 1 :]}"
        document = {"token": token.replace(signature, changed), "new_password": NEW_PASSWORD}
        assert post(place, page, document).status_code == 400


def test_lg_3_an_older_hash_opens_the_account_and_is_replaced(place: Site) -> None:
    with place.app.app_context():
        place.user("maya").password_hash = generate_password_hash(PASSWORD, "pbkdf2:sha256:1000")
        place.db.session.commit()
    assert Visitor(place.app).sign_in("maya", PASSWORD).status_code == 302
    with place.app.app_context():
        assert place.user("maya").password_hash.startswith("$argon2id$")


def test_lg_4_a_million_characters_are_refused_before_they_are_hashed(
    place: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    hasher, hashed = state_of(place.app)[PasswordHasher], []
    monkeypatch.setattr(hasher, "verify", lambda *values: hashed.append(values))
    long = "x" * 1_000_000
    answers: list[Any] = [post(place, "login", {"identifier": "maya", "password": long})]
    answers.append(Visitor(place.app).sign_in("maya", long))
    answers.append(post(place, "login", {"identifier": "maya", "password": "x" * 5_000}))
    assert {answer.status_code for answer in answers} <= {400, 413}
    assert hashed == []
    assert outbox_of(place.app) == []
