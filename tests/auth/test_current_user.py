"""``current_user`` is the mapped object, whatever is done with it, for one statement."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flask_login
import pytest
from flask import jsonify

from flask_lback.auth import current_user
from flask_lback.testing import count_queries, sign_in
from tests.support.apps import USER_KINDS, Site

View = Callable[[], Any]


@pytest.fixture(params=USER_KINDS)
def place(request: pytest.FixtureRequest, make_ready: Callable[..., Site]) -> Site:
    """A site with an account, for every kind of user class."""
    site = make_ready(request.param)
    site.add_user("maya")
    return site


def run(place: Site, view: View) -> tuple[Any, list[str]]:
    """What a signed-in request gets from a view, and the statements it took."""
    place.app.add_url_rule("/run/", "run", lambda: jsonify(view()))
    with place.app.app_context():
        user = place.user("maya")
        client = sign_in(place.app, user)
    with count_queries(place.app) as statements:
        answer = client.get("/run/")
    assert answer.status_code == 200, answer.text
    return answer.json, list(statements)


def test_it_is_an_instance_of_the_user_class(place: Site) -> None:
    user_class = place.models.User
    seen, statements = run(place, lambda: [isinstance(current_user, user_class)])
    assert seen == [True]
    assert len(statements) == 1


def test_loaded_columns_and_checks_cost_one_statement(place: Site) -> None:
    def view() -> Any:
        return [current_user.email, current_user.is_active, current_user.first_name]

    seen, statements = run(place, view)
    assert seen == ["maya@example.org", True, ""]
    assert len(statements) == 1


def test_it_equals_the_object_of_a_query_and_hashes_like_it(place: Site) -> None:
    def view() -> Any:
        me = current_user._get_current_object()
        queried = place.db.session.query(place.models.User).one()
        return [current_user == queried, queried == me, hash(queried) == hash(me), me in {queried}]

    assert run(place, view)[0] == [True] * 4


def test_a_write_reaches_the_database_without_a_second_read(place: Site) -> None:
    def view() -> Any:
        current_user.first_name = "Maya"
        place.db.session.commit()
        return []

    _, statements = run(place, view)
    assert [statement.split()[0] for statement in statements] == ["SELECT", "UPDATE"]
    with place.app.app_context():
        assert place.user("maya").first_name == "Maya"


def test_a_ping_of_the_flask_book_works(place: Site) -> None:
    from flask_lback.core import clock

    def view() -> Any:
        moment = clock.now()
        me = current_user._get_current_object()
        me.last_seen_at = moment
        place.db.session.add(me)
        place.db.session.commit()
        return [place.user("maya").last_seen_at == moment]

    assert run(place, view)[0] == [True]


def test_what_a_queried_object_is_given_shows_at_once(place: Site) -> None:
    def view() -> Any:
        queried = place.user("maya")
        queried.first_name = "Nora"
        before_commit = current_user.first_name
        current_user.last_name = "Lind"
        place.db.session.commit()
        return [before_commit, current_user.first_name, queried.last_name]

    assert run(place, view)[0] == ["Nora", "Nora", "Lind"]


def test_a_write_joins_an_object_that_was_queried_before_it_was_asked_for(place: Site) -> None:
    def view() -> Any:
        queried = place.db.session.query(place.models.User).one()
        current_user.first_name = "Ines"
        return [queried.first_name, queried in place.db.session.dirty]

    assert run(place, view)[0] == ["Ines", True]


def test_relations_work_from_it(place: Site) -> None:
    def view() -> Any:
        group = place.models.Group(name="Readers")
        current_user.groups.append(group)
        place.db.session.commit()
        return [one.name for one in current_user.groups]

    assert run(place, view)[0] == ["Readers"]


def test_it_can_be_the_target_of_a_relation(place: Site) -> None:
    def view() -> Any:
        group = place.models.Group(name="Readers", users=[current_user._get_current_object()])
        place.db.session.add(group)
        place.db.session.commit()
        return [place.user("maya").groups[0].name]

    assert run(place, view)[0] == ["Readers"]


def test_a_rolled_back_write_is_gone(place: Site) -> None:
    def view() -> Any:
        current_user.first_name = "Nobody"
        place.db.session.rollback()
        return [current_user.first_name]

    assert run(place, view)[0] == [""]


def test_flask_logins_own_name_gives_the_same_object(place: Site) -> None:
    def view() -> Any:
        mine, theirs = current_user, flask_login.current_user
        return [mine == theirs, mine._get_current_object() is theirs._get_current_object()]

    assert run(place, view)[0] == [True, True]


def test_the_request_carries_the_account(place: Site) -> None:
    from flask import request

    seen, statements = run(place, lambda: [request.user.email, request.user.is_authenticated])  # type: ignore[attr-defined]
    assert seen == ["maya@example.org", True]
    assert len(statements) == 1


def test_an_account_outside_a_request_is_nobody(place: Site) -> None:
    with place.app.app_context():
        assert not current_user.is_authenticated
        assert current_user.is_anonymous


def test_a_pushed_context_does_not_show_one_client_the_account_of_another(place: Site) -> None:
    place.app.add_url_rule("/who/", "who", lambda: jsonify(current_user.is_authenticated))
    with place.app.app_context():
        signed_in = sign_in(place.app, place.user("maya"))
        stranger = place.app.test_client()
        assert signed_in.get("/who/").json is True
        assert stranger.get("/who/").json is False
        assert signed_in.get("/who/").json is True


def test_an_account_with_uncommitted_changes_on_one_connection_is_not_rolled_back() -> None:
    from flask_lback.db.schema import initialize
    from tests.support.apps import make_site

    place = make_site()  # a database in memory has one connection for everything
    with place.app.app_context():
        initialize(place.app)
        place.add_user("maya")
        place.add_user("kofi")

    def view() -> Any:
        place.user("kofi").first_name = "Kofi"
        place.db.session.flush()
        _ = current_user.email
        place.db.session.commit()
        return [place.user("kofi").first_name]

    assert run(place, view)[0] == ["Kofi"]
