"""Signing in by a mailed link: one answer for every address, and links that are good once."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Mapped, mapped_column

from flask_lback import Lback
from flask_lback.auth import AbstractBaseUser, UsernameMixin
from flask_lback.auth.magic_links.service import MagicLinks
from flask_lback.auth.mails.links import RESET, LinkTokens
from flask_lback.core import clock
from flask_lback.core.state import state_of
from flask_lback.exceptions import ConfigError
from flask_lback.testing import record_signals
from flask_lback.testing.kit import outbox_of
from tests.support.apps import PASSWORD, SECRET_KEY, Site, own_db
from tests.support.visitor import Visitor, errors_of

ASK = "/auth/magic-link/request/"
PATH = "/auth/magic-link/"
ON = {"LBACK_AUTH_MAGIC_LINK_ENABLED": True}


@pytest.fixture
def place(make_ready: Callable[..., Site]) -> Site:
    """A site with one account."""
    site = make_ready(**ON)
    site.add_user("maya")
    return site


def mailed(place: Site) -> str:
    """The path of the link in the last mail."""
    for part in outbox_of(place.app)[-1].walk():
        if part.get_content_type() == "text/plain":
            found = re.search(r"http://localhost(\S+token=\S+)", part.get_content())
            assert found is not None
            return found[1]
    raise AssertionError("no text")


def ask(place: Site, email: str = "maya@example.org", visitor: Visitor | None = None) -> Any:
    return (visitor or Visitor(place.app)).submit(ASK, email=email)


def token_for(place: Site, name: str = "maya", **options: str) -> str:
    with place.app.app_context():
        return state_of(place.app)[MagicLinks].make(place.user(name), **options)


def use(place: Site, token: str, visitor: Visitor | None = None) -> Any:
    """Send the form, from another page where the link shows none."""
    return (visitor or Visitor(place.app)).submit("/auth/login/", to=PATH, token=token)


def is_in(visitor: Visitor) -> bool:
    return visitor.get("/auth/account/").status_code == 200


def test_a_link_signs_in_once(place: Site) -> None:
    assert ask(place).status_code == 200
    visitor = Visitor(place.app)
    with record_signals("magic_link_used", "user_logged_in") as sent:
        answer = visitor.submit(mailed(place))
    assert answer.location == "/auth/account/"
    assert is_in(visitor)
    assert [name for name, _ in sent] == ["magic_link_used", "user_logged_in"]
    assert sent[1][1]["session"].method == "magic_link"
    again = Visitor(place.app)
    assert again.get(mailed(place)).status_code == 400
    assert use(place, mailed(place).partition("token=")[2], again).status_code == 400
    assert not is_in(again)


def test_the_sign_in_page_offers_the_link_and_it_leads_on(place: Site) -> None:
    visitor = Visitor(place.app)
    page = visitor.get("/auth/login/?next=/ten/")
    offered = re.search(r'href="(/auth/magic-link/request/[^"]*)"', page.text)
    assert offered is not None
    visitor.submit(offered[1].replace("&amp;", "&"), email="maya@example.org")
    assert visitor.submit(mailed(place)).location == "/ten/"


def test_a_link_leads_to_no_other_site(place: Site) -> None:
    visitor = Visitor(place.app)
    visitor.submit(f"{ASK}?next=https://evil.example/", email="maya@example.org")
    assert visitor.submit(mailed(place)).location == "/auth/account/"


def test_opening_the_link_signs_nobody_in(place: Site) -> None:
    ask(place)
    visitor = Visitor(place.app)
    for _ in range(3):
        page = visitor.get(mailed(place))
        assert page.status_code == 200
        visitor.client.head(mailed(place))
    assert "Sign in as maya?" in errors_of(page.text)
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
    assert not is_in(visitor)
    assert visitor.submit(mailed(place)).status_code == 302


def test_every_address_gets_the_same_answer_and_only_accounts_a_mail(place: Site) -> None:
    place.add_user("off", is_active=False)
    pages = set()
    for email in ("maya@example.org", "MAYA@example.org", "off@example.org", "no@example.org"):
        answer = ask(place, email)
        pages.add((answer.status_code, re.sub(r'value="[^"]*"', "", answer.text)))
    assert len(pages) == 1
    assert [str(mail["To"]) for mail in outbox_of(place.app)] == ["maya@example.org"] * 2


def test_asking_again_and_again_sends_few_mails(place: Site) -> None:
    answers = [ask(place).status_code for _ in range(8)]
    assert answers == [200] * 5 + [429] * 3


def test_guessing_is_limited(make_ready: Callable[..., Site]) -> None:
    place = make_ready(LBACK_AUTH_LIMIT_TOKEN_PER_ADDRESS="5 per hour", **ON)
    answers = [use(place, f"guess{n}").status_code for n in range(8)]
    assert answers == [400] * 5 + [429] * 3


def flipped(place: Site) -> str:
    token = token_for(place)
    return token[:5] + ("x" if token[5] != "x" else "y") + token[6:]


def with_another_key(place: Site) -> str:
    place.app.secret_key = "z" + SECRET_KEY[1:]
    token = token_for(place)
    place.app.secret_key = SECRET_KEY
    return token


def of_a_reset(place: Site) -> str:
    with place.app.app_context():
        return state_of(place.app)[LinkTokens].make(RESET, place.user("maya"))


def after(change: Callable[[Any], Any]) -> Callable[[Site], str]:
    def make(place: Site) -> str:
        token = token_for(place)
        with place.app.app_context():
            user = place.user("maya")
            change(user)
            place.db.session.commit()
        return token

    return make


def beside_a_used_one(place: Site) -> str:
    token = token_for(place)
    assert use(place, token_for(place)).status_code == 302
    return token


def after_a_password(place: Site) -> str:
    token = token_for(place)
    assert Visitor(place.app).sign_in("maya", PASSWORD).status_code == 302
    return token


DEAD: dict[str, Callable[[Site], str]] = {
    "beside a used one": beside_a_used_one,
    "after another sign-in": after_a_password,
    "after a change of password": after(lambda user: user.set_password("changed by its owner")),
    "after a change of address": after(lambda user: setattr(user, "email", "new@example.org")),
    "of a switched-off account": after(lambda user: setattr(user, "is_active", False)),
    "flipped": flipped,
    "of another purpose": of_a_reset,
    "of another key": with_another_key,
    "long": lambda place: "x" * 5_000,
    "not ASCII": lambda place: "тайна",
}


@pytest.mark.parametrize("name", DEAD)
def test_a_dead_link_signs_nobody_in_and_says_one_thing(place: Site, name: str) -> None:
    token = DEAD[name](place)
    visitor = Visitor(place.app)
    answer = use(place, token, visitor)
    assert answer.status_code == 400
    assert "This link is no longer good. Ask for a new one." in errors_of(answer.text)
    assert not is_in(visitor)


def test_a_link_dies_after_a_quarter_of_an_hour(place: Site) -> None:
    token = token_for(place)
    with clock.turned(dt.timedelta(minutes=14)):
        assert Visitor(place.app).get(f"{PATH}?token={token}").status_code == 200
    with clock.turned(dt.timedelta(minutes=16)):
        assert use(place, token).status_code == 400


def test_a_link_confirms_the_address_and_takes_a_strangers_password_away(place: Site) -> None:
    place.add_user("kofi", verified=False)
    with place.app.app_context():
        owner, kinds = place.user("kofi"), place.models
        place.db.session.add_all(
            [
                kinds.OAuthAccount(owner=owner, provider="elsewhere", subject="7"),
                kinds.ApiToken(owner=owner, name="n", token_hash="h", prefix="p"),
            ]
        )
        place.db.session.commit()
    visitor = Visitor(place.app)
    with record_signals("user_email_verified") as sent:
        assert use(place, token_for(place, "kofi"), visitor).status_code == 302
    assert len(sent) == 1
    assert is_in(visitor)
    with place.app.app_context():
        assert place.user("kofi").email_verified
        assert place.db.session.query(kinds.OAuthAccount).count() == 0
        assert place.db.session.query(kinds.ApiToken).one().revoked_at is not None
    assert Visitor(place.app).sign_in("kofi", PASSWORD).status_code == 401


def test_a_confirmed_account_keeps_its_password(place: Site) -> None:
    assert use(place, token_for(place)).status_code == 302
    assert Visitor(place.app).sign_in("maya", PASSWORD).status_code == 302


def test_a_link_may_be_tied_to_the_browser_that_asked(make_ready: Callable[..., Site]) -> None:
    place = make_ready(LBACK_AUTH_MAGIC_LINK_SAME_BROWSER=True, **ON)
    place.add_user("maya")
    visitor, thief = Visitor(place.app), Visitor(place.app)
    ask(place, visitor=visitor)
    ask(place, "no@example.org", visitor=thief)
    path = mailed(place)
    answer = use(place, path.partition("token=")[2], thief)
    assert answer.status_code == 400
    assert "in the browser in which you asked" in errors_of(answer.text)
    assert not is_in(thief)
    assert visitor.submit(path).status_code == 302


def test_a_first_sign_in_by_link_is_no_news(place: Site) -> None:
    use(place, token_for(place))
    assert outbox_of(place.app) == []


def test_json_gives_tokens_for_a_link(place: Site) -> None:
    visitor = Visitor(place.app)
    answer = visitor.post_json("/api/auth/magic-link/request/", {"email": "maya@example.org"})
    other = visitor.post_json("/api/auth/magic-link/request/", {"email": "no@example.org"})
    assert (answer.status_code, answer.json) == (202, other.json)
    token = mailed(place).partition("token=")[2]
    given = visitor.post_json("/api/auth/magic-link/", {"token": token})
    assert given.status_code == 200
    assert given.json is not None
    assert given.json["user"]["username"] == "maya"
    refused = visitor.post_json("/api/auth/magic-link/", {"token": token})
    assert refused.status_code == 400
    assert refused.json is not None
    assert refused.json["code"] == "invalid_token"


def test_off_by_default(site: Site) -> None:
    visitor = Visitor(site.app)
    assert [visitor.get(path).status_code for path in (ASK, PATH)] == [404, 404]
    assert visitor.post_json("/api/auth/magic-link/", {"token": "x"}).status_code in (404, 405)
    assert "magic-link" not in visitor.get("/auth/login/").text


def test_accounts_without_an_address_stop_the_start() -> None:
    db = own_db()
    model: Any = db.Model

    class Nameless(AbstractBaseUser, UsernameMixin, model):
        __tablename__ = "nameless"
        id: Mapped[int] = mapped_column(primary_key=True)

    app = Flask("nameless")
    app.config.update(SECRET_KEY=SECRET_KEY, SQLALCHEMY_DATABASE_URI="sqlite://", **ON)
    db.init_app(app)
    with pytest.raises(ConfigError, match="LBACK_AUTH_MAGIC_LINK_ENABLED"):
        Lback(db=db).init_app(app, user_model=Nameless)
