"""`init-db`, `makemigrations`, `migrate`, `showmigrations`."""

from __future__ import annotations

import os
from collections.abc import Sequence

import click
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from ..core.console import command, counted, done, format_option, listing, note
from ..core.state import state_of
from ..exceptions import CommandError
from .migrations import Migrations, Revision
from .schema import has_migrations, initialize, missing_tables


@command("init-db")
def init_db(app: Flask) -> None:
    """Make the tables that the database lacks.

    With migrations it applies them. Without, it creates missing tables, and never changes or drops
    one. Declared permissions and groups are made either way.
    """
    if has_migrations(app):
        _make_other_databases(app)
        _report(Migrations(app).apply(), "Applied", "Nothing to do: every migration is applied.")
        return
    if made := initialize(app):
        done(f"Made {counted(len(made), 'table')}: {', '.join(made)}.")
    else:
        done("Nothing to do: every table is there.")


@command("makemigrations")
@click.option("-m", "--message", help="What the migration is called. [default: its first change]")
@click.option("--check", is_flag=True, help="Write nothing; status 1 when models have changed.")
@click.option("--empty", is_flag=True, help="Write one without changes, to be filled by hand.")
@click.option("--merge", is_flag=True, help="Join two lines of migrations in one.")
def makemigrations(app: Flask, message: str | None, check: bool, empty: bool, merge: bool) -> None:
    """Write a migration with what changed in the models."""
    if check + empty + merge > 1:
        raise click.UsageError("Give one of --check, --empty and --merge.")
    migrations = Migrations(app)
    _mention_other_databases(app)
    if merge:
        done(f"Made {os.path.relpath(migrations.merge(message))}")
        return
    made = migrations.make(message, check=check, empty=empty)
    if made.path:
        done(f"Made {os.path.relpath(made.path)}")
    for change in made.changes:
        done(f"  {change}")
    if check and made.changes:
        raise CommandError(
            f"The models have {counted(len(made.changes), 'change')} without a migration.",
            "Run `flask lback makemigrations`.",
        )
    if not made.path:
        done("Nothing to do: no model has changed.")


@command("migrate")
@click.argument("revision", default="heads", metavar="[REVISION]")
@click.option("--check", is_flag=True, help="Apply nothing; status 1 when something would be.")
@click.option("--plan", is_flag=True, help="Show what would be applied, and apply nothing.")
@click.option("--fake", is_flag=True, help="Record as applied without running: the tables exist.")
def migrate(app: Flask, revision: str, check: bool, plan: bool, fake: bool) -> None:
    """Apply migrations: all of them, or up to REVISION."""
    if check + plan + fake > 1:
        raise click.UsageError("Give one of --check, --plan and --fake.")
    migrations = Migrations(app)
    nothing = "Nothing to do: every migration is applied."
    if not has_migrations(app):
        done("Nothing to do: there are no migrations. `flask lback makemigrations` makes them.")
    elif check or plan:
        pending = migrations.pending()
        _report(pending, "Would apply", nothing)
        if check and pending:
            raise CommandError(
                f"{counted(len(pending), 'migration')} not applied.", "Run `flask lback migrate`."
            )
    elif fake:
        _report(migrations.fake(revision), "Recorded", nothing)
        if missing := missing_tables(app):
            note(f"Warning: the database lacks {counted(len(missing), 'table')}: {missing[0]}, …")
    else:
        _report(migrations.apply(revision), "Applied", nothing)
        _mention_other_databases(app)


@command("showmigrations")
@format_option
def showmigrations(app: Flask, format_: str) -> None:
    """List migrations, and which are applied."""
    rows = [
        {"applied": one.applied, "revision": one.id, "message": one.message}
        for one in Migrations(app).history()
    ]
    listing(rows, as_json=format_ == "json", empty="There are no migrations.")


def _report(revisions: Sequence[Revision], verb: str, nothing: str) -> None:
    for revision in revisions:
        done(f"{verb} {revision}")
    if not revisions:
        done(nothing)


def _other_databases(app: Flask) -> list[str]:
    metadatas = state_of(app)[SQLAlchemy].metadatas
    return sorted(key for key, metadata in metadatas.items() if key and metadata.tables)


def _make_other_databases(app: Flask) -> None:
    for key in _other_databases(app):
        state_of(app)[SQLAlchemy].create_all(key)


def _mention_other_databases(app: Flask) -> None:
    if names := ", ".join(_other_databases(app)):
        note(f"Migrations cover the default database; `init-db` makes the tables of {names}.")
