"""Count rows of many models in one statement, and stop counting where nobody reads on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy

from .cells import number


def capped(statement: sa.Select[Any], limit: int) -> Any:
    """The number of rows, ``limit + 1`` when there are more, as an expression."""
    rows = (
        statement.with_only_columns(sa.literal(1).label("one"), maintain_column_froms=True)
        .order_by(None)
        .limit(limit + 1)
    )
    return sa.select(sa.func.count()).select_from(rows.subquery()).scalar_subquery()


def count(
    db: SQLAlchemy, statements: Mapping[str, tuple[type[Any], Any]], limit: int
) -> dict[str, Any]:
    """Count several things, with one statement for each database.

    :param statements: a model of the database, and what is counted, by name; in place of a
        select also an expression whose value is wanted.
    :param limit: see :func:`capped`.
    """
    by_bind: dict[Any, list[str]] = {}
    for name, (model, _) in statements.items():
        by_bind.setdefault(model.metadata.info.get("bind_key"), []).append(name)
    found: dict[str, Any] = {}
    for names in by_bind.values():
        wanted = [statements[name][1] for name in names]
        expressions = [
            capped(one, limit) if isinstance(one, sa.Select) else one.label(None) for one in wanted
        ]
        mapper = sa.inspect(statements[names[0]][0])
        row = db.session.execute(sa.select(*expressions), bind_arguments={"mapper": mapper}).one()
        found.update(zip(names, row, strict=True))
    return found


def spoken(value: int, limit: int) -> str:
    """A number, or ``10,000+`` where counting stopped."""
    return f"{number(limit)}+" if value > limit else number(value)
