"""Resetting a password: one answer for every address, and links that are good once."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest

from flask_lback.auth.mails.links import RESET, VERIFY, LinkTokens
from flask_lback.core import clock
from flask_lback.core.state import state_of
from flask_lback.testing import record_signals
from flask_lback.testing.kit import outbox_of
from tests.support.apps import PASSWORD, SECRET_KEY, Site
from tests.support.visitor import Visitor, errors_of

NEW = "quite another sentence"
PATH = "/auth/reset-password/"


@pytest.fixture
def place(site: Site) -> Site:
    """A site with one account."""
    site.add_user("maya")
    return site


def token_for(place: Site, name: str = "maya", purpose: str = RESET) -> str:
    """A token as a mail would carry it."""
    with place.app.app_context():
        return state_of(place.app)[LinkTokens].make(purpose, place.user(name))


def reset(place: Site, token: str, new: str = NEW, again: str | None = None) -> Any:
    """Open the link and send the form; when no form is shown, send it from elsewhere."""
    visitor = Visitor(place.app)
    fields = {"token": token, "new_password": new, "password_confirm": again or new}
    return visitor.submit("/auth/login/", to=PATH, **fields)


def test_every_address_gets_the_same_answer_and_only_accounts_a_mail(place: Site) -> None:
    place.add_user("off", is_active=False)
    pages = set()
    for email in ("maya@example.org", "MAYA@example.org", "off@example.org", "no@example.org"):
        answer = Visitor(place.app).submit("/auth/request-reset-password/", email=email)
        pages.add((answer.status_code, re.sub(r'value="[^"]*"', "", answer.text)))
    assert len(pages) == 1
    assert [str(mail["To"]) for mail in outbox_of(place.app)] == ["maya@example.org"] * 2


def test_the_mail_goes_to_the_stored_address_not_to_one_that_looks_like_it(place: Site) -> None:
    Visitor(place.app).submit("/auth/request-reset-password/", email="may\u0430@example.org")
    Visitor(place.app).submit("/auth/request-reset-password/", email="\uff4daya@example.org")
    assert {str(mail["To"]) for mail in outbox_of(place.app)} <= {"maya@example.org"}


def test_asking_again_and_again_sends_few_mails(place: Site) -> None:
    visitor = Visitor(place.app)
    answers = [
        visitor.submit("/auth/request-reset-password/", email="maya@example.org").status_code
        for _ in range(8)
    ]
    assert answers == [200] * 5 + [429] * 3
    assert len(outbox_of(place.app)) == 5


def test_the_page_shows_a_form_and_keeps_the_token_out_of_referers(place: Site) -> None:
    page = Visitor(place.app).get(f"{PATH}?token={token_for(place)}")
    assert page.status_code == 200
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
    assert 'autocomplete="new-password"' in page.text


def test_a_reset_changes_the_password_tells_the_owner_and_signs_nobody_in(place: Site) -> None:
    with record_signals("password_reset_successful", "user_password_set") as sent:
        answer = reset(place, token_for(place))
    assert answer.location == "/auth/login/"
    assert "lback_session" not in str(answer.headers)
    assert {name for name, _ in sent} == {"password_reset_successful", "user_password_set"}
    assert str(outbox_of(place.app)[-1]["Subject"]).startswith("Your password was changed")
    assert Visitor(place.app).sign_in("maya", PASSWORD).status_code == 401
    assert Visitor(place.app).sign_in("maya", NEW).status_code == 302


def used(place: Site) -> str:
    """A token that has done its work."""
    token = token_for(place)
    assert reset(place, token).status_code == 302
    return token


def sibling(place: Site) -> str:
    """A token beside one that has done its work."""
    token = token_for(place)
    used(place)
    return token


def after(change: Callable[[Any], Any]) -> Callable[[Site], str]:
    """A token made before something happened to the account."""

    def make(place: Site) -> str:
        token = token_for(place)
        with place.app.app_context():
            user = place.user("maya")
            change(user)
            place.db.session.commit()
        return token

    return make


def flipped(place: Site) -> str:
    """A token with one letter changed."""
    token = token_for(place)
    return token[:5] + ("x" if token[5] != "x" else "y") + token[6:]


def with_another_key(place: Site) -> str:
    """A token that another key signed."""
    place.app.secret_key = "z" + SECRET_KEY[1:]
    token = token_for(place)
    place.app.secret_key = SECRET_KEY
    return token


DEAD: dict[str, Callable[[Site], str]] = {
    "used": used,
    "beside a used one": sibling,
    "after a change of password": after(lambda user: user.set_password("changed by its owner")),
    "after a change of address": after(lambda user: setattr(user, "email", "new@example.org")),
    "of a switched-off account": after(lambda user: setattr(user, "is_active", False)),
    "flipped": flipped,
    "of another purpose": lambda place: token_for(place, purpose=VERIFY),
    "of another key": with_another_key,
    "empty": lambda place: "",
    "long": lambda place: "x" * 5_000,
    "not ASCII": lambda place: "тайна",
}


@pytest.mark.parametrize("name", DEAD)
def test_a_dead_link_changes_nothing_and_says_one_thing(place: Site, name: str) -> None:
    token = DEAD[name](place)
    with place.app.app_context():
        before = place.db.session.query(place.models.User.password_hash).scalar()
    answer = reset(place, token, "a third long sentence")
    assert answer.status_code == 400
    assert "This link is no longer good. Ask for a new one." in errors_of(answer.text)
    with place.app.app_context():
        assert place.db.session.query(place.models.User.password_hash).scalar() == before


def test_a_link_dies_after_an_hour(place: Site) -> None:
    token = token_for(place)
    with clock.turned(dt.timedelta(minutes=59)):
        assert Visitor(place.app).get(f"{PATH}?token={token}").status_code == 200
    with clock.turned(dt.timedelta(minutes=61)):
        assert Visitor(place.app).get(f"{PATH}?token={token}").status_code == 400
        assert reset(place, token).status_code == 400


def test_a_refused_password_leaves_the_link_good(place: Site) -> None:
    token = token_for(place)
    for new, again, message in (
        ("short", None, "Use at least 8 characters."),
        ("password1", None, "on every guesser's list"),
        (NEW, "different sentence", "The two passwords differ."),
    ):
        answer = reset(place, token, new, again)
        assert answer.status_code == 400
        assert message in errors_of(answer.text)
    assert reset(place, token).status_code == 302


def test_a_reset_does_not_verify_the_address(place: Site) -> None:
    place.add_user("kofi", verified=False)
    assert reset(place, token_for(place, "kofi")).status_code == 302
    answer = Visitor(place.app).sign_in("kofi", NEW)
    assert answer.status_code == 401
    assert "not confirmed yet" in errors_of(answer.text)


def test_guessing_tokens_is_limited(make_ready: Callable[..., Site]) -> None:
    place = make_ready(LBACK_AUTH_LIMIT_TOKEN_PER_ADDRESS="5 per hour")
    place.add_user("maya")
    answers = [reset(place, f"guess{n}").status_code for n in range(8)]
    assert answers == [400] * 5 + [429] * 3


def test_a_poisoned_host_never_gets_into_a_mail(make_ready: Callable[..., Site]) -> None:
    place = make_ready(LBACK_SITE_URL="https://harbour.example")
    place.add_user("maya")
    visitor = Visitor(place.app)
    page = visitor.get("/auth/request-reset-password/")
    from tests.support.visitor import hidden_fields

    visitor.client.post(
        "/auth/request-reset-password/",
        data={**hidden_fields(page.text), "email": "maya@example.org"},
        headers={"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"},
    )
    text = outbox_of(place.app)[-1].as_string()
    assert "https://harbour.example/auth/reset-password/?token=" in text.replace("=\n", "").replace(
        "=3D", "="
    )
    assert "evil.example" not in text
