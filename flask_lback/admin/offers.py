"""The names of related records that filters offer: for all filters in one statement."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy

from . import keys
from .filters import MOST_CHOICES, Choice, Filter, RelationFilter
from .query import Query


def offered(db: SQLAlchemy, filters: Iterable[Filter], query: Query) -> dict[str, list[Choice]]:
    """The choices of the filters by records, by key: of a chosen one, its record alone.

    One more than are shown where there are more.
    """
    found: dict[str, list[Choice]] = {}
    by_bind: dict[Any, list[tuple[RelationFilter, Any]]] = {}
    for one in filters:
        if not isinstance(one, RelationFilter) or not one.is_visible:
            continue
        found[one.key] = []
        statement = _wanted(one, query.filters.get(one.key))
        if statement is not None:
            bind = one.path.target.metadata.info.get("bind_key")
            by_bind.setdefault(bind, []).append((one, statement))
    for pairs in by_bind.values():
        mapper = sa.inspect(pairs[0][0].path.target)
        every = sa.union_all(*(sa.select(one.subquery()) for _, one in pairs))
        session = db.session
        with session.no_autoflush:
            for key, value, label in session.execute(every, bind_arguments={"mapper": mapper}):
                found[key].append(Choice(str(value), str(label or value)))
    return found


def _wanted(one: RelationFilter, value: str | None) -> sa.Select[Any] | None:
    model = one.path.target
    columns = sa.inspect(model).primary_key
    if len(columns) != 1:
        return None
    label = columns[0] if one.target.label is None else one.target.label
    shown: list[Any] = [
        sa.literal(one.key).label("filter"),
        sa.cast(columns[0], sa.String(200)).label("value"),
        sa.cast(label, sa.String(200)).label("label"),
    ]
    statement = one.target.every().with_only_columns(*shown, maintain_column_froms=True)
    statement = statement.order_by(None)
    if value is None:
        return statement.order_by(label, columns[0]).limit(MOST_CHOICES + 1)
    key = keys.decode(model, value)
    return None if key is None else statement.where(keys.condition(model, [key])).limit(1)
