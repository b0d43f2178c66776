"""What can be wrong with the database."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from ..core.checks import Finding, Level
from ..core.console import counted
from ..exceptions import CommandError
from .faults import reason_of
from .schema import has_migrations, missing_tables


def check_tables(app: Flask) -> Iterator[Finding]:
    """Tables that the models have and the database lacks."""
    try:
        missing = missing_tables(app)
    except SQLAlchemyError as error:
        yield Finding(
            "db.E002",
            Level.ERROR,
            f"The database does not answer: {reason_of(error)}",
            "Check SQLALCHEMY_DATABASE_URI, and that the server runs.",
        )
        return
    if missing:
        yield Finding(
            "db.E001",
            Level.ERROR,
            f"The database lacks {counted(len(missing), 'table')}, {missing[0]} first.",
            "Run `flask lback migrate`." if has_migrations(app) else "Run `flask lback init-db`.",
        )


def check_migrations(app: Flask) -> Iterator[Finding]:
    """Migrations that the database lacks. Whether models changed is `makemigrations --check`."""
    if not has_migrations(app):
        return
    from .migrations import Migrations  # Alembic is for those who have migrations

    try:
        pending = Migrations(app).pending()
    except CommandError as error:
        yield Finding("db.E003", Level.ERROR, error.message, error.hint)
        return
    except SQLAlchemyError:
        return  # db.E002 says it
    if pending:
        yield Finding(
            "db.W001",
            Level.WARNING,
            f"{counted(len(pending), 'migration')} not applied, {pending[0]} first.",
            "Run `flask lback migrate`.",
        )
