"""One row by the shortest way: a SELECT compiled once and run on the driver's own cursor.

SQLAlchemy spends about 100 microseconds on an execution before and after the driver works: more
than a bare Flask request takes. Here its parts are put together once: the compiled text, and the
functions with which the types of the statement write parameters and read columns. The pool, its
pre-ping and its reset work as ever, and so the values are those that SQLAlchemy gives.

Whatever else SQLAlchemy does for an execution is left to it. A statement goes its way as a whole
when somebody listens to, logs or rewrites what an engine runs, when the driver is not one that
this way is tested with, when it belongs to a transaction, and when the driver has failed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Dialect, Engine
from sqlalchemy.pool import PoolProxiedConnection

#: Drivers whose cursors are used directly.
DRIVERS = frozenset({"pysqlite", "psycopg", "pymysql"})
#: Marks a listener of ``after_execute`` that does nothing for a SELECT.
IGNORES_SELECT = "lback_ignores_select"

Convert = Callable[[Any], Any]


class PreparedRow:
    """A SELECT that is asked for its first row again and again.

    :param statement: named parameters in it are given with each execution.
    """

    def __init__(self, statement: sa.Select[Any]) -> None:
        self._statement = statement
        self._compiled: _Compiled | None = None

    def first(self, engine: Engine, values: Mapping[str, Any]) -> Sequence[Any] | None:
        """The row, on a pooled connection that is given back before this returns."""
        if not _is_watched(engine):
            try:
                return self._fetched(engine, values)
            except engine.dialect.loaded_dbapi.Error:
                pass  # SQLAlchemy meets it once more and handles it, or finds it gone
        with engine.connect() as connection:
            return self.first_on(connection, values)

    def first_on(self, connection: Connection, values: Mapping[str, Any]) -> Sequence[Any] | None:
        """The row as a transaction that somebody has begun sees it."""
        return connection.execute(self._statement, values).first()

    def _fetched(self, engine: Engine, values: Mapping[str, Any]) -> Sequence[Any] | None:
        dialect = engine.dialect
        pooled = engine.raw_connection()  # the first one tells the dialect what the server is
        try:
            compiled = self._compiled
            if compiled is None or compiled.engine is not engine:
                compiled = self._compiled = _compile(engine, self._statement)
            cursor = pooled.cursor()
            dialect.do_execute(cursor, compiled.text, compiled.parameters(values))
            row = cursor.fetchone()
            description = cursor.description
            cursor.close()
        except BaseException as error:
            if _is_broken(dialect, error, pooled):
                pooled.invalidate(error)
            raise
        finally:
            pooled.close()
        return None if row is None else compiled.read(row, description)


@dataclass
class _Compiled:
    """What is worked out once for an engine.

    :ivar order: names of the parameters where the driver counts them, None where it names them.
    :ivar constants: parameters that the statement itself brings, as the driver wants them.
    :ivar readers: places of a row and what turns them into values; known with the first row.
    """

    engine: Engine
    text: str
    order: Sequence[str] | None
    constants: Mapping[str, Any]
    writers: Mapping[str, Convert]
    types: Sequence[sa.types.TypeEngine[Any]]
    readers: list[tuple[int, Convert]] | None = None

    def parameters(self, values: Mapping[str, Any]) -> Any:
        """As the driver wants them."""
        given = {**self.constants, **values}
        for name, write in self.writers.items():
            given[name] = write(given[name])
        return given if self.order is None else [given[name] for name in self.order]

    def read(self, row: Sequence[Any], description: Sequence[Any]) -> Sequence[Any]:
        """As the types of the statement want it; what they read may depend on the driver's type."""
        if self.readers is None:
            self.readers = [
                (place, reader)
                for place, (kind, column) in enumerate(zip(self.types, description, strict=True))
                if (reader := self._reader(kind, column[1])) is not None
            ]
        values = list(row)
        for place, reader in self.readers:
            values[place] = reader(values[place])
        return values

    def _reader(self, kind: sa.types.TypeEngine[Any], driver_type: Any) -> Convert | None:
        dialect = self.engine.dialect
        return kind.dialect_impl(dialect).result_processor(dialect, driver_type)


def _compile(engine: Engine, statement: sa.Select[Any]) -> _Compiled:
    dialect = engine.dialect
    compiled: Any = statement.compile(dialect=dialect)
    writers = {
        name: writer
        for name, parameter in compiled.binds.items()
        if (writer := parameter.type.dialect_impl(dialect).bind_processor(dialect)) is not None
    }
    constants = {
        name: writers.pop(name)(value) if name in writers else value
        for name, value in compiled.params.items()
        if not compiled.binds[name].required
    }
    types = [column.type for column in statement.selected_columns]
    order = compiled.positiontup if compiled.positional else None
    return _Compiled(engine, compiled.string, order, constants, writers, types)


def _is_broken(dialect: Dialect, error: BaseException, pooled: PoolProxiedConnection) -> bool:
    """Whether the server has gone, or was interrupted nobody knows in the middle of what."""
    if isinstance(error, dialect.loaded_dbapi.Error):
        return dialect.is_disconnect(error, pooled, None)
    return not isinstance(error, Exception)


def _is_watched(engine: Engine) -> bool:
    """Whether SQLAlchemy's own way makes a difference that somebody could see."""
    dialect, heard = engine.dialect, engine.dispatch
    return bool(
        dialect.driver not in DRIVERS
        or heard.engine_connect
        or heard.begin
        or heard.before_execute
        or heard.before_cursor_execute
        or heard.after_cursor_execute
        or dialect.dispatch.do_execute
        or engine.get_execution_options()
        or engine.logger.isEnabledFor(logging.INFO)
        or not all(hasattr(one, IGNORES_SELECT) for one in heard.after_execute)
    )
