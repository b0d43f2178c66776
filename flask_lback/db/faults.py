"""What a person can do about an error of the database."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    IntegrityError,
    InterfaceError,
    NoSuchModuleError,
    OperationalError,
)

from ..exceptions import CommandError

#: How each driver says that a table, or a column, does not exist: SQLite in words, PostgreSQL by
#: SQLSTATE (42P01, 42703), MariaDB by number (1146, 1054).
_NO_TABLE = re.compile(
    r"no such table: (?:main\.)?([\w.]+)"
    r'|relation "([^"]+)" does not exist'
    r"|1146, \"Table '(?:[^']*\.)?([^'.]+)' doesn't exist"
)
_NO_COLUMN = re.compile(
    r"no such column: ([\w.]+)"
    r"|has no column named (\w+)"
    r'|column "?([\w.]+)"?(?: of relation "\w+")? does not exist'
    r"|1054, \"Unknown column '([^']+)'"
)
_ADDRESS = "Check SQLALCHEMY_DATABASE_URI, and that the server runs."


def explain(error: Exception) -> CommandError:
    """The cause of an error of SQLAlchemy in one line, with its remedy."""
    if isinstance(error, ArgumentError | NoSuchModuleError):
        return CommandError(f"The address of the database is wrong: {error}", _ADDRESS)
    reason = reason_of(error)
    if not isinstance(error, DBAPIError):
        return CommandError(f"The database cannot do this: {reason}", "See --traceback.")
    if found := _NO_TABLE.search(str(error.orig)):
        return CommandError(
            f"The database has no table {_first(found)}.",
            "Run `flask lback init-db`, or `flask lback migrate` when there are migrations.",
        )
    if found := _NO_COLUMN.search(str(error.orig)):
        return CommandError(
            f"A table of the database has no column {_first(found)}, which a model has.",
            "Run `flask lback makemigrations` and `flask lback migrate`.",
        )
    if isinstance(error, IntegrityError):
        return CommandError(f"The database refuses the values: {reason}")
    if isinstance(error, OperationalError | InterfaceError):
        return CommandError(f"The database does not answer: {reason}", _ADDRESS)
    return CommandError(f"The database refuses this: {reason}", "See --traceback.")


def reason_of(error: Exception) -> str:
    """What the driver said, its first line."""
    said: Any = getattr(error, "orig", None) or error
    arguments: tuple[Any, ...] = getattr(said, "args", ())
    # PyMySQL's errors are a number and a text.
    text = arguments[1] if len(arguments) == 2 and isinstance(arguments[1], str) else str(said)
    return str(text).strip().splitlines()[0] if str(text).strip() else type(said).__name__


def _first(found: re.Match[str]) -> str:
    return next(name for name in found.groups() if name)
