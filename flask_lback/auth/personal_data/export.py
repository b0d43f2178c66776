"""Everything that is kept of an account, as one JSON document, written piece by piece."""

from __future__ import annotations

import base64
import datetime as dt
import enum
import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy

from ...core import clock
from ..models import Models
from .references import Reference, References, value_of

#: Rows that are read at once.
CHUNK = 1_000
#: Words in the name of a column that opens something: it is left out unless its ``info`` says
#: otherwise. Keys of rows are none of those.
_SECRET = frozenset({"hash", "key", "password", "passwd", "salt", "secret", "token", "tokens"})
#: Columns that say what a row of another table is called.
_NAMES = ("name", "title", "username", "slug")
_NAME = "lback_name"


class Exports:
    """Writes down what the tables of one application hold about an account (GDPR, article 20).

    Rows that point to the account, by whichever foreign key, and rows that belong to those. A row
    that belongs to one of those but points to another account is that other person's.
    """

    def __init__(self, db: SQLAlchemy, models: Models, references: References) -> None:
        self._db = db
        self._models = models
        self._references = references

    def write(self, user: Any) -> Iterator[str]:
        """The document in pieces; a thousand rows are in memory at most.

        Each piece is read by a transaction of its own: a reader who is slow holds no connection.
        """
        account = {
            attribute.key: getattr(user, attribute.key)
            for attribute in sa.inspect(type(user)).column_attrs
            if isinstance(attribute.columns[0], sa.Column) and may_leave(attribute.columns[0])
        }
        sources = list(self._sources(user))
        yield f'{{"exported_at": {_text(clock.now())}, "account": {_text(account)}, "tables": {{'
        for number, (table, condition, links) in enumerate(sources):
            yield f"{', ' if number else ''}{_text(table.fullname)}: ["
            yield from self._rows(table, condition, links)
            yield "]"
        yield "}}\n"

    def _sources(self, user: Any) -> Iterator[tuple[sa.Table, Any, list[Reference]]]:
        """Each table, which of its rows, and for an association table how it leads on."""
        direct: dict[sa.Table, list[Any]] = {}
        leading: dict[sa.Table, list[Reference]] = {}
        for found in self._references.to_accounts():
            value = value_of(user, found.target)
            if value is not None and found.table.info.get("lback_export", True):
                direct.setdefault(found.table, []).append(found.column == value)
                leading.setdefault(found.table, []).append(found)
        for table, conditions in direct.items():
            links = self._others(table, leading[table]) if self._references.is_link(table) else []
            yield table, sa.or_(*conditions), links
        for table, conditions in self._belonging(direct).items():
            yield table, sa.or_(*conditions), []

    def _belonging(self, direct: Mapping[sa.Table, list[Any]]) -> dict[sa.Table, list[Any]]:
        found: dict[sa.Table, list[Any]] = {}
        pointing = {reference.table for reference in self._references.to_accounts()}
        for parent, conditions in direct.items():
            for reference in self._references.to(parent):
                table = reference.table
                if table in pointing or not table.info.get("lback_export", True):
                    continue
                keys = sa.select(reference.target).where(sa.or_(*conditions))
                found.setdefault(table, []).append(reference.column.in_(keys))
        return found

    def _others(self, table: sa.Table, own: list[Reference]) -> list[Reference]:
        """How an association table leads to the other side; both sides when both are accounts."""
        columns = {reference.column for reference in own}
        others = [
            Reference(key.parent, key.column, goes=False)
            for key in table.foreign_keys
            if key.parent not in columns
        ]
        return others or own

    def _rows(self, table: sa.Table, condition: Any, links: list[Reference]) -> Iterator[str]:
        query, names = _names_of(table, links) or _columns_of(table)
        comma = ""
        for rows in self._chunks(table, query.where(condition)):
            shown = (
                row[_NAME] if names is None else {name: row[name] for name in names} for row in rows
            )
            yield comma + ", ".join(map(_text, shown))
            comma = ", "

    def _chunks(self, table: sa.Table, query: Any) -> Iterator[list[Any]]:
        """Rows by the thousand, each found from where the last one ended."""
        keys = list(table.primary_key)
        query = query.order_by(*(keys or table.columns)).limit(CHUNK)
        last, count = None, 0
        while True:
            page = query if last is None else query.where(_after(keys, last))
            if not keys:
                page = page.offset(count)
            result = self._db.session.execute(
                page, bind_arguments=self._references.engine_of(table)
            )
            rows = result.mappings().all()
            self._db.session.commit()  # gives the connection back while the reader reads
            if rows:
                yield list(rows)
            if len(rows) < CHUNK:
                return
            last, count = [rows[-1][key.name] for key in keys] or None, count + CHUNK


def may_leave(column: sa.Column[Any]) -> bool:
    """Whether a column is told to the owner of its row: everything but what opens something.

    ``info={"lback_export": False}`` keeps a column back, ``True`` lets one go whose name sounds
    like a secret.
    """
    if column.info.get("private"):
        return False
    if (wish := column.info.get("lback_export")) is not None:
        return bool(wish)
    if column.primary_key or column.foreign_keys:
        return True
    words = re.split(r"[^a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", column.name).lower())
    return not _SECRET.intersection(words)


def _columns_of(table: sa.Table) -> tuple[Any, list[str] | None]:
    columns = [column for column in table.columns if may_leave(column)]
    keys = [column for column in table.primary_key if column not in columns]
    return sa.select(*columns, *keys), [column.name for column in columns]


def _names_of(table: sa.Table, links: list[Reference]) -> tuple[Any, list[str] | None] | None:
    """The names of the rows that an association table leads to, where they have names."""
    if len(links) != 1:
        return None
    [link] = links
    other: Any = link.target.table
    names = [other.c[name] for name in _NAMES if name in other.c and may_leave(other.c[name])]
    if not names:
        return None
    query = sa.select(*table.primary_key, names[0].label(_NAME))
    return query.join_from(table, other, link.column == link.target), None


def _after(keys: list[sa.Column[Any]], last: list[Any]) -> Any:
    values = [sa.literal(value, key.type) for key, value in zip(keys, last, strict=True)]
    return keys[0] > values[0] if len(keys) == 1 else sa.tuple_(*keys) > sa.tuple_(*values)


def _text(value: Any) -> str:
    return json.dumps(_plain(value), ensure_ascii=False, allow_nan=False)


def _plain(value: Any) -> Any:
    """A value of a column as JSON has it: moments in ISO 8601, bytes in base64."""
    if isinstance(value, enum.Enum):
        return _plain(value.value)
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, dt.datetime):
        return clock.written(value)
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(bytes(value)).decode()
    if isinstance(value, Mapping):
        return {str(name): _plain(held) for name, held in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(held) for held in value]
    if isinstance(value, dt.timedelta):
        return value.total_seconds()
    return str(value)
