"""Migrations: Flask-Migrate's functions, with rules that keep people out of its traps.

They cover the default database; those of other binds are made by `init-db`. The application's own
``Migrate`` is used when there is one. Alembic is called through the configuration that
Flask-Migrate makes, not through its commands, since those end the process on an error.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError as AlembicError
from flask import Flask, current_app
from flask_migrate import Config, Migrate
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.exc import SQLAlchemyError

from ..core.console import counted
from ..core.signals import database_migrated
from ..core.state import state_of
from ..exceptions import CommandError
from . import comparing, faults
from .schema import migrations_folder, missing_tables
from .sqlite import without_foreign_keys

TEMPLATE = Path(__file__).parent / "migration_template"


@dataclass(frozen=True)
class Revision:
    """One migration, and whether the database has it."""

    id: str
    message: str
    applied: bool

    def __str__(self) -> str:
        return f"{self.id} {self.message}".rstrip()


@dataclass(frozen=True)
class Made:
    """What `makemigrations` found, and the file it wrote, if any."""

    changes: list[str]
    path: Path | None


class Migrations:
    """The migrations of one application; needs its context."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._db = state_of(app)[SQLAlchemy]
        if "migrate" not in app.extensions:
            _set_up(app, self._db, migrations_folder(app))
        self.folder = migrations_folder(app)
        self._config: Any = app.extensions["migrate"]

    def history(self) -> list[Revision]:
        """Every revision, oldest first.

        :raises CommandError: the database is at a revision that the folder does not have.
        """
        heads = self._heads()
        script = self._script() if (self.folder / "env.py").is_file() else None
        with self._one_line():
            every = list(script.walk_revisions()) if script else []
        for head in heads:
            if head not in {one.revision for one in every}:
                raise CommandError(
                    f"The database is at the migration {head}, which {self.folder.name}/versions "
                    "does not have.",
                    "Bring the file back, or name the right folder: LBACK_DB_MIGRATIONS_FOLDER.",
                )
        if script is None:
            return []
        applied = {one.revision for one in script.iterate_revisions(heads, "base")}
        return [
            Revision(one.revision, one.doc or "", one.revision in applied)
            for one in reversed(every)
        ]

    def pending(self) -> list[Revision]:
        """The revisions that the database lacks, oldest first."""
        return [revision for revision in self.history() if not revision.applied]

    def make(self, message: str | None = None, *, check: bool = False, empty: bool = False) -> Made:
        """Write a revision with what changed in the models; none when nothing did.

        The first one holds everything: it is compared with an empty database, so that tables made
        by `init-db` hide nothing.

        :param message: what it is called; made from its first change when left out.
        :param check: only look.
        :param empty: write one without changes, for data to be moved by hand.
        :raises CommandError: revisions are pending, or have several heads.
        """
        known = self.history()
        if pending := [one for one in known if not one.applied]:
            raise CommandError(
                f"{counted(len(pending), 'migration')} not applied: {pending[0]}.",
                "Run `flask lback migrate` first.",
            )
        if len(heads := self._script().get_heads() if known else []) > 1:
            raise CommandError(
                f"The migrations have several heads: {', '.join(heads)}.",
                "Join them with `flask lback makemigrations --merge`.",
            )
        if check and not known:
            return Made([f"add table {name}" for name in sorted(self._db.metadata.tables)], None)
        self._prepare_folder()
        changes: list[str] = []

        def look(context: Any, revision: Any, directives: Any) -> None:
            comparing.tidy(directives)
            changes[:] = [] if empty else comparing.changes(directives)
            if check or not (changes or empty):
                directives.clear()
            elif message is None and not empty:
                directives[0].message = "initial" if not known else changes[0]

        hooks: dict[str, Any] = {"process_revision_directives": look}
        if not known:
            hooks["include_name"] = _nothing
        with self._one_line(), self._with(hooks):
            made: Any = command.revision(
                self._alembic(), message or "by hand", autogenerate=not empty
            )
        return Made(changes, Path(made.path) if made else None)

    def merge(self, message: str | None = None) -> Path:
        """Join several heads in one revision."""
        with self._one_line():
            made: Any = command.merge(self._alembic(), "heads", message=message or "merge")
        return Path(made.path)

    def apply(self, revision: str = "heads") -> list[Revision]:
        """Bring the database to a revision, the newest by default.

        :returns: what was applied.
        :raises CommandError: the database was made without migrations, or one of them failed.
        """
        pending = self.pending()
        self._refuse_unrecorded(pending)
        self._refuse_backwards(revision)
        applied: list[str] = []

        def count(*, step: Any, **others: Any) -> None:
            applied.extend(step.up_revision_ids)

        try:
            with self._one_line(), self._with({"on_version_apply": count}):
                command.upgrade(self._alembic(), revision)
        except SQLAlchemyError as error:
            left = [one for one in pending if one.id not in applied]
            raise CommandError(
                f"The migration {left[0] if left else revision} failed: {faults.reason_of(error)}",
                "Correct it and run `flask lback migrate` again.",
            ) from error
        self._tell()
        return [replace(one, applied=True) for one in pending if one.id in applied]

    def fake(self, revision: str = "heads") -> list[Revision]:
        """Record revisions as applied without running them: the tables are there already.

        :returns: what was recorded.
        """
        before = self.pending()
        with self._one_line():
            command.stamp(self._alembic(), revision)
        self._tell()
        left = {one.id for one in self.pending()}
        return [replace(one, applied=True) for one in before if one.id not in left]

    def _tell(self) -> None:
        """The signal is sent when database and models agree: receivers use the tables."""
        if not self.pending() and not missing_tables(self._app):
            database_migrated.emit(self._app)

    def _refuse_unrecorded(self, pending: list[Revision]) -> None:
        if not pending or self._heads():
            return
        names = set(sa.inspect(self._db.engine).get_table_names())
        if present := sorted(names & set(self._db.metadata.tables)):
            raise CommandError(
                f"The database has {counted(len(present), 'table')} of these ({present[0]} first) "
                "and no record of migrations.",
                "If `init-db` made them, record that with `flask lback migrate --fake`.",
            )

    def _refuse_backwards(self, revision: str) -> None:
        if revision in ("head", "heads"):
            return
        with self._one_line():
            wanted: Any = self._script().get_revision(revision)
        heads = self._heads()
        if any(one.id == wanted.revision and one.applied for one in self.history()) and (
            wanted.revision not in heads
        ):
            raise CommandError(
                f"The database is beyond the migration {wanted.revision} already.",
                "Only Flask-Migrate's `flask db downgrade` goes back.",
            )

    def _heads(self) -> tuple[str, ...]:
        options = {
            name: value
            for name, value in self._config.configure_args.items()
            if name in ("version_table", "version_table_schema")
        }
        with self._db.engine.connect() as connection:
            return MigrationContext.configure(connection, opts=options).get_current_heads()

    def _script(self) -> ScriptDirectory:
        return ScriptDirectory.from_config(self._alembic())

    def _alembic(self) -> Any:
        return self._config.migrate.get_config(str(self.folder), opts=["autogenerate", "quiet"])

    def _prepare_folder(self) -> None:
        if (self.folder / "env.py").is_file():
            return
        ini = str(self.folder / "alembic.ini")
        config: Any = Config(ini, template_directory=str(TEMPLATE.parent))
        config.cmd_opts = self._alembic().cmd_opts
        # Alembic names each file on stdout, where results go.
        with self._one_line(), redirect_stdout(io.StringIO()):
            command.init(config, str(self.folder), TEMPLATE.name)

    @contextmanager
    def _with(self, hooks: dict[str, Any]) -> Iterator[None]:
        """Give arguments to the ``env.py`` of this run, which may be Flask-Migrate's own."""
        arguments = self._config.configure_args
        before = dict(arguments)
        arguments.update({**comparing.arguments(before), **hooks})
        try:
            yield
        finally:
            arguments.clear()
            arguments.update(before)

    @contextmanager
    def _one_line(self) -> Iterator[None]:
        try:
            yield
        except AlembicError as error:
            raise CommandError(
                f"{error}", f"The migrations are those of {self.folder.name}/versions."
            ) from error


def run_environment(context: Any, **given: Any) -> None:
    """What ``env.py`` does: run the revisions on the application's database.

    :param context: the module ``alembic.context``.
    :param given: arguments for ``context.configure``.
    """
    config: Any = current_app.extensions["migrate"]
    arguments = comparing.arguments({**config.configure_args, **given})
    metadata = config.db.metadata
    if context.is_offline_mode():
        url = config.db.engine.url.render_as_string(hide_password=False)
        context.configure(url=url, target_metadata=metadata, literal_binds=True, **arguments)
        with context.begin_transaction():
            context.run_migrations()
        return
    with config.db.engine.connect() as connection, without_foreign_keys(connection):
        context.configure(connection=connection, target_metadata=metadata, **arguments)
        with context.begin_transaction():
            context.run_migrations()


def _set_up(app: Flask, db: SQLAlchemy, folder: Path) -> None:
    """Set Flask-Migrate up for this command, without the ``flask db`` group it would add."""
    there = dict(app.cli.commands)
    Migrate(app, db, directory=str(folder), compare_type=True, render_as_batch=True)
    app.cli.commands.clear()
    app.cli.commands.update(there)


def _nothing(name: Any, kind: str, parents: Any) -> bool:
    """No table of the database is seen: it counts as empty."""
    return kind != "table"
