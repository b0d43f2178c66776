"""Primary keys as text in addresses and forms."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask_admin.tools import iterdecode, iterencode

#: Longer texts are no key of ours.
_LONGEST = 500


def encode(row: Any) -> str:
    """The key of a record; several columns with commas between them."""
    mapper = sa.inspect(type(row))
    return encode_values(mapper.primary_key_from_instance(row))


def encode_values(values: Sequence[Any]) -> str:
    """The text of the values of a key."""
    return str(values[0]) if len(values) == 1 else str(iterencode(map(str, values)))


def decode(model: type[Any], text: str) -> tuple[Any, ...] | None:
    """The values of a key, None when the text cannot be one."""
    columns = sa.inspect(model).primary_key
    texts = (text,) if len(columns) == 1 else iterdecode(text)
    if not text or len(text) > _LONGEST or len(texts) != len(columns):
        return None
    try:
        return tuple(parsed(column, value) for column, value in zip(columns, texts, strict=True))
    except (ValueError, TypeError, LookupError, ArithmeticError, NotImplementedError):
        return None


def condition(model: type[Any], keys: list[tuple[Any, ...]]) -> Any:
    """That a row has one of the keys."""
    columns = sa.inspect(model).primary_key
    if len(columns) == 1:
        return columns[0].in_([key[0] for key in keys])
    return sa.or_(
        sa.false(),
        *(
            sa.and_(*(column == value for column, value in zip(columns, key, strict=True)))
            for key in keys
        ),
    )


def parsed(column: sa.Column[Any], text: str) -> Any:
    """The value of a column that a text stands for.

    :raises ValueError: or another error of parsing: it stands for none.
    """
    kind = column.type.python_type
    if "\x00" in text:
        raise ValueError(text)
    if kind is bool:
        return {"True": True, "False": False}[text]
    if issubclass(kind, int):
        if not text.lstrip("-").isdecimal() or not text.isascii():
            raise ValueError(text)
        value = int(text)
        if abs(value) >= 2**63:
            raise ValueError(text)
        return value
    if kind in (dt.date, dt.datetime):
        return kind.fromisoformat(text)
    if kind is uuid.UUID:
        return uuid.UUID(text)
    return text if kind is str else kind(text)
