"""Values of the audit log as a page shows them: short, with the whole text at hand."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from ...core.translation import gettext
from .. import words
from ..cells import number

#: Texts up to here are shown as they are; of longer ones the part that differs.
SHORT = 90
_AROUND = 24


@dataclass(frozen=True)
class Shown:
    """One value.

    :ivar moment: the value itself, when it is a day or a moment.
    :ivar whole: all of it, when ``text`` is only a part.
    """

    text: str
    moment: Any = None
    whole: str = ""
    is_empty: bool = False


@dataclass(frozen=True)
class Line:
    """What happened to one field.

    :ivar old: None when there was no record before; ``new`` likewise.
    :ivar joined: names of what was put into a relation.
    :ivar left: names of what was taken out.
    :ivar note: in place of values that are not kept, or are too many.
    """

    label: str
    old: Shown | None = None
    new: Shown | None = None
    joined: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    note: str = ""


def shown(column: Any, value: Any) -> Shown:
    """A value of the log, by the column that held it; None for a column that is gone."""
    if value is None or value == "":
        return Shown(gettext("empty"), is_empty=True)
    if isinstance(value, bool):
        return Shown(gettext("yes") if value else gettext("no"))
    if isinstance(value, int | float):
        return Shown(number(value))
    if not isinstance(value, str):
        return _long(json.dumps(value, ensure_ascii=False))
    kind = getattr(getattr(column, "type", None), "impl", getattr(column, "type", None))
    if isinstance(kind, sa.Enum):
        return Shown(words.label(value.lower()))
    if isinstance(kind, sa.Date | sa.DateTime) and (moment := _moment(value)) is not None:
        return Shown(value, moment)
    return _long(value)


def pair(column: Any, old: Any, new: Any) -> tuple[Shown, Shown]:
    """Both values; of long texts the part in which they differ."""
    before, after = shown(column, old), shown(column, new)
    if isinstance(old, str) and isinstance(new, str) and (before.whole or after.whole):
        first, second = _parts(old, new)
        return Shown(first, whole=old), Shown(second, whole=new)
    return before, after


def _long(text: str) -> Shown:
    line = " ".join(text.split())
    if len(line) <= SHORT:
        return Shown(line, whole=text if "\n" in text.strip() else "")
    return Shown(line[: SHORT - 1].rstrip() + "…", whole=text)


def _moment(text: str) -> Any:
    """A moment, or the day of a column that holds no time."""
    try:
        return dt.datetime.fromisoformat(text) if len(text) > 10 else dt.date.fromisoformat(text)
    except ValueError:
        return None


def _parts(old: str, new: str) -> tuple[str, str]:
    """The part in which two texts differ, with a few words around it."""
    start = 0
    for one, other in zip(old, new, strict=False):
        if one != other:
            break
        start += 1
    longest = min(len(old), len(new)) - start
    end = 0
    while end < longest and old[-1 - end] == new[-1 - end]:
        end += 1
    begin = max(0, start - _AROUND)
    if begin:  # at the beginning of a word
        begin = old.rfind(" ", 0, begin) + 1
    tail = max(0, end - _AROUND)
    if tail and (gap := old.find(" ", len(old) - tail)) >= 0:  # at the end of one
        tail = len(old) - gap
    return _part(old, begin, tail), _part(new, begin, tail)


def _part(text: str, begin: int, tail: int) -> str:
    part = " ".join(text[begin : len(text) - tail].split())
    cut = len(part) > 2 * SHORT
    if cut:
        part = part[: 2 * SHORT].rstrip()
    return ("…" if begin else "") + part + ("…" if tail or cut else "")
