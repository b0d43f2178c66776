"""Changing the address: confirmed at the new one, told at the old one."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest

from flask_lback.auth.mails.links import CHANGE_EMAIL, RESET, VERIFY, LinkTokens
from flask_lback.core import clock
from flask_lback.core.state import state_of
from flask_lback.testing import record_signals
from flask_lback.testing.kit import outbox_of
from tests.support.apps import PASSWORD, Site
from tests.support.databases import DATABASES
from tests.support.visitor import Visitor, errors_of

ASK, CONFIRM = "/auth/change-email/", "/auth/confirm-email/"
NEW = "harbour@example.org"
DEAD = "This link is no longer good. Ask for a new one."


@pytest.fixture
def place(site: Site) -> Site:
    """A site with two accounts."""
    site.add_user("maya")
    site.add_user("kofi")
    return site


def signed_in(place: Site, name: str = "maya") -> Visitor:
    """Somebody who has signed in."""
    visitor = Visitor(place.app)
    assert visitor.sign_in(f"{name}@example.org", PASSWORD).status_code == 302
    return visitor


def is_in(visitor: Visitor) -> bool:
    """Whether the account page opens."""
    return visitor.get("/auth/account/").status_code == 200


def mails(place: Site) -> list[tuple[str, str]]:
    """To whom and about what, but for the notices of new devices."""
    told = [
        (str(mail["To"]), str(mail["Subject"]).removesuffix(" - Site"))
        for mail in outbox_of(place.app)
    ]
    return [mail for mail in told if "sign-in" not in mail[1]]


def mailed_token(place: Site) -> str:
    """The token of the link in the mail to the new address."""
    [mail] = [mail for mail in outbox_of(place.app) if str(mail["To"]) == NEW]
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    found = re.search(r"/auth/confirm-email/\?token=(\S+)", text)
    assert found is not None
    return found[1]


def token_for(place: Site, email: str = NEW, purpose: str = CHANGE_EMAIL) -> str:
    """A token for maya, as a mail would carry it."""
    with place.app.app_context():
        return state_of(place.app)[LinkTokens].make(purpose, place.user("maya"), email)


def address_of(place: Site, key: Any = 1) -> str:
    """The address that is stored."""
    with place.app.app_context():
        user = place.db.session.get(place.models.User, key)
        return str(user.email)


def confirm(place: Site, token: str, visitor: Visitor | None = None) -> Any:
    """Press the button of a link."""
    return (visitor or Visitor(place.app)).submit(f"{CONFIRM}?token={token}")


def test_a_new_address_counts_once_its_link_is_opened(place: Site) -> None:
    here, there = signed_in(place), signed_in(place)
    with record_signals("user_email_change_requested", "user_email_changed") as sent:
        answer = here.submit(ASK, email=NEW)
        assert answer.status_code == 200
        assert "Open your mail" in answer.text
        assert address_of(place) == "maya@example.org"
        assert mails(place) == [
            (NEW, "Confirm your new address"),
            ("maya@example.org", "Your address is to be changed"),
        ]
        token = mailed_token(place)
        page = here.get(f"{CONFIRM}?token={token}")
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert page.headers["Cache-Control"] == "no-store"
        assert address_of(place) == "maya@example.org", "the page alone changes nothing"
        old = here.client.get_cookie("lback_session")
        assert confirm(place, token, here).location == "/auth/account/"
    assert address_of(place) == NEW
    assert [name for name, _ in sent] == ["user_email_change_requested", "user_email_changed"]
    assert sent[1][1]["old_email"] == "maya@example.org"
    assert mails(place)[2:] == [("maya@example.org", "Your address was changed")]
    assert is_in(here)
    assert here.client.get_cookie("lback_session") != old
    assert not is_in(there)
    assert Visitor(place.app).sign_in(NEW, PASSWORD).status_code == 302
    assert Visitor(place.app).sign_in("maya@example.org", PASSWORD).status_code == 401
    with place.app.app_context():
        actions = [entry.action for entry in place.db.session.query(place.models.AuditEntry)]
    assert {"auth.email_change_requested", "auth.email_changed"} <= set(actions)


def test_a_link_opened_elsewhere_signs_nobody_in_and_everybody_out(place: Site) -> None:
    owner, other = signed_in(place), signed_in(place, "kofi")
    assert confirm(place, token_for(place), other).location == "/auth/login/"
    assert address_of(place) == NEW
    assert address_of(place, 2) == "kofi@example.org"
    assert not is_in(owner)
    assert is_in(other)
    assert "kofi" in other.get("/auth/account/").text


def test_after_a_while_the_present_password_is_asked_for(place: Site) -> None:
    visitor = signed_in(place)
    with clock.turned(dt.timedelta(minutes=16)):
        assert 'name="current_password"' in visitor.get(ASK).text
        assert visitor.submit(ASK, email=NEW).status_code == 400
        answer = visitor.submit(ASK, email=NEW, current_password="a wrong sentence")
        assert answer.status_code == 400
        assert "This is not your password." in errors_of(answer.text)
        assert mails(place) == []
        assert visitor.submit(ASK, email=NEW, current_password=PASSWORD).status_code == 200
    assert len(mails(place)) == 2


def test_an_account_without_a_password_proves_itself_otherwise(place: Site) -> None:
    visitor = signed_in(place)
    with place.app.app_context():
        place.user("maya").password_hash = None
        place.db.session.commit()
    assert visitor.get(ASK).status_code == 200
    with clock.turned(dt.timedelta(minutes=16)):
        assert visitor.get(ASK).location.startswith("/auth/reauthenticate/")


def test_a_taken_address_gets_the_same_answer_and_its_owner_a_mail(place: Site) -> None:
    visitor = signed_in(place)
    free, taken = visitor.submit(ASK, email=NEW), visitor.submit(ASK, email="KOFI@example.org")
    assert (free.status_code, errors_of(free.text)) == (taken.status_code, errors_of(taken.text))
    assert mails(place)[2:] == [
        ("kofi@example.org", "You already have an account"),
        ("maya@example.org", "Your address is to be changed"),
    ]


def test_without_generic_answers_a_taken_address_is_named(make_ready: Callable[..., Site]) -> None:
    place = make_ready(LBACK_AUTH_GENERIC_ANSWERS=False)
    place.add_user("maya")
    place.add_user("kofi")
    answer = signed_in(place).submit(ASK, email="kofi@example.org")
    assert answer.status_code == 400
    assert "This address has an account." in errors_of(answer.text)


@pytest.mark.parametrize(
    ("email", "message"),
    [
        ("", "Fill this in."),
        ("nowhere", "This is not an e-mail address."),
        ("x@example.org\r\nBcc: y@example.org", "This is not an e-mail address."),
        ("MAYA@example.org", "This is your address already."),
    ],
)
def test_what_cannot_be_the_new_address_is_refused(place: Site, email: str, message: str) -> None:
    answer = signed_in(place).submit(ASK, email=email)
    assert answer.status_code == 400
    assert message in errors_of(answer.text)
    assert mails(place) == []


def after(change: Callable[[Any], Any]) -> Callable[[Site], str]:
    """A token made before something happened to the account."""

    def make(place: Site) -> str:
        token = token_for(place)
        with place.app.app_context():
            change(place.user("maya"))
            place.db.session.commit()
        return token

    return make


def flipped(place: Site) -> str:
    """A token with one letter changed."""
    token = token_for(place)
    return token[:5] + ("x" if token[5] != "x" else "y") + token[6:]


DEAD_LINKS: dict[str, Callable[[Site], str]] = {
    "after a change of password": after(lambda user: user.set_password("changed by its owner")),
    "after a change of address": after(lambda user: setattr(user, "email", "third@example.org")),
    "of a switched-off account": after(lambda user: setattr(user, "is_active", False)),
    "of a reset": lambda place: token_for(place, purpose=RESET),
    "of a verification": lambda place: token_for(place, purpose=VERIFY),
    "to a taken address": lambda place: token_for(place, "kofi@example.org"),
    "flipped": flipped,
    "long": lambda place: "x" * 5_000,
}


@pytest.mark.parametrize("name", DEAD_LINKS)
def test_a_dead_link_changes_nothing_and_says_one_thing(place: Site, name: str) -> None:
    token = DEAD_LINKS[name](place)
    before = address_of(place)
    answer = confirm(place, token)
    assert (answer.status_code, address_of(place)) == (400, before)
    assert DEAD in errors_of(answer.text)


def test_a_link_works_once_and_for_a_day(place: Site) -> None:
    token, sibling = token_for(place), token_for(place, "third@example.org")
    with clock.turned(dt.timedelta(hours=24, minutes=1)):
        assert confirm(place, token).status_code == 400
    with clock.turned(dt.timedelta(hours=23)):
        assert confirm(place, token).status_code == 302
    assert confirm(place, token).status_code == 400
    assert confirm(place, sibling).status_code == 400
    assert address_of(place) == NEW


def test_a_link_of_another_purpose_does_not_pass_for_a_verification(place: Site) -> None:
    token = token_for(place)
    assert Visitor(place.app).submit(f"/auth/verify-email/?token={token}").status_code == 400
    answer = Visitor(place.app).get(f"/auth/reset-password/?token={token_for(place, NEW, RESET)}")
    assert answer.status_code == 400, "no link carries more than its purpose needs"


def test_asking_again_and_again_is_limited(place: Site) -> None:
    visitor = signed_in(place)
    answers = [visitor.submit(ASK, email=f"x{n}@example.org").status_code for n in range(7)]
    assert answers == [200] * 5 + [429] * 2


@pytest.mark.parametrize("kind", DATABASES)
def test_an_address_that_two_accounts_want_at_once_goes_to_one(
    make_ready: Callable[..., Site], kind: str
) -> None:
    from tests.attacks.support import at_once

    place = make_ready("default", kind)
    jobs = []
    for name in ("maya", "kofi", "ines", "tomas"):
        place.add_user(name)
        with place.app.app_context():
            token = state_of(place.app)[LinkTokens].make(CHANGE_EMAIL, place.user(name), NEW)
        visitor = Visitor(place.app)

        def job(visitor: Visitor = visitor, token: str = token) -> int:
            return visitor.post_json("/api/auth/confirm-email/", {"token": token}).status_code

        jobs.append(job)
    assert sorted(at_once(jobs)) == [200, 400, 400, 400]


def test_accounts_whose_only_name_is_the_address_change_it_too(
    make_ready: Callable[..., Site],
) -> None:
    place = make_ready("email", LBACK_AUTH_VERIFY_EMAIL=False)
    place.add_user("maya", verified=False)
    visitor = signed_in(place)
    assert visitor.submit(ASK, email=NEW).status_code == 200
    assert address_of(place) == "maya@example.org"
    assert confirm(place, mailed_token(place), visitor).status_code == 302
    with place.app.app_context():
        user = place.db.session.get(place.models.User, 1)
        assert (user.email, user.email_verified_at is not None) == (NEW, True)


def test_api_tokens_stay_and_are_pointed_out(place: Site) -> None:
    with place.app.app_context():
        place.db.session.add(
            place.models.ApiToken(
                owner=place.user("maya"), name="backup", token_hash="x" * 64, prefix="lb_1"
            )
        )
        place.db.session.commit()
    visitor = signed_in(place)
    confirm(place, token_for(place), visitor)
    assert "API tokens of your account still work: 1." in visitor.get("/auth/account/").text
    with place.app.app_context():
        assert place.db.session.query(place.models.ApiToken).one().revoked_at is None
