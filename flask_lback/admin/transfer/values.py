"""Values as files hold them, and texts that a spreadsheet would run."""

from __future__ import annotations

import base64
import csv
import datetime as dt
import decimal
import enum
import io
import json
import math
import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..cells import Cell

#: What a formula begins with, in ASCII and in full width.
_FORMULA = frozenset("=+-@\uff1d\uff0b\uff0d\uff20")
#: What some programs take off before they look.
_SKIPPED = " \v\f\0\"'\u00a0\ufeff"
_CONTROLS = frozenset("\t\r\n")
_FIRST = _FORMULA | _CONTROLS | frozenset(_SKIPPED)
#: What a spreadsheet that knows another separator begins a cell at: it honours no quotes there.
_BREAK = re.compile(r"([;\t\r\n])")
#: The sign that makes a spreadsheet take the rest for text.
GUARD = "'"


@dataclass(frozen=True)
class Document:
    """The value of a JSON column: a document of its own in a cell, a part of JSON lines."""

    value: Any


def guarded(text: str) -> str:
    """The text, with a sign wherever a spreadsheet would begin to run it.

    At its beginning, and behind what another separator than ours makes a beginning of (OWASP, CSV
    injection).
    """
    if text[:1] not in _FIRST and _BREAK.search(text) is None:
        return text
    parts = _BREAK.split(text)
    parts[::2] = [GUARD + part if _runs(part) else part for part in parts[::2]]
    if _is_behind_guards(parts):
        parts[0] += GUARD
    return "".join(parts)


def unguarded(text: str) -> str:
    """The text without the signs that :func:`guarded` has put into it."""
    if GUARD not in text:
        return text
    parts = _BREAK.split(text)
    if parts[0] and _is_behind_guards(parts):
        parts[0] = parts[0][1:]
    parts[::2] = [
        part[1:] if part[:1] == GUARD and _runs(part[1:]) else part for part in parts[::2]
    ]
    return "".join(parts)


def _runs(part: str) -> bool:
    return part[:1] in _FIRST and part.lstrip(_SKIPPED)[:1] in _FORMULA


def _is_behind_guards(parts: list[str]) -> bool:
    """Whether a control character comes first, or nothing but guards before it."""
    return len(parts) > 1 and parts[1] in _CONTROLS and not parts[0].strip(GUARD)


def plain(value: Any) -> Any:
    """A value as JSON knows it; days and moments by ISO 8601, decimals as text."""
    found = _PLAIN.get(type(value))
    return found(value) if found is not None else _other(value)


def text(value: Any) -> Any:
    """A value as a CSV cell: numbers as they are, no formula."""
    found = _TEXTS.get(type(value))
    return found(value) if found is not None else text(_other(value))


def joined(names: Iterable[str]) -> str:
    """Several names in one cell; those with a comma in quotes."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(names)
    return line.getvalue()


def split(line: str) -> list[str]:
    """The names that :func:`joined` wrote, or somebody typed.

    :raises ValueError: a quote is not closed.
    """
    try:
        rows = list(csv.reader([line], skipinitialspace=True, strict=True))
    except csv.Error as error:
        raise ValueError(str(error)) from error
    return [name.strip() for name in rows[0] if name.strip()] if rows else []


def document(value: Any) -> str:
    """A value of a JSON column as text."""
    return json.dumps(value, ensure_ascii=False, default=plain)


def _same(value: Any) -> Any:
    return value


def _number(value: float) -> Any:
    return value if math.isfinite(value) else str(value)


def _decimal(value: decimal.Decimal) -> str:
    return format(value, "f")


def _list(values: Iterable[Any]) -> list[Any]:
    return [plain(value) for value in values]


def _mapping(values: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(key): plain(value) for key, value in values.items()}


def _iso(value: Any) -> str:
    return str(value.isoformat())


def _other(value: Any) -> Any:
    """A value of a class that derives from a known one, or of an unknown one."""
    for kind, make in _FAMILIES:
        if isinstance(value, kind):
            return make(value)
    return str(value)


_PLAIN: Mapping[type, Callable[[Any], Any]] = {
    type(None): _same,
    bool: _same,
    int: _same,
    str: _same,
    float: _number,
    dt.datetime: _iso,
    dt.date: _iso,
    dt.time: _iso,
    decimal.Decimal: _decimal,
    uuid.UUID: str,
    list: _list,
    tuple: _list,
    dict: _mapping,
    Document: lambda found: plain(found.value),
}
_TEXTS: Mapping[type, Callable[[Any], Any]] = {
    type(None): lambda value: "",
    bool: lambda value: "yes" if value else "no",
    int: _same,
    str: guarded,
    float: _number,
    dt.datetime: _iso,
    dt.date: _iso,
    dt.time: _iso,
    decimal.Decimal: _decimal,
    uuid.UUID: str,
    list: lambda value: guarded(joined(str(plain(one)) for one in value)),
    dict: lambda value: guarded(document(value)),
    Document: lambda found: "" if found.value is None else guarded(document(found.value)),
}
_FAMILIES: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (Cell, lambda value: value.text if value.kind != "none" else None),
    (enum.Enum, lambda value: value.name),
    (bytes, lambda value: base64.b64encode(value).decode("ascii")),
    (str, str.__str__),
    (int, int),
    (float, lambda value: _number(float(value))),
    (decimal.Decimal, _decimal),
    (dt.date | dt.time, _iso),
    (Mapping, _mapping),
    (list | tuple | set | frozenset, _list),
)
