"""Migrations, from the first to the last, on every database and with every kind of user."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from flask_lback.core.signals import database_migrated
from flask_lback.db import UTCDateTime
from flask_lback.db.migrations import Migrations
from tests.cli.commands import run
from tests.support.apps import PASSWORD, USER_KINDS, Site
from tests.support.databases import DATABASES


def add_table(site: Site, name: str = "note", *columns: sa.Column[Any]) -> sa.Table:
    """A model more: the application grows."""
    key = sa.Column("id", sa.Integer, primary_key=True)
    return sa.Table(name, site.db.metadata, key, *columns, extend_existing=True)


def tables(site: Site) -> set[str]:
    with site.app.app_context():
        return set(sa.inspect(site.db.engine).get_table_names()) - {"alembic_version"}


def versions(site: Site) -> list[Path]:
    """The files, in the order in which they were written."""
    folder = Path(site.app.config["LBACK_DB_MIGRATIONS_FOLDER"]) / "versions"
    return sorted(folder.glob("*.py"), key=lambda path: path.stat().st_mtime_ns)


def succeeds(site: Site, *words: str) -> str:
    outcome = run(site.app, *words)
    assert outcome.status == 0, outcome.err
    return outcome.out


@pytest.mark.parametrize("kind", USER_KINDS)
@pytest.mark.parametrize("database", DATABASES)
def test_models_become_tables_by_migrations_and_nothing_is_left_to_do(
    make_empty: Callable[..., Site], kind: str, database: str
) -> None:
    site = make_empty(kind, database)
    out = succeeds(site, "makemigrations")
    assert out.startswith("Made ")
    assert "add table lback_group\n" in out
    assert tables(site) == set()
    assert succeeds(site, "migrate").startswith("Applied ")
    assert tables(site) == set(site.db.metadata.tables)
    assert succeeds(site, "makemigrations", "--check").startswith("Nothing to do")
    assert succeeds(site, "makemigrations").startswith("Nothing to do")
    assert len(versions(site)) == 1
    assert succeeds(site, "migrate").startswith("Nothing to do")
    with site.app.app_context():  # the signal reached permissions, and accounts can be made
        assert site.db.session.scalar(sa.select(site.models.Permission).limit(1)) is not None
    site.add_user("carol")
    with site.app.app_context():
        assert site.user("carol").check_password(PASSWORD)


@pytest.mark.parametrize("database", DATABASES)
def test_a_second_migration_holds_only_what_changed_and_can_be_undone(
    make_empty: Callable[..., Site], database: str
) -> None:
    import flask_migrate

    site = make_empty("uuid", database)
    succeeds(site, "makemigrations")
    succeeds(site, "migrate")
    seen = sa.Column("seen_at", UTCDateTime, index=True)
    owner: sa.Column[Any] = sa.Column("owner", sa.ForeignKey("members.key"), index=True)
    add_table(site, "note", sa.Column("text", sa.String(80)), seen, owner)
    assert succeeds(site, "makemigrations").splitlines()[1:] == ["  add table note"]
    assert versions(site)[-1].name.endswith("_add_table_note.py")
    succeeds(site, "migrate")
    assert succeeds(site, "makemigrations", "--check").startswith("Nothing to do")
    with site.app.app_context():
        flask_migrate.downgrade(site.app.config["LBACK_DB_MIGRATIONS_FOLDER"], "base")
    assert tables(site) == set()


def test_the_first_migration_holds_everything_although_init_db_made_the_tables(
    empty: Site,
) -> None:
    succeeds(empty, "init-db")
    out = succeeds(empty, "makemigrations")
    assert out.count("add table") == len(empty.db.metadata.tables)
    outcome = run(empty.app, "migrate")
    assert outcome.status == 1
    assert outcome.err == (
        f"Error: The database has {len(empty.db.metadata.tables)} tables of these "
        "(lback_access_version first) and no record of migrations. "
        "(If `init-db` made them, record that with `flask lback migrate --fake`.)\n"
    )
    assert succeeds(empty, "migrate", "--fake").startswith("Recorded ")
    assert succeeds(empty, "migrate").startswith("Nothing to do")
    assert succeeds(empty, "makemigrations", "--check").startswith("Nothing to do")


def test_faking_on_an_empty_database_warns_that_the_tables_are_missing(empty: Site) -> None:
    succeeds(empty, "makemigrations")
    outcome = run(empty.app, "migrate", "--fake")
    assert outcome.status == 0
    assert outcome.err.startswith("Warning: the database lacks ")


def test_init_db_with_migrations_applies_them(empty: Site) -> None:
    succeeds(empty, "makemigrations")
    assert succeeds(empty, "init-db").startswith("Applied ")
    assert succeeds(empty, "init-db") == "Nothing to do: every migration is applied.\n"
    assert tables(empty) == set(empty.db.metadata.tables)


def test_makemigrations_refuses_while_revisions_are_pending(empty: Site) -> None:
    succeeds(empty, "makemigrations", "-m", "first one")
    add_table(empty)
    outcome = run(empty.app, "makemigrations")
    assert outcome.status == 1
    assert outcome.err.startswith("Error: 1 migration not applied: ")
    assert outcome.err.endswith("first one. (Run `flask lback migrate` first.)\n")
    assert len(versions(empty)) == 1


def test_check_says_what_would_be_made_and_writes_nothing(empty: Site) -> None:
    outcome = run(empty.app, "makemigrations", "--check")
    assert outcome.status == 1
    assert "add table members" in outcome.out
    assert versions(empty) == []
    succeeds(empty, "makemigrations")
    succeeds(empty, "migrate")
    add_table(empty)
    outcome = run(empty.app, "makemigrations", "--check")
    assert (outcome.status, outcome.out) == (1, "  add table note\n")
    assert outcome.err == (
        "Error: The models have 1 change without a migration. (Run `flask lback makemigrations`.)\n"
    )
    assert len(versions(empty)) == 1


def test_a_column_that_changed_is_described(empty: Site) -> None:
    add_table(empty, "note", sa.Column("text", sa.String(80)), sa.Column("old", sa.Integer))
    succeeds(empty, "makemigrations")
    succeeds(empty, "migrate")
    empty.db.metadata.remove(empty.db.metadata.tables["note"])
    text = sa.Column("text", sa.String(120), nullable=False)
    add_table(empty, "note", text, sa.Column("new", sa.Integer, index=True))
    assert sorted(succeeds(empty, "makemigrations", "--message", "notes").splitlines()[1:]) == [
        "  add column note.new",
        "  add index ix_note_new of note",
        "  change nullable of note.text",
        "  change type of note.text",
        "  remove column note.old",
    ]
    succeeds(empty, "migrate")
    assert succeeds(empty, "makemigrations", "--check").startswith("Nothing to do")


def test_check_and_plan_of_migrate_list_what_is_pending_and_apply_nothing(empty: Site) -> None:
    assert "there are no migrations" in succeeds(empty, "migrate", "--check")
    succeeds(empty, "makemigrations")
    outcome = run(empty.app, "migrate", "--check")
    assert outcome.status == 1
    assert outcome.out.startswith("Would apply ")
    assert outcome.err == "Error: 1 migration not applied. (Run `flask lback migrate`.)\n"
    assert succeeds(empty, "migrate", "--plan") == outcome.out
    assert tables(empty) == set()
    succeeds(empty, "migrate")
    assert succeeds(empty, "migrate", "--check").startswith("Nothing to do")


def test_migrating_to_a_revision_stops_there_and_never_goes_back(empty: Site) -> None:
    succeeds(empty, "makemigrations")
    succeeds(empty, "migrate")
    add_table(empty, "one")
    succeeds(empty, "makemigrations")
    succeeds(empty, "migrate")
    succeeds(empty, "makemigrations", "--empty", "-m", "move data")
    first, second, third = json.loads(succeeds(empty, "showmigrations", "--format", "json"))
    assert [one["applied"] for one in (first, second, third)] == [True, True, False]
    assert (first["message"], second["message"]) == ("initial", "add table one")
    assert succeeds(empty, "migrate", third["revision"][:6]) == (
        f"Applied {third['revision']} move data\n"
    )
    outcome = run(empty.app, "migrate", second["revision"])
    assert outcome.status == 1
    assert "is beyond the migration" in outcome.err
    outcome = run(empty.app, "migrate", "nosuch")
    assert outcome.status == 1
    assert outcome.err.startswith("Error: Can't locate revision identified by 'nosuch'")


def test_migrations_that_are_listed_say_whether_they_are_applied(empty: Site) -> None:
    assert run(empty.app, "showmigrations").err == "There are no migrations.\n"
    succeeds(empty, "makemigrations")
    assert succeeds(empty, "showmigrations").splitlines()[-1].startswith("no ")
    succeeds(empty, "migrate")
    assert succeeds(empty, "showmigrations").splitlines()[-1].startswith("yes ")


def test_a_table_of_ours_is_never_dropped_and_any_other_is(empty: Site) -> None:
    add_table(empty, "leftover")
    add_table(empty, "lback_totp_device", sa.Column("secret", sa.String(40), index=True))
    succeeds(empty, "makemigrations")
    succeeds(empty, "migrate")
    for name in ("leftover", "lback_totp_device"):
        empty.db.metadata.remove(empty.db.metadata.tables[name])
    assert succeeds(empty, "makemigrations").splitlines()[1:] == ["  remove table leftover"]
    succeeds(empty, "migrate")
    assert "lback_totp_device" in tables(empty)
    assert "leftover" not in tables(empty)


class Shout(sa.types.TypeDecorator[str]):
    """A column type of an application."""

    impl = sa.String
    cache_ok = True


def test_a_migration_file_imports_what_its_columns_are_made_of(empty: Site) -> None:
    add_table(empty, "note", sa.Column("text", Shout(30)))
    succeeds(empty, "makemigrations")
    source = versions(empty)[0].read_text()
    assert "flask_lback.db.UTCDateTime()" in source
    spec = importlib.util.spec_from_file_location("made", versions(empty)[0])
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    assert made.down_revision is None
    assert f"import {__name__}" in source
    succeeds(empty, "migrate")


def test_two_lines_of_migrations_are_refused_until_they_are_joined(empty: Site) -> None:
    succeeds(empty, "makemigrations")
    succeeds(empty, "migrate")
    succeeds(empty, "makemigrations", "--empty", "-m", "mine")
    ours = versions(empty)[-1]
    text = ours.read_text()
    here = text.partition("revision = '")[2][:12]
    (ours.parent / "their.py").write_text(text.replace(here, "abcdefabcdef"))
    succeeds(empty, "migrate")
    outcome = run(empty.app, "makemigrations")
    assert outcome.status == 1
    assert "The migrations have several heads" in outcome.err
    assert succeeds(empty, "makemigrations", "--merge").startswith("Made ")
    succeeds(empty, "migrate")
    assert succeeds(empty, "makemigrations").startswith("Nothing to do")


def test_a_database_ahead_of_the_folder_is_explained(empty: Site) -> None:
    succeeds(empty, "makemigrations")
    succeeds(empty, "migrate")
    made = versions(empty)[0]
    revision = made.read_text().partition("revision = '")[2][:12]
    made.unlink()
    add_table(empty)
    for words in (["makemigrations"], ["showmigrations"]):
        outcome = run(empty.app, *words)
        assert outcome.status == 1
        assert outcome.err == (
            f"Error: The database is at the migration {revision}, which migrations/versions does "
            "not have. (Bring the file back, or name the right folder: "
            "LBACK_DB_MIGRATIONS_FOLDER.)\n"
        )


@pytest.mark.parametrize("database", DATABASES)
def test_a_migration_that_fails_is_named_with_the_reason(
    make_empty: Callable[..., Site], database: str
) -> None:
    site = make_empty("uuid", database)
    succeeds(site, "makemigrations")
    succeeds(site, "migrate")
    succeeds(site, "makemigrations", "--empty", "-m", "broken")
    made = versions(site)[-1]
    made.write_text(made.read_text().replace("    pass", "    op.drop_table('no_such')", 1))
    outcome = run(site.app, "migrate")
    assert outcome.status == 1
    assert " broken failed: " in outcome.err
    assert "no_such" in outcome.err
    assert outcome.err.count("\n") == 1
    assert run(site.app, "migrate", "--check").status == 1


def test_the_signal_comes_when_the_database_is_at_the_newest_revision(empty: Site) -> None:
    heard: list[Any] = []

    def hear(sender: Any, **values: Any) -> None:
        heard.append(sender)

    with database_migrated.connected_to(hear, empty.app):
        succeeds(empty, "makemigrations")
        assert heard == []
        succeeds(empty, "migrate", "--plan")
        assert heard == []
        succeeds(empty, "migrate")
        assert heard == [empty.app]
        add_table(empty)  # a model without a migration: receivers would miss its table
        succeeds(empty, "migrate")
        assert heard == [empty.app]


def test_check_warns_of_migrations_that_are_not_applied(empty: Site) -> None:
    succeeds(empty, "makemigrations")
    outcome = run(empty.app, "check")
    assert "WARNING db.W001: 1 migration not applied, " in outcome.out
    assert "Run `flask lback migrate`." in outcome.out
    succeeds(empty, "migrate")
    assert "db." not in run(empty.app, "check").out


def test_our_flask_migrate_adds_no_command_of_its_own(empty: Site) -> None:
    succeeds(empty, "makemigrations")
    assert "migrate" in empty.app.extensions
    assert "db" not in empty.app.cli.commands


def test_other_binds_are_made_by_init_db_and_said_to_be(make_empty: Callable[..., Site]) -> None:
    site = make_empty("uuid", SQLALCHEMY_BINDS={"audit": "sqlite://"})
    site.db.Model.metadata.info.setdefault("bind_key", None)
    key = sa.Column("id", sa.Integer, primary_key=True)
    site.db.Table("entry", key, bind_key="audit")
    outcome = run(site.app, "makemigrations")
    assert "add table entry" not in outcome.out
    assert outcome.err == (
        "Migrations cover the default database; `init-db` makes the tables of audit.\n"
    )
    succeeds(site, "init-db")
    with site.app.app_context():
        assert sa.inspect(site.db.engines["audit"]).get_table_names() == ["entry"]
        assert Migrations(site.app).pending() == []
