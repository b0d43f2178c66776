"""Registration and confirmation by JSON: the page's form, the page's rules, one answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from wtforms import BooleanField, IntegerField, SelectField, SelectMultipleField, StringField
from wtforms.validators import AnyOf, Optional

from flask_lback.auth.forms import RegisterForm
from flask_lback.auth.mails.links import VERIFY, LinkTokens
from flask_lback.core.state import state_of
from flask_lback.testing import record_signals
from flask_lback.testing.kit import outbox_of
from tests.support.apps import PASSWORD, Site
from tests.support.visitor import Visitor

MAYA = {"username": "maya", "email": "maya@example.org", "password": PASSWORD}


def post(place: Site, path: str, document: Any) -> Any:
    """Send JSON from a fresh client."""
    return Visitor(place.app).post_json(f"/api/auth/{path}/", document)


def users(place: Site) -> list[Any]:
    """Every account."""
    with place.app.app_context():
        return list(place.db.session.query(place.models.User))


def errors(answer: Any) -> dict[str, str]:
    """The messages by field."""
    assert answer.mimetype == "application/problem+json"
    return {error["field"]: error["detail"] for error in answer.json["errors"]}


def test_registering_tells_everybody_the_same(site: Site) -> None:
    new = post(site, "register", MAYA)
    known = post(site, "register", {**MAYA, "username": "kofi", "email": "MAYA@example.org"})
    assert (new.status_code, list(new.json)) == (202, ["detail"])
    assert (known.status_code, known.json) == (new.status_code, new.json)
    assert {name for name, _ in new.headers} == {name for name, _ in known.headers}
    assert [user.username for user in users(site)] == ["maya"]
    subjects = [str(mail["Subject"]) for mail in outbox_of(site.app)]
    assert subjects == ["Confirm your address - Site", "You already have an account - Site"]


def test_without_confirmation_and_generic_answers_the_account_is_shown(
    make_ready: Callable[..., Site],
) -> None:
    site = make_ready(LBACK_AUTH_VERIFY_EMAIL=False, LBACK_AUTH_GENERIC_ANSWERS=False)
    answer = post(site, "register", MAYA)
    assert (answer.status_code, answer.json["user"]["username"]) == (201, "maya")
    known = post(site, "register", {**MAYA, "username": "kofi"})
    assert (known.status_code, list(errors(known))) == (400, ["email"])


def test_without_confirmation_alone_a_known_address_is_not_told(
    make_ready: Callable[..., Site],
) -> None:
    site = make_ready(LBACK_AUTH_VERIFY_EMAIL=False)
    new = post(site, "register", MAYA)
    known = post(site, "register", {**MAYA, "username": "kofi"})
    assert (new.status_code, new.json) == (known.status_code, known.json)
    assert new.status_code == 202


def test_mistakes_are_named_by_field(site: Site) -> None:
    site.add_user("maya")
    answer = post(site, "register", {**MAYA, "email": "kofi@example.org", "password": "short"})
    assert answer.status_code == 400
    assert errors(answer) == {
        "username": "This name is taken. Choose another one.",
        "password": "Use at least 8 characters.",
    }
    assert errors(post(site, "register", {"email": 5})) == {"email": "This must be a text."}
    assert set(errors(post(site, "register", {}))) == {"username", "email", "password"} | {
        "password_confirm"
    }


def test_a_second_password_counts_when_it_is_sent(site: Site) -> None:
    answer = post(site, "register", {**MAYA, "password_confirm": "another sentence"})
    assert errors(answer) == {"password_confirm": "The two passwords differ."}


def test_registration_that_is_closed_is_not_there(make_ready: Callable[..., Site]) -> None:
    site = make_ready(LBACK_AUTH_REGISTRATION=False)
    assert post(site, "register", MAYA).status_code == 404
    assert users(site) == []


COLOURS: Any = ["red", "blue"]
TAGS: Any = ["a", "b"]


class OwnForm(RegisterForm):
    """A form that asks for more."""

    first_name = StringField()
    code = StringField(validators=[AnyOf(["open sesame"])])
    age = IntegerField(validators=[Optional()])
    terms = BooleanField()
    colour = SelectField(choices=COLOURS, default="red")
    tags = SelectMultipleField(choices=TAGS)
    seen: list[Any] = []  # noqa: RUF012

    def account_fields(self) -> dict[str, Any]:
        self.seen.append((self.age.data, self.terms.data, self.colour.data, self.tags.data))
        return {**super().account_fields(), "first_name": self.first_name.data}


def test_an_applications_own_form_asks_by_json_too(make_ready: Callable[..., Site]) -> None:
    site = make_ready(LBACK_AUTH_FORMS={"register": OwnForm})
    OwnForm.seen.clear()
    own = {"code": "open sesame", "first_name": "Maya", "age": 7, "colour": "blue"}
    document = {**MAYA, **own, "terms": True, "tags": ["a", "b"]}
    for name, wrong in {
        "code": "no",
        "age": [1],
        "terms": "yes",
        "colour": "green",
        "tags": "a",
        "first_name": {},
    }.items():
        assert name in errors(post(site, "register", {**document, name: wrong}))
    assert users(site) == []
    assert post(site, "register", document).status_code == 202
    assert OwnForm.seen == [(7, True, "blue", ["a", "b"])]
    assert users(site)[0].first_name == "Maya"


def test_a_confirmation_link_works_once(site: Site) -> None:
    site.add_user("maya", verified=False)
    with site.app.app_context():
        token = state_of(site.app)[LinkTokens].make(VERIFY, site.user("maya"))
    with record_signals(
        "user_email_verified",
        "user_email_verification_successful",
        "user_email_verification_failed",
    ) as sent:
        good, bad = (post(site, "verify-email", {"token": token}) for _ in range(2))
    assert (good.status_code, list(good.json)) == (200, ["detail"])
    assert (bad.status_code, bad.json["code"]) == (400, "invalid_token")
    assert [name for name, _ in sent] == [
        "user_email_verified",
        "user_email_verification_successful",
        "user_email_verification_failed",
    ]
    assert errors(post(site, "verify-email", {})) == {"token": "Fill this in."}


def test_asking_for_the_link_again_tells_nothing(site: Site) -> None:
    site.add_user("maya", verified=False)
    site.add_user("kofi")
    with record_signals("user_email_verification_initiated") as sent:
        answers = [
            post(site, "resend-verification", {"email": f"{name}@example.org"})
            for name in ("maya", "kofi", "nobody")
        ]
    assert {(answer.status_code, answer.json["detail"]) for answer in answers} == {
        (202, "If the address waits to be confirmed, a new link is on its way.")
    }
    assert [str(mail["To"]) for mail in outbox_of(site.app)] == ["maya@example.org"]
    assert len(sent) == 1


@pytest.mark.parametrize("path", ["register", "verify-email", "resend-verification"])
def test_what_is_not_json_is_refused_by_kind(site: Site, path: str) -> None:
    client = site.app.test_client()
    statuses = [
        client.post(f"/api/auth/{path}/", data=data, content_type=kind).status_code
        for data, kind in (
            (b"{", "application/json"),
            (b"[]", "application/json"),
            (b"username=maya", "application/x-www-form-urlencoded"),
        )
    ]
    assert statuses == [400, 400, 415]
