"""What SQLite must be told to behave as the other databases do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine


def enforce_foreign_keys(engine: Engine) -> None:
    """Switch foreign keys on, for each connection, as SQLite asks.

    Without them a bulk deletion leaves rows behind that the next owner of a key would inherit:
    the sessions and groups of a deleted account among them.
    """
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _switch_on)


@contextmanager
def without_foreign_keys(connection: Connection) -> Iterator[None]:
    """Within the block tables may be dropped and made again, as a batch migration does.

    With foreign keys on, dropping the old table would delete what refers to it.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    was_on = connection.exec_driver_sql("PRAGMA foreign_keys").scalar()
    connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
    connection.commit()
    try:
        yield
    finally:
        connection.rollback()
        connection.exec_driver_sql(f"PRAGMA foreign_keys = {'ON' if was_on else 'OFF'}")
        connection.commit()


def _switch_on(connection: Any, record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()
