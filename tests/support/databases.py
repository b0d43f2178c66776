"""Fresh databases on the real servers: made for one test, dropped after it."""

from __future__ import annotations

import secrets
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import pytest
from sqlalchemy import Engine, NullPool, Row, create_engine, event, make_url, text

from .services import require, service_url

if TYPE_CHECKING:
    from types import TracebackType

DatabaseKind = Literal["sqlite", "postgresql", "mariadb"]

#: ``@pytest.mark.parametrize("kind", DATABASES)``: every database that the package promises.
DATABASES = [
    pytest.param("sqlite"),
    pytest.param("postgresql", marks=pytest.mark.service),
    pytest.param("mariadb", marks=pytest.mark.service),
]

Execute = Callable[[str], Sequence[Row[Any]]]


class DatabaseFactory:
    """Makes empty, uniquely named databases and drops them at the end.

    ``factory("postgresql")`` gives a URL for ``SQLALCHEMY_DATABASE_URI``; with ``like``, the URL
    of another database of that kind which nobody uses, it has the tables of that one. A context
    manager, so that a fixture of any scope can hold one.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._made: list[tuple[Literal["postgresql", "mariadb"], str]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __call__(self, kind: DatabaseKind = "sqlite", *, like: str | None = None) -> str:
        """Make a database and return its URL; a missing server skips the test."""
        name = f"lback_test_{secrets.token_hex(6)}"
        model = make_url(like).database if like else None
        if kind == "sqlite":
            path = self._directory / f"{name}.db"
            if model:
                shutil.copyfile(model, path)
            return f"sqlite:///{path}"
        require(kind)
        options = " CHARACTER SET utf8mb4"
        if kind == "postgresql":
            options = f" TEMPLATE {model}" if model else ""
        with _server(kind) as execute:
            execute(f"CREATE DATABASE {name}{options}")
            if kind == "postgresql":
                execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
            elif model:
                _copy_tables(execute, model, name)
        self._made.append((kind, name))
        url = make_url(service_url(kind)).set(database=name)
        return url.render_as_string(hide_password=False)

    def close(self) -> None:
        """Drop what was made, whoever is still connected to it."""
        while self._made:
            kind, name = self._made.pop()
            with _server(kind) as execute:
                if kind == "postgresql":
                    execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
                    continue
                # An open transaction would hold MariaDB's metadata lock, and DROP would wait.
                for process in execute("SHOW PROCESSLIST"):
                    if process.db == name:
                        execute(f"KILL {process.Id}")
                execute(f"DROP DATABASE IF EXISTS {name}")


@contextmanager
def _server(kind: Literal["postgresql", "mariadb"]) -> Iterator[Execute]:
    """Statements for the server itself, outside any transaction."""
    engine = create_engine(service_url(kind), poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:

        def execute(statement: str) -> Sequence[Row[Any]]:
            result = connection.execute(text(statement))
            return result.all() if result.returns_rows else []

        yield execute


def _copy_tables(execute: Execute, model: str, name: str) -> None:
    """MariaDB has no templates; one statement makes a table with its indexes."""
    execute("SET foreign_key_checks = 0")
    tables = [row[0] for row in execute(f"SHOW TABLES FROM {model}")]
    made = [execute(f"SHOW CREATE TABLE {model}.{table}")[0] for table in tables]
    execute(f"USE {name}")
    for row in made:
        execute(row._mapping["Create Table"])


@pytest.fixture
def new_database(tmp_path: Path) -> Iterator[DatabaseFactory]:
    """``new_database(kind) -> url``: an empty database, dropped after the test."""
    with DatabaseFactory(tmp_path) as factory:
        yield factory


@event.listens_for(Engine, "connect")
def _never_wait_for_the_disk(connection: Any, record: Any) -> None:
    """SQLite files of tests need not survive a power cut."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous = OFF")
