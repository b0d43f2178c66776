"""Columns that the panel never shows, searches, sorts, filters or writes."""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa

_SECRET = re.compile(
    r"passw(or)?d|secret|(^|_)hash$|(^|_)tokens?$|api_?key|private_?key|recovery_?code",
    re.IGNORECASE,
)
#: Kinds of values that can hold a secret; a date or a flag beside one cannot.
_TEXTS = (sa.String, sa.LargeBinary, sa.JSON)


def is_secret_name(name: str) -> bool:
    """Whether a name sounds like one of a secret."""
    return _SECRET.search(name) is not None


def is_secret(column: Any) -> bool:
    """Whether a column holds a secret: by its name, or by ``info={"secret": True}``.

    ``info={"secret": False}`` shows a column whose name only sounds like it.
    """
    if (said := column.info.get("secret")) is not None:
        return bool(said)
    kind = getattr(column.type, "impl", column.type)
    return isinstance(kind, _TEXTS) and is_secret_name(column.key or column.name)
