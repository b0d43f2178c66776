"""A login with scopes gives nothing beyond them, whoever its owner is."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, g, jsonify, request

from flask_lback.auth import current_user
from flask_lback.auth.rights import rights_of
from flask_lback.auth.sessions.loading import AccountLoader, digest
from flask_lback.auth.sessions.principal import LOGIN, USER
from flask_lback.core import clock
from flask_lback.core.state import state_of
from flask_lback.permissions import (
    group_required,
    permission_required,
    staff_member_required,
    superuser_required,
)
from flask_lback.testing import count_queries
from tests.support.apps import Site
from tests.support.databases import DATABASES

RIGHT, OTHER = "news.read", "auth.view_user"
TOKEN = "a-random-token"
HOUR = dt.timedelta(hours=1)


def add_token(site: Site, scopes: str | None = RIGHT, **values: Any) -> None:
    """Maya's API token."""
    with site.app.app_context():
        site.db.session.add(
            site.models.ApiToken(
                owner=site.user("maya"),
                name="deploy",
                prefix="a-",
                token_hash=digest(TOKEN),
                scopes=scopes,
                **values,
            )
        )
        site.db.session.commit()


def enter_by_token(app: Flask) -> None:
    """Let requests with a token be those of its owner."""

    @app.before_request
    def enter() -> None:
        found = state_of(app)[AccountLoader].by_api_token(digest(request.headers["X-Token"]))
        if found is not None:
            setattr(g, USER, found[0])
            setattr(g, LOGIN, found[1])


@pytest.fixture
def maya(site: Site) -> Site:
    """A site on which maya holds two rights by a group, and pages ask for them."""
    return furnished(site)


def furnished(site: Site, **fields: Any) -> Site:
    """Rights for maya, and pages."""
    site.add_user("maya", **fields)
    with site.app.app_context():
        group = site.models.Group(name="Readers")
        site.db.session.add(group)
        site.db.session.flush()
        site.lback.permissions.grant(RIGHT, group)
        site.lback.permissions.grant(OTHER, group)
        owner = site.user("maya")
        owner.groups.append(group)
        site.db.session.commit()
    enter_by_token(site.app)
    site.app.add_url_rule("/other/", "other", permission_required(OTHER)(lambda: "other"))
    site.app.add_url_rule("/group/", "group", group_required("Readers")(lambda: "group"))
    site.app.add_url_rule("/staff/", "staff", staff_member_required(lambda: "staff"))
    site.app.add_url_rule("/super/", "super", superuser_required(lambda: "super"))
    return site


def statuses(site: Site, token: str = TOKEN) -> list[int]:
    """What the pages answer."""
    client = site.app.test_client()
    paths = ("/news/", "/other/", "/group/", "/staff/", "/super/")
    return [client.get(path, headers={"X-Token": token}).status_code for path in paths]


def test_without_scopes_it_gives_what_its_owner_holds(maya: Site) -> None:
    add_token(maya, None)
    assert statuses(maya) == [200, 200, 200, 403, 403]


@pytest.mark.parametrize(
    ("scopes", "expected"),
    [
        (RIGHT, [200, 403, 403, 403, 403]),
        (f"{OTHER} {RIGHT}", [200, 200, 403, 403, 403]),
        ("no.such news.reads", [403] * 5),
        ("", [403] * 5),
    ],
)
def test_scopes_narrow_it(maya: Site, scopes: str, expected: list[int]) -> None:
    add_token(maya, scopes)
    assert statuses(maya) == expected


def test_scopes_give_nothing_that_its_owner_does_not_hold(maya: Site) -> None:
    add_token(maya, "auth.add_user")

    @maya.app.get("/may/")
    def may() -> Any:
        return jsonify(current_user.has_permission("auth.add_user"))

    answer = maya.app.test_client().get("/may/", headers={"X-Token": TOKEN})
    assert answer.json is False


def test_a_superusers_token_is_narrowed_too(site: Site) -> None:
    furnished(site, is_superuser=True, is_staff=True)
    add_token(site, RIGHT)
    assert statuses(site) == [200, 403, 403, 403, 403]


def test_every_way_of_asking_is_narrowed(site: Site) -> None:
    furnished(site, is_superuser=True)
    add_token(site, RIGHT)

    @site.app.get("/ask/")
    def ask() -> Any:
        me, queried = current_user._get_current_object(), site.user("maya")
        fresh = site.db.session.scalars(
            sa.select(site.models.User).execution_options(populate_existing=True)
        ).one()
        return jsonify(
            [
                [
                    one.has_permission(RIGHT),
                    one.has_permission(OTHER),
                    one.has_permissions([RIGHT, OTHER]),
                    one.has_any_permission([OTHER, "x.y"]),
                    one.in_group("Readers"),
                    sorted(rights_of(one).permissions),
                    sorted(rights_of(one).groups),
                    rights_of(one).is_superuser,
                ]
                for one in (me, queried, fresh)
            ]
        )

    answer = site.app.test_client().get("/ask/", headers={"X-Token": TOKEN})
    assert answer.json == [[True, False, False, False, False, [RIGHT], [], False]] * 3


def test_other_accounts_are_not_narrowed(maya: Site) -> None:
    maya.add_user("root", is_superuser=True)
    add_token(maya, RIGHT)
    maya.app.add_url_rule("/superuser/", "superuser", lambda: jsonify(maya.user("root").can(OTHER)))
    assert maya.app.test_client().get("/superuser/", headers={"X-Token": TOKEN}).json is True


@pytest.mark.parametrize("how", ["revoked", "expired", "inactive", "unknown"])
def test_a_token_that_is_over_opens_nothing(maya: Site, how: str) -> None:
    add_token(maya, None)
    assert statuses(maya)[0] == 200
    with maya.app.app_context():
        token = maya.db.session.scalars(sa.select(maya.models.ApiToken)).one()
        if how == "revoked":
            token.revoked_at = clock.now()
        elif how == "expired":
            token.expires_at = clock.now()
        elif how == "inactive":
            owner = maya.user("maya")
            owner.is_active = False
        maya.db.session.commit()
    assert statuses(maya, "another" if how == "unknown" else TOKEN) == [302] * 5


def test_a_token_lives_until_its_end(maya: Site) -> None:
    add_token(maya, None, expires_at=clock.now() + HOUR)
    assert statuses(maya)[0] == 200
    with clock.turned(HOUR):
        assert statuses(maya)[0] == 302


@pytest.mark.parametrize("kind", DATABASES)
def test_it_costs_one_statement_and_notes_its_use_once_a_minute(make_ready: Any, kind: str) -> None:
    site = furnished(make_ready("default", kind))
    add_token(site, f"{RIGHT} {OTHER}")

    def ask() -> list[str]:
        client = site.app.test_client()
        with (
            count_queries(site.app) as statements,
            client.get("/news/", headers={"X-Token": TOKEN}) as answer,
        ):
            assert answer.status_code == 200
        return [statement.split()[0] for statement in statements]

    assert ask() == ["SELECT", "UPDATE", "UPDATE"], "it was never used before"
    assert ask() == ["SELECT"]
    with clock.turned(dt.timedelta(seconds=61)):
        assert ask() == ["SELECT", "UPDATE", "UPDATE"]
    with site.app.app_context():
        token = site.db.session.scalars(sa.select(site.models.ApiToken)).one()
        assert token.last_used_at == site.user("maya").last_seen_at
        assert token.last_used_at > clock.now() + dt.timedelta(seconds=30)


def test_the_login_says_what_it_is(maya: Site) -> None:
    add_token(maya, f"{RIGHT}  {OTHER}")
    with maya.app.test_request_context():
        found = state_of(maya.app)[AccountLoader].by_api_token(digest(TOKEN))
    assert found is not None
    user, login = found
    assert user.username == "maya"
    assert (login.mechanism, login.session_id) == ("token", None)
    assert login.scopes == frozenset({RIGHT, OTHER})
