"""Rights change on the next request of every process, whatever changed them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from flask_lback.exceptions import InvalidFieldsError, UnknownNameError
from flask_lback.permissions.sync import sync
from flask_lback.testing import count_queries, sign_in
from tests.support.apps import Site, make_site
from tests.support.databases import DATABASES

RIGHT = "news.read"


@pytest.fixture(params=DATABASES)
def workers(
    request: pytest.FixtureRequest, make_ready: Callable[..., Site]
) -> Iterator[tuple[Site, Site]]:
    """Two applications on one database, as two worker processes are."""
    one = make_ready("default", request.param)
    url = one.app.config["SQLALCHEMY_DATABASE_URI"]
    other = make_site("default", url)
    one.add_user("maya")
    with one.app.app_context():
        group = one.models.Group(name="Readers")
        one.db.session.add(group)
        one.db.session.flush()
        one.lback.permissions.grant(RIGHT, group)
        maya = one.user("maya")
        maya.groups.append(group)
        one.db.session.commit()
    yield one, other
    with other.app.app_context():
        other.db.engine.dispose()


def clients(one: Site, other: Site) -> list[FlaskClient]:
    """One person, with a cookie that both workers know."""
    with one.app.app_context():
        first = sign_in(one.app, one.user("maya"))
    second = other.app.test_client()
    cookie = first.get_cookie("lback_session")
    assert cookie is not None
    second.set_cookie("lback_session", cookie.value)
    return [first, second]


def statuses(people: list[FlaskClient]) -> list[int]:
    """What each worker answers."""
    return [person.get("/news/").status_code for person in people]


def readers(site: Site) -> Any:
    """The group."""
    return site.db.session.scalars(sa.select(site.models.Group).filter_by(name="Readers")).one()


def revoke(site: Site) -> None:
    """Take the right from the group."""
    group = readers(site)
    site.lback.permissions.revoke(RIGHT, group)
    site.db.session.flush()


def switch_off(site: Site) -> None:
    """Deactivate maya."""
    maya = site.user("maya")
    maya.is_active = False
    site.db.session.flush()


def leave_all(site: Site) -> None:
    """Take maya out of every group."""
    maya = site.user("maya")
    maya.groups.clear()
    site.db.session.flush()


CHANGES: dict[str, Callable[[Site], Any]] = {
    "revoke": lambda site: revoke(site),
    "membership": lambda site: leave_all(site),
    "group deletion": lambda site: site.db.session.delete(readers(site)),
    "permission deletion": lambda site: site.db.session.delete(
        site.db.session.scalars(sa.select(site.models.Permission).filter_by(name=RIGHT)).one()
    ),
    "bulk deletion of memberships": lambda site: site.db.session.execute(
        sa.delete(site.models.members)
    ),
    "bulk update of names": lambda site: site.db.session.execute(
        sa.update(site.models.Permission).values(name=site.models.Permission.name + ".old")
    ),
    "deactivation": lambda site: switch_off(site),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_right_that_is_taken_is_gone_on_the_next_request_of_both_workers(
    workers: tuple[Site, Site], change: str
) -> None:
    one, other = workers
    people = clients(one, other)
    assert statuses(people) == [200, 200]
    with one.app.app_context():
        CHANGES[change](one)
        one.db.session.commit()
    gone = 302 if change == "deactivation" else 403
    assert statuses(people) == [gone, gone]


def test_a_right_that_is_given_is_there_on_the_next_request_of_both_workers(
    workers: tuple[Site, Site],
) -> None:
    one, other = workers
    people = clients(one, other)
    with one.app.app_context():
        leave_all(one)
        one.db.session.commit()
    assert statuses(people) == [403, 403]
    with other.app.app_context():
        maya = other.user("maya")
        other.lback.permissions.grant(RIGHT, maya)
        other.db.session.commit()
    assert statuses(people) == [200, 200]


def test_a_rolled_back_change_changes_nothing_and_is_not_remembered(
    workers: tuple[Site, Site],
) -> None:
    one, other = workers
    people = clients(one, other)
    with one.app.app_context():
        maya = one.user("maya")
        maya.groups.clear()
        one.db.session.flush()
        assert not maya.has_permission(RIGHT), "within the transaction it is gone"
        one.db.session.rollback()
    assert statuses(people) == [200, 200]
    with one.app.app_context():
        assert one.user("maya").has_permission(RIGHT)


def test_a_change_shows_within_its_own_request(workers: tuple[Site, Site]) -> None:
    one, _ = workers

    @one.app.get("/change/")
    def change() -> Any:
        from flask_lback.auth import current_user

        before = current_user.has_permission(RIGHT)
        current_user.groups.clear()
        one.db.session.commit()
        return [before, current_user.has_permission(RIGHT)]

    with one.app.app_context():
        client = sign_in(one.app, one.user("maya"))
    assert client.get("/change/").json == [True, False]


def test_raw_sql_shows_after_a_touch(workers: tuple[Site, Site]) -> None:
    one, other = workers
    people = clients(one, other)
    assert statuses(people) == [200, 200]
    with one.app.app_context():
        one.db.session.execute(sa.text("DELETE FROM lback_group_member"))
        one.db.session.commit()
        one.lback.permissions.touch()
    assert statuses(people) == [403, 403]


def test_checks_cost_no_statement_once_known_also_after_a_change_elsewhere(
    workers: tuple[Site, Site],
) -> None:
    one, other = workers
    people = clients(one, other)
    with count_queries(other.app) as statements:
        assert people[1].get("/ten/").json == [True] + [False] * 9
    assert len(statements) == 1, "also when this worker sees the person for the first time"
    with one.app.app_context():
        leave_all(one)
        one.db.session.commit()
    with count_queries(other.app) as statements:
        assert people[1].get("/ten/").json == [False] * 10
    assert len(statements) == 1, "also right after a revocation on the other worker"
    with count_queries(other.app) as statements:
        assert people[1].get("/ten/").json == [False] * 10
    assert len(statements) == 1


def test_other_accounts_than_the_present_one_can_be_asked_about(
    workers: tuple[Site, Site],
) -> None:
    one, _ = workers
    one.add_user("kofi")
    with one.app.app_context():
        assert one.user("maya").has_permission(RIGHT)
        assert not one.user("kofi").has_permission(RIGHT)
        assert one.user("maya").in_group("Readers")
        assert not one.user("kofi").in_group("Readers")
        assert one.user("maya").has_any_permission([RIGHT, "no.such"])
        assert not one.user("maya").has_permissions([RIGHT, "no.such"])
        assert not one.user("maya").has_permissions([])
        assert one.user("maya").can(RIGHT)


@pytest.mark.parametrize("name", ["", "NEWS.READ", " news.read", "news.*", None, 5])
def test_only_the_exact_name_counts(site: Site, name: Any) -> None:
    site.add_user("maya")
    with site.app.app_context():
        maya = site.user("maya")
        site.lback.permissions.grant(RIGHT, maya)
        site.db.session.commit()
        assert site.user("maya").has_permission(RIGHT)
        assert not site.user("maya").has_permission(name)


def test_a_superuser_that_is_switched_off_holds_nothing(site: Site) -> None:
    site.add_user("root", is_superuser=True)
    with site.app.app_context():
        root = site.user("root")
        assert root.has_permission("anything.at_all")
        root.is_active = False
        assert not root.has_permission("anything.at_all")


def test_an_account_that_is_not_saved_holds_nothing(site: Site) -> None:
    with site.app.app_context():
        assert not site.models.User(username="new", is_active=True).has_permission(RIGHT)


def test_an_unknown_permission_cannot_be_granted(site: Site) -> None:
    site.add_user("maya")
    with site.app.app_context(), pytest.raises(UnknownNameError, match="sync-permissions"):
        site.lback.permissions.grant("no.such", site.user("maya"))


def test_syncing_makes_what_is_declared_and_takes_nothing_away(site: Site) -> None:
    site.lback.permissions.define("blog.publish_post", "Publish a post")
    site.lback.permissions.declare_group("Editors", ["blog.publish_post", RIGHT], is_default=True)
    with site.app.app_context():
        first = sync(site.app)
        assert first.permissions == ["blog.publish_post"]
        assert first.groups == ["Editors"]
        assert first.grants == [("Editors", "blog.publish_post"), ("Editors", RIGHT)]
        group = editors(site)
        site.lback.permissions.grant("auth.view_user", group)
        site.db.session.commit()
        assert not sync(site.app)
        names = {permission.name for permission in editors(site).permissions}
        assert names == {"blog.publish_post", RIGHT, "auth.view_user"}


def editors(site: Site) -> Any:
    """The declared group."""
    return site.db.session.scalars(sa.select(site.models.Group).filter_by(name="Editors")).one()


def test_every_model_has_four_permissions(site: Site) -> None:
    with site.app.app_context():
        names = set(site.db.session.scalars(sa.select(site.models.Permission.name)))
    for model in ("user", "group", "permission", "usersession"):
        assert {f"auth.{action}_{model}" for action in ("add", "change", "delete", "view")} <= names


@pytest.mark.parametrize("kind", ["Group", "Permission"])
def test_a_name_cannot_smuggle_a_second_one(site: Site, kind: str) -> None:
    with site.app.app_context(), pytest.raises(InvalidFieldsError, match="cannot be used"):
        getattr(site.models, kind)(name="harmless\x1fAdmins")
