"""Statements for many rows at once: another worker asks for rights anew after each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.dialects import sqlite

from flask_lback.testing import count_queries, sign_in
from tests.support.apps import Site, make_site

RIGHT = "news.read"
Statement = Callable[[Any, dict[str, int]], Any]


class Workers:
    """Two applications on one database, and maya's and kofi's browsers at both of them."""

    def __init__(self, one: Site, other: Site) -> None:
        self.one = one
        self.keys = {name: one.add_user(name) for name in ("maya", "kofi")}
        with one.app.app_context():
            for name, member in (("Readers", "maya"), ("Writers", "kofi")):
                group = one.models.Group(name=name, users=[one.user(member)])
                one.db.session.add(group)
                one.db.session.flush()
                self.keys[name] = group.id
            one.lback.permissions.grant(RIGHT, "Readers")
            one.db.session.commit()
            kind = one.models.Permission
            for right in (RIGHT, "auth.view_user"):
                query = sa.select(kind.id).filter_by(name=right)
                self.keys[right] = one.db.session.scalar(query)
        self.clients = {name: self._signed_in(other, name) for name in ("maya", "kofi")}

    def _signed_in(self, other: Site, name: str) -> list[FlaskClient]:
        with self.one.app.app_context():
            first = sign_in(self.one.app, self.one.user(name))
        cookie = first.get_cookie("lback_session")
        assert cookie is not None
        second = other.app.test_client()
        second.set_cookie("lback_session", cookie.value)
        return [first, second]

    def see(self) -> dict[str, list[int]]:
        """What each of them gets from each worker; rights come along with the account."""
        return {
            name: [client.get("/news/").status_code for client in clients]
            for name, clients in self.clients.items()
        }


READ, REFUSED, OUT = [200, 200], [403, 403], [302, 302]


@pytest.fixture
def workers(make_ready: Callable[..., Site]) -> Iterator[Workers]:
    """Maya reads by a group, kofi does not; both workers know it."""
    one = make_ready()
    other = make_site("default", one.app.config["SQLALCHEMY_DATABASE_URI"])
    found = Workers(one, other)
    assert found.see() == {"maya": READ, "kofi": REFUSED}
    yield found
    with other.app.app_context():
        other.db.engine.dispose()


def not_mine(models: Any, keys: dict[str, int]) -> Any:
    """A deletion whose parameter is called as a column that it excludes."""
    return sa.delete(models.members).where(models.members.c.user_id != sa.bindparam("user_id"))


TAKING: dict[str, Statement] = {
    "memberships": lambda m, keys: sa.delete(m.members),
    "one membership": lambda m, keys: sa.delete(m.members).where(
        m.members.c.user_id == keys["maya"]
    ),
    "memberships of a group": lambda m, keys: sa.delete(m.members).where(
        m.members.c.group_id == keys["Readers"]
    ),
    "a moved membership": lambda m, keys: (
        sa.update(m.members)
        .where(m.members.c.user_id == keys["maya"])
        .values(group_id=keys["Writers"])
    ),
    "what groups hold": lambda m, keys: sa.delete(m.group_permissions),
    "what a group holds instead": lambda m, keys: sa.update(m.group_permissions).values(
        permission_id=keys["auth.view_user"]
    ),
    "groups": lambda m, keys: sa.delete(m.Group).where(m.Group.name == "Readers"),
    "groups by their table": lambda m, keys: sa.delete(m.Group.__table__),
    "permissions": lambda m, keys: sa.delete(m.Permission).where(m.Permission.name == RIGHT),
    "names": lambda m, keys: sa.update(m.Permission).values(name=m.Permission.name + ".old"),
}


@pytest.mark.parametrize("by", ["session", "engine"])
@pytest.mark.parametrize("what", TAKING)
def test_what_a_bulk_statement_takes_is_gone_on_the_next_request(
    workers: Workers, what: str, by: str
) -> None:
    one = workers.one
    with one.app.app_context():
        statement = TAKING[what](one.models, workers.keys)
        if by == "session":
            one.db.session.execute(statement)
            one.db.session.commit()
        else:
            with one.db.engine.begin() as connection:
                connection.execute(statement)
    assert workers.see() == {"maya": REFUSED, "kofi": REFUSED}


GIVING: dict[str, Statement] = {
    "a membership": lambda m, keys: sa.insert(m.members).values(
        user_id=keys["kofi"], group_id=keys["Readers"]
    ),
    "memberships from a query": lambda m, keys: sa.insert(m.members).from_select(
        ["user_id", "group_id"],
        sa.select(m.User.id, sa.literal(keys["Readers"])).where(m.User.username == "kofi"),
    ),
    "a moved membership": lambda m, keys: (
        sqlite.insert(m.members)
        .values(user_id=keys["maya"], group_id=keys["Readers"])
        .on_conflict_do_update(
            index_elements=["user_id", "group_id"], set_={"user_id": keys["kofi"]}
        )
    ),
    "a right of an account": lambda m, keys: sa.insert(m.user_permissions).values(
        user_id=keys["kofi"], permission_id=keys[RIGHT]
    ),
    "a right of a group": lambda m, keys: sa.insert(m.group_permissions).values(
        group_id=keys["Writers"], permission_id=keys[RIGHT]
    ),
}


@pytest.mark.parametrize("what", GIVING)
def test_what_a_bulk_statement_gives_is_there_on_the_next_request(
    workers: Workers, what: str
) -> None:
    one = workers.one
    with one.app.app_context():
        one.db.session.execute(GIVING[what](one.models, workers.keys))
        one.db.session.commit()
    maya = REFUSED if what.startswith("a moved membership") else READ
    assert workers.see() == {"maya": maya, "kofi": READ}


def test_a_parameter_that_names_the_old_owner_hides_no_new_one(workers: Workers) -> None:
    one = workers.one
    members = one.models.members
    with one.app.app_context():
        statement = sqlite.insert(members).on_conflict_do_update(
            index_elements=["user_id", "group_id"], set_={"user_id": workers.keys["kofi"]}
        )
        row = {"user_id": workers.keys["maya"], "group_id": workers.keys["Readers"]}
        one.db.session.execute(statement, [row])
        one.db.session.commit()
    assert workers.see() == {"maya": REFUSED, "kofi": READ}


def test_a_parameter_that_names_somebody_else_hides_nobody(workers: Workers) -> None:
    one = workers.one
    with one.app.app_context():
        statement = not_mine(one.models, workers.keys)
        one.db.session.execute(statement, {"user_id": workers.keys["kofi"]})
        one.db.session.commit()
    assert workers.see() == {"maya": REFUSED, "kofi": REFUSED}


def test_accounts_that_are_switched_off_in_bulk_are_out_and_come_back(workers: Workers) -> None:
    one = workers.one
    user = one.models.User
    for is_active, maya in ((False, OUT), (True, READ)):
        with one.app.app_context():
            one.db.session.execute(sa.update(user).values(is_active=is_active))
            one.db.session.commit()
        assert workers.see() == {"maya": maya, "kofi": OUT if maya == OUT else REFUSED}


def test_superusers_that_are_made_in_bulk_are_superusers(workers: Workers) -> None:
    one = workers.one
    for is_superuser, kofi in ((True, READ), (False, REFUSED)):
        with one.app.app_context():
            one.db.session.execute(sa.update(one.models.User).values(is_superuser=is_superuser))
            one.db.session.commit()
        assert workers.see() == {"maya": READ, "kofi": kofi}


@pytest.mark.parametrize("savepoint", [False, True])
def test_a_bulk_statement_that_is_rolled_back_changes_nothing(
    workers: Workers, savepoint: bool
) -> None:
    one = workers.one
    with one.app.app_context():
        one.db.session.execute(sa.update(one.models.User).values(first_name="x"))  # begins
        outer = one.db.session.begin_nested() if savepoint else one.db.session
        one.db.session.execute(sa.delete(one.models.members))
        assert not one.user("maya").has_permission(RIGHT)
        outer.rollback()
        assert one.user("maya").has_permission(RIGHT)
        one.db.session.commit()
    assert workers.see() == {"maya": READ, "kofi": REFUSED}


def test_versions_that_were_thrown_away_let_nobody_keep_a_right(workers: Workers) -> None:
    one = workers.one
    members = one.models.members
    for _ in range(3):
        with one.app.app_context():
            one.db.session.execute(sa.delete(one.models.AccessVersion))
            one.db.session.execute(sa.delete(members))
            one.db.session.commit()
        assert workers.see()["maya"] == REFUSED
        with one.app.app_context():
            row = {"user_id": workers.keys["maya"], "group_id": workers.keys["Readers"]}
            one.db.session.execute(sa.delete(one.models.AccessVersion))
            one.db.session.execute(sa.insert(members).values(**row))
            one.db.session.commit()
        assert workers.see()["maya"] == READ


def test_a_bulk_statement_for_some_leaves_what_is_known_of_the_others(workers: Workers) -> None:
    one = workers.one
    with one.app.app_context():
        values = {"user_id": workers.keys["kofi"], "group_id": workers.keys["Readers"]}
        one.db.session.execute(sa.insert(one.models.members), [values])
        one.db.session.commit()
        version: Any = one.models.AccessVersion
        before = dict(one.db.session.execute(sa.select(version.scope, version.value)).all())
        one.db.session.execute(
            sa.delete(one.models.members).where(
                one.models.members.c.user_id == sa.bindparam("user_id"),
                one.models.members.c.group_id == sa.bindparam("group_id"),
            ),
            [values],
        )
        one.db.session.commit()
        after = dict(one.db.session.execute(sa.select(version.scope, version.value)).all())
    risen = {scope for scope, value in after.items() if before.get(scope) != value}
    assert risen == {f"user:{workers.keys['kofi']}"}
    with count_queries(one.app) as statements:
        assert workers.see() == {"maya": READ, "kofi": REFUSED}
    assert len(statements) == 2, "one for each visit to this worker"
