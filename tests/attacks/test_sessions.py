"""Sessions end when they should, and never become somebody else's."""

from __future__ import annotations

import copy
import datetime as dt
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, jsonify
from sqlalchemy.orm import Mapped, mapped_column

from flask_lback import Lback
from flask_lback.auth import AbstractUser, UserManager, current_user
from flask_lback.core import clock
from flask_lback.db.schema import initialize
from flask_lback.testing import sign_in
from tests.support.apps import PASSWORD, SECRET_KEY, Site, own_db
from tests.support.visitor import Visitor

from .support import csrf_of, is_in, refresh, signed_in, thief_of

db = own_db()


class Keeper(AbstractUser, db.Model):  # type: ignore[name-defined]
    """A user class that pickle can find again."""

    __tablename__ = "keepers"
    id: Mapped[int] = mapped_column(primary_key=True)


@pytest.fixture
def place(site: Site) -> Site:
    """A site with two accounts."""
    site.add_user("maya")
    site.add_user("kofi")
    return site


def by_form(visitor: Visitor, token: str) -> int:
    """Sign in as kofi by the form, on the browser as it is."""
    fields = {"csrf_token": token, "identifier": "kofi", "password": PASSWORD}
    return visitor.client.post("/auth/login/", data=fields).status_code


def by_json(visitor: Visitor, token: str) -> int:
    """Sign in as kofi by JSON, on the browser as it is."""
    document = {"identifier": "kofi", "password": PASSWORD, "session": True}
    return visitor.post_json("/api/auth/login/", document).status_code


@pytest.mark.parametrize("way", [by_form, by_json])
def test_se_1_signing_in_again_ends_the_session_that_the_browser_had(
    place: Site, way: Callable[[Visitor, str], int]
) -> None:
    visitor = signed_in(place)
    thief = thief_of(place, visitor)
    assert way(visitor, csrf_of(visitor, "/auth/change-password/")) in (200, 302)
    assert is_in(visitor)
    assert not is_in(thief)


def test_se_5_a_refresh_does_not_wake_a_login_that_was_left_alone(place: Site) -> None:
    visitor = Visitor(place.app)
    document = {"identifier": "maya", "password": PASSWORD, "session": True}
    tokens: Any = visitor.post_json("/api/auth/login/", document).json
    with clock.turned(dt.timedelta(minutes=130)):
        answer = refresh(place, tokens["refresh_token"])
        assert (answer.status_code, answer.json["code"]) == (401, "token_expired")  # type: ignore[index]
        assert not is_in(visitor)


@pytest.mark.parametrize("looks_first", [True, False])
def test_se_10_a_request_sent_from_within_a_view_leaves_its_account_alone(
    place: Site, looks_first: bool
) -> None:
    other = sign_in(place.app, "kofi")
    place.app.add_url_rule("/inner/", "inner", lambda: current_user.username)

    @place.app.get("/outer/")
    def outer() -> Any:
        first = current_user.username if looks_first else "maya"
        inner = other.get("/inner/").text
        return jsonify(first, inner, current_user.username)

    assert sign_in(place.app, "maya").get("/outer/").json == ["maya", "kofi", "maya"]
    assert place.app.test_client().get("/outer/").json == [
        "" if looks_first else "maya",
        "kofi",
        "",
    ]


def test_se_10_a_thread_that_fails_leaves_the_account_usable(place: Site) -> None:
    import threading

    @place.app.get("/run/")
    def run() -> Any:
        user, failures = current_user._get_current_object(), []

        def elsewhere() -> None:
            try:
                user.groups  # noqa: B018 - needs a session, which this thread has none of
            except RuntimeError as error:
                failures.append(error)

        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
        return jsonify(len(failures), list(user.groups))

    assert sign_in(place.app, "maya").get("/run/").json == [1, []]


@pytest.mark.parametrize("queried_first", [True, False])
def test_se_10_a_copy_of_the_account_is_the_account(queried_first: bool) -> None:
    app = Flask("keeping")
    app.config.update(SECRET_KEY=SECRET_KEY, TESTING=True, SQLALCHEMY_DATABASE_URI="sqlite://")
    db.init_app(app)
    Lback(app, db=db, user_model=Keeper)
    copies: list[Keeper] = []

    @app.get("/run/")
    def run() -> str:
        user = current_user._get_current_object()
        if queried_first:
            assert db.session.get(Keeper, user.id) == user
        copies.extend([copy.copy(user), copy.deepcopy(user)])
        copies.append(pickle.loads(pickle.dumps(user)))  # noqa: S301 - our own
        return user.username  # type: ignore[no-any-return]

    with app.app_context():
        initialize(app)
        UserManager().create_user(username="maya", email="maya@example.org", password=PASSWORD)
        db.session.commit()
    assert sign_in(app, "maya").get("/run/").text == "maya"
    assert [(one.username, one.is_active, hash(one)) for one in copies] == [
        ("maya", True, hash(copies[0]))
    ] * 3
    assert all(one == copies[0] for one in copies)
