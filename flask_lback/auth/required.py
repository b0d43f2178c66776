"""Columns of a user class that somebody has to fill: no default stands in for them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

#: What follows from another attribute.
_DERIVED = frozenset({"username_canonical", "email_canonical"})


def required_fields(user_class: type[Any]) -> list[str]:
    """The attributes that a new account must have, in the order of the columns."""
    mapper = sa.inspect(user_class)
    found = []
    for attribute in mapper.column_attrs:
        column = attribute.columns[0]
        if attribute.key not in _DERIVED and isinstance(column, sa.Column) and _is_bare(column):
            found.append(attribute.key)
    return found


def is_complete(user: Any) -> bool:
    """Whether a new account could be written as it is."""
    held = sa.inspect(user).dict
    return all(held.get(name) is not None for name in required_fields(type(user)))


def _is_bare(column: sa.Column[Any]) -> bool:
    has_default = column.default is not None or column.server_default is not None
    is_counted = column.primary_key and column.table.autoincrement_column is column
    return not (column.nullable or is_counted or has_default)
