"""What a column held, as the audit log keeps it: JSON, without secrets, and not without end."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import json
import math
import uuid
from typing import Any

from ..secrets import is_secret, is_secret_name

#: Stands in place of every secret, whatever its length.
MASK = "\N{BULLET}" * 6
#: Longer texts are cut; this is what a long article needs.
LONGEST = 50_000


def kept(column: Any, value: Any) -> Any:
    """What the log keeps of the value of a column."""
    if value is None:
        return None
    return MASK if is_secret(column) else plain(value)


def plain(value: Any) -> Any:
    """A value as JSON has it."""
    if value is None or (isinstance(value, bool | int) and not isinstance(value, enum.Enum)):
        return value
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, str):
        return cut(value)
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, bytes | bytearray | memoryview):
        return f"{len(value):,} bytes"
    if isinstance(value, decimal.Decimal | uuid.UUID | dt.timedelta):
        return str(value)
    return _structure(value)


def cut(text: str) -> str:
    """The text, or its beginning and how much is missing."""
    if len(text) <= LONGEST:
        return text
    return f"{text[:LONGEST]}… ({len(text) - LONGEST:,} more characters)"


def _structure(value: Any) -> Any:
    """Lists and mappings of a JSON column, without what their keys call secret."""
    try:
        text = json.dumps(_masked(value), default=str, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return cut(str(value)) if isinstance(value, str) else type(value).__name__
    return json.loads(text) if len(text) <= LONGEST else cut(text)


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: MASK if isinstance(name, str) and is_secret_name(name) else _masked(one)
            for name, one in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(one) for one in value]
    return value
