"""A password that somebody else sets (AD-14): he gains no right by it, and keeps no way in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flask_lback.admin import UserAdmin
from flask_lback.auth.api_tokens.service import ApiTokens
from flask_lback.core.state import state_of
from tests.admin.blog import Blog, make_blog
from tests.support.apps import PASSWORD
from tests.support.visitor import Visitor

from .held import bearer
from .support import NEW_PASSWORD

USERS = "/admin/people/user/"
SENT = {"new_password": NEW_PASSWORD, "password_confirm": NEW_PASSWORD}


@pytest.fixture
def blog(tmp_path: Path) -> Iterator[Blog]:
    made = make_blog(f"sqlite:///{tmp_path}/blog.sqlite")
    made.add_superuser()
    made.add_staff("clerk", "people.view_user", "people.change_user")
    yield made
    with made.app.app_context():
        made.db.engine.dispose()


def set_password(blog: Blog, key: Any, **more: str) -> None:
    blog.panel("clerk").post(f"{USERS}password/?id={key}", **SENT, **more)


def opened(blog: Blog, name: str, password: str) -> Visitor | None:
    """Somebody who has tried name and password on the sign-in page."""
    visitor = Visitor(blog.app)
    return visitor if visitor.sign_in(name, password).status_code == 302 else None


@pytest.mark.parametrize("sent", [{}, {"must_change": "y"}, {"_disable": "1"}])
def test_ad_14_an_account_with_more_rights_is_not_taken_over(
    blog: Blog, sent: dict[str, str]
) -> None:
    boss = blog.add_staff("boss", "blog.delete_post")
    set_password(blog, boss, **sent)
    assert opened(blog, "boss", NEW_PASSWORD) is None
    assert opened(blog, "boss", PASSWORD) is not None


def test_ad_14_the_password_that_two_people_know_opens_one_page_only(blog: Blog) -> None:
    ada = blog.add_user("ada")
    set_password(blog, ada, must_change="y")
    thief = opened(blog, "ada", NEW_PASSWORD)
    assert thief is not None
    for path in ("/auth/account/", "/auth/sessions/", "/auth/tokens/", "/admin/"):
        assert thief.get(path).location == "/auth/change-password/", path
    login = {"identifier": "ada", "password": NEW_PASSWORD}
    document = thief.post_json("/api/auth/login/", login).get_json()
    headers = bearer(document["access_token"])
    assert blog.app.test_client().get("/api/auth/me/", headers=headers).status_code == 403


@pytest.mark.parametrize("fields", [(), ("username", "email", "password1", "password2")])
def test_ad_14_nor_does_that_of_a_new_account(tmp_path: Path, fields: tuple[str, ...]) -> None:
    def declare(blog: Blog) -> None:
        cards = ((None, {"fields": fields}),) if fields else ()
        blog.lback.admin.register(
            blog.User, type("Accounts", (UserAdmin,), {"add_fieldsets": cards})
        )

    blog = make_blog(f"sqlite:///{tmp_path}/new.sqlite", prepared=declare)
    blog.add_superuser()
    names = {"username": "ada", "email": "ada@example.org", "email_verified": "y"}
    sent = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD, "must_change": "y"}
    if fields:
        del sent["must_change"]  # no switch to leave off
    blog.panel("root").post(f"{USERS}new/", **names, **sent, is_active="y", usable_password="y")
    with blog.app.app_context():
        ada = blog.db.session.query(blog.User).filter_by(username="ada").one()
        ada.email_verified_at = ada.date_joined
        blog.db.session.commit()
    visitor = opened(blog, "ada", NEW_PASSWORD)
    assert visitor is not None
    assert visitor.get("/auth/account/").location == "/auth/change-password/"


def test_ad_14_whoever_was_in_is_out(blog: Blog) -> None:
    ada = blog.add_user("ada")
    visitor = opened(blog, "ada", PASSWORD)
    assert visitor is not None
    with blog.app.test_request_context():
        tokens = state_of(blog.app)[ApiTokens]
        user = blog.one(blog.User, ada)
        headers = bearer(tokens.make(user, "a script", life=tokens.usual_life)[1])
    client = blog.app.test_client()
    assert client.get("/api/auth/me/", headers=headers).status_code == 200
    set_password(blog, ada)
    assert client.get("/api/auth/me/", headers=headers).status_code == 401
    assert visitor.get("/auth/account/").status_code == 302
