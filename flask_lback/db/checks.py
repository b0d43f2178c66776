"""What can be wrong with the database."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from ..core.checks import Finding, Level
from .schema import missing_tables


def check_tables(app: Flask) -> Iterator[Finding]:
    """Tables that the models have and the database lacks."""
    try:
        missing = missing_tables(app)
    except SQLAlchemyError as error:
        reason = str(error.__cause__ or error).splitlines()[0]
        yield Finding(
            "db.E002",
            Level.ERROR,
            f"The database does not answer: {reason}",
            "Check SQLALCHEMY_DATABASE_URI, and that the server runs.",
        )
        return
    if missing:
        yield Finding(
            "db.E001",
            Level.ERROR,
            f"The database lacks {len(missing)} tables, {missing[0]} among them.",
            "Run `flask lback init-db`, or `flask lback migrate` when there are migrations.",
        )
