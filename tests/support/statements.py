"""Statements are compiled once in a test process, not once for every engine that it makes."""

from __future__ import annotations

from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite as Dialect
from sqlalchemy.util import LRUCache

_KEPT = 2000


def _alike(self: Dialect, other: object) -> bool:
    """SQLAlchemy keeps what it compiled by statement and dialect; engines do not share theirs."""
    return type(self) is type(other)


def _share_compiled() -> None:
    make_engine = SQLAlchemy._make_engine
    kept: LRUCache[Any, Any] = LRUCache(_KEPT)

    def make(self: SQLAlchemy, *args: Any) -> Engine:
        engine = make_engine(self, *args)
        if type(engine.dialect) is Dialect:
            engine._compiled_cache = kept
        return engine

    SQLAlchemy._make_engine = make  # type: ignore[assignment,method-assign]
    Dialect.__eq__ = _alike  # type: ignore[assignment,method-assign]
    Dialect.__hash__ = lambda self: hash(Dialect)  # type: ignore[method-assign]


_share_compiled()
