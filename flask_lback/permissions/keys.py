"""Primary keys as the text that stands in rows of object permissions.

The text is worked out twice, in Python and by the database, and must be the same: so there are
integers, texts and UUIDs, and nothing else.
"""

from __future__ import annotations

import uuid
from typing import Any

import sqlalchemy as sa
from werkzeug.local import LocalProxy

from ..auth.companions import OBJECT_KEY_LENGTH
from ..exceptions import LbackError

_KINDS = (sa.Integer, sa.String, sa.Uuid)


def itself(obj: Any) -> Any:
    """The object, where ``current_user`` or another proxy stands for it."""
    return obj._get_current_object() if isinstance(obj, LocalProxy) else obj


def has_usable_key(model: type[Any]) -> bool:
    """Whether single objects of a model can be granted: by one column of a kind that is known."""
    columns = sa.inspect(model).primary_key
    kind = columns[0].type
    return len(columns) == 1 and isinstance(kind, _KINDS) and not isinstance(kind, sa.Enum)


def key_column(model: type[Any]) -> sa.Column[Any]:
    """The primary key.

    :raises LbackError: it cannot be one text.
    """
    if not has_usable_key(model):
        raise LbackError(
            f"Single objects of {model.__name__} cannot be granted: its key is not one integer, "
            "text or UUID.",
            "Write a policy for it.",
        )
    column: sa.Column[Any] = sa.inspect(model).primary_key[0]
    return column


def key_text(obj: Any) -> str | None:
    """The key of a stored object; None before it has one, or when it is too long to be kept.

    :raises LbackError: as :func:`key_column`.
    """
    column, identity = key_column(type(obj)), sa.inspect(obj).identity
    if identity is None:
        return None
    text = str(identity[0])
    if isinstance(column.type, sa.Uuid):
        text = uuid.UUID(text).hex
    return text if len(text) <= OBJECT_KEY_LENGTH else None


def key_expression(model: type[Any]) -> sa.ColumnElement[str]:
    """The same text, for a row of a query."""
    column = key_column(model)
    if isinstance(column.type, sa.Uuid):
        # As 32 digits, with hyphens, or of a type of its own: it depends on the database.
        return sa.func.replace(sa.func.lower(sa.cast(column, sa.String(36))), "-", "")
    return column if isinstance(column.type, sa.String) else sa.cast(column, sa.String(20))
