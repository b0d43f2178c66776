"""`init-db` without migrations, and what is said when the database is not as it should be."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from tests.cli.commands import run
from tests.support.apps import Site, make_site
from tests.support.databases import DATABASES
from tests.support.server import closed_port


@pytest.mark.parametrize("database", DATABASES)
def test_missing_tables_are_named_made_and_filled_once(
    make_empty: Callable[..., Site], database: str
) -> None:
    site = make_empty("default", database)
    site.lback.permissions.declare_group("Editors", ["news.read"])
    before = run(site.app, "list-users")
    assert before.status == 1
    assert before.err == (
        "Error: The database has no table lback_user. "
        "(Run `flask lback init-db`, or `flask lback migrate` when there are migrations.)\n"
    )
    outcome = run(site.app, "init-db")
    assert outcome.status == 0
    assert outcome.out.startswith(f"Made {len(site.db.metadata.tables)} tables: lback_")
    with site.app.app_context():
        group = site.db.session.scalars(sa.select(site.models.Group)).one()
        assert [permission.name for permission in group.permissions] == ["news.read"]
        site.db.session.execute(sa.text("DROP TABLE lback_refresh_token"))
        site.db.session.commit()
    assert run(site.app, "init-db").out == "Made 1 table: lback_refresh_token.\n"
    again = run(site.app, "init-db")
    assert (again.status, again.out) == (0, "Nothing to do: every table is there.\n")


@pytest.mark.parametrize("database", DATABASES)
def test_a_column_that_the_database_lacks_is_named(
    make_empty: Callable[..., Site], database: str
) -> None:
    site = make_empty("uuid", database)
    run(site.app, "init-db")
    with site.app.app_context():
        site.db.session.execute(sa.text("ALTER TABLE members DROP COLUMN is_staff"))
        site.db.session.commit()
    outcome = run(site.app, "list-users")
    assert outcome.status == 1
    assert "has no column members.is_staff, which a model has." in outcome.err
    assert outcome.err.endswith("(Run `flask lback makemigrations` and `flask lback migrate`.)\n")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://nobody@127.0.0.1:{port}/none",
        "mysql+pymysql://nobody@127.0.0.1:{port}/none",
        "sqlite:////no/such/folder/app.db",
    ],
)
@pytest.mark.parametrize("words", ["init-db", "list-users", "makemigrations", "sync-permissions"])
def test_a_database_that_does_not_answer_is_one_line(url: str, words: str) -> None:
    site = make_site("uuid", url.format(port=closed_port()))
    outcome = run(site.app, words)
    assert outcome.status == 1
    assert outcome.err.startswith("Error: The database does not answer: ")
    assert outcome.err.endswith("(Check SQLALCHEMY_DATABASE_URI, and that the server runs.)\n")
    assert outcome.err.count("\n") == 1


def test_check_reports_a_database_that_does_not_answer() -> None:
    site = make_site("uuid", "sqlite:////no/such/folder/app.db")
    outcome = run(site.app, "check")
    assert outcome.status == 1
    assert "ERROR db.E002: The database does not answer: " in outcome.out


def test_sync_permissions_makes_what_is_declared_and_then_nothing(site: Site) -> None:
    site.lback.permissions.define("shop.open", "Open the shop")
    site.lback.permissions.declare_group("Keepers", ["shop.open"])
    outcome = run(site.app, "sync-permissions")
    assert outcome.out == (
        "Made 1 permission: shop.open.\nMade 1 group: Keepers.\nGave Keepers shop.open.\n"
    )
    assert run(site.app, "sync-permissions").out.startswith("Nothing to do")
    again = run(site.app, "sync-permissions", "--format", "json")
    assert set(json.loads(again.out)) >= {"permissions", "groups", "grants", "undeclared"}
    assert not any(json.loads(again.out).values())
