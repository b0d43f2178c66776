"""A right that is given or taken counts in every gunicorn worker, on every database."""

from __future__ import annotations

import http.client
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa

from flask_lback.testing import sign_in
from tests.support.apps import Site
from tests.support.databases import DATABASES
from tests.support.server import Gunicorn

RIGHT = "news.read"
#: Requests at once, so that no worker can answer all of them, and how often they are sent.
AT_ONCE, ROUNDS = 6, 60


def execute(site: Site, statement: Any) -> None:
    """A bulk statement."""
    site.db.session.execute(statement)


def every_pair(site: Site, table: Any, one: Any, other: Any) -> Any:
    """A bulk insertion: each row of one table with each row of the other that holds the right."""
    pairs = sa.select(one.id, other.id).select_from(sa.join(one, other, sa.true()))
    if other is site.models.Permission:
        pairs = pairs.where(other.name == RIGHT)
    return sa.insert(table).from_select([column.name for column in table.primary_key], pairs)


Change = Callable[[Site, Any], Any]
#: One after the other: the change, and what maya gets after it.
CHANGES: list[tuple[str, int, Change]] = [
    ("grant", 200, lambda site, m: site.lback.permissions.grant(RIGHT, "Readers")),
    ("revoke", 403, lambda site, m: site.lback.permissions.revoke(RIGHT, "Readers")),
    ("direct grant", 200, lambda site, m: site.lback.permissions.grant(RIGHT, site.user("maya"))),
    ("bulk revoke", 403, lambda site, m: execute(site, sa.delete(m.user_permissions))),
    (
        "bulk grant",
        200,
        lambda site, m: execute(site, every_pair(site, m.group_permissions, m.Group, m.Permission)),
    ),
    ("bulk leaving", 403, lambda site, m: execute(site, sa.delete(m.members))),
    (
        "bulk joining",
        200,
        lambda site, m: execute(site, every_pair(site, m.members, m.User, m.Group)),
    ),
    (
        "bulk deactivation",
        302,
        lambda site, m: execute(site, sa.update(m.User).values(is_active=False)),
    ),
    (
        "bulk activation",
        200,
        lambda site, m: execute(site, sa.update(m.User).values(is_active=True)),
    ),
    ("group deletion", 403, lambda site, m: execute(site, sa.delete(m.Group))),
]


def asked(server: Gunicorn, cookie: str) -> dict[str, set[int]]:
    """What each worker answers, once both have."""

    def ask(_: int) -> tuple[str, int]:
        connection = http.client.HTTPConnection(server.host, server.port, timeout=20)
        connection.request("GET", "/news/", headers={"Cookie": cookie, "Accept": "text/html"})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return str(answer.getheader("X-Worker")), answer.status

    found: dict[str, set[int]] = {}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for _ in range(ROUNDS):
            for worker, status in pool.map(ask, range(AT_ONCE)):
                found.setdefault(worker, set()).add(status)
            if len(found) == 2:
                return found
    raise AssertionError(f"one worker answered everything: {found}\n{server.log[-2000:]}")


@pytest.mark.parametrize("database", DATABASES)
def test_every_change_counts_on_the_next_request_of_both_workers(
    make_ready: Callable[..., Site], serve: Callable[..., Gunicorn], database: str
) -> None:
    site = make_ready("default", database)
    site.add_user("maya")
    with site.app.app_context():
        site.db.session.add(site.models.Group(name="Readers", users=[site.user("maya")]))
        site.db.session.commit()
        session = sign_in(site.app, site.user("maya")).get_cookie("lback_session")
    assert session is not None
    url = site.app.config["SQLALCHEMY_DATABASE_URI"]
    server = serve("tests.permissions.served:create_app()", workers=2, env={"SITE_URL": url})
    cookie = f"lback_session={session.value}"
    assert set().union(*asked(server, cookie).values()) == {403}
    for name, status, change in CHANGES:
        with site.app.app_context():
            change(site, site.models)
            site.db.session.rollback()
        before = asked(server, cookie)
        with site.app.app_context():
            change(site, site.models)
            site.db.session.commit()
        after = asked(server, cookie)
        assert set().union(*after.values()) == {status}, f"{name}: {before} {after}"
        assert status not in set().union(*before.values()), f"{name}, rolled back: {before}"
