"""Values as the pages show them: short dates, badges for states, a dash for nothing."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ..auth.users.mixins import AbstractBaseUser
from ..core.translation import gettext
from . import words

#: What stands for a missing value.
NOTHING = "\N{EN DASH}"
#: Longer texts are cut in lists.
LONGEST = 90
#: So many records of a relation are named in a list.
_MOST_NAMED = 3


@dataclass(frozen=True)
class Cell:
    """One value, ready for a template.

    :ivar kind: ``text``, ``number``, ``badge``, ``day``, ``moment``, ``person``, ``many`` or
        ``none``; decides how it is drawn and on which side it stands.
    :ivar text: the value in words.
    :ivar value: the value itself, of days and moments.
    :ivar badge: the colour of a badge.
    """

    kind: str
    text: str = ""
    value: Any = None
    badge: str = ""


def cell(value: Any, empty: str = NOTHING, *, short: bool = True) -> Cell:
    """The cell of a value.

    :param empty: what stands for nothing.
    :param short: whether long texts are cut.
    """
    if isinstance(value, Cell):
        return value
    if value is None or value == "":
        return Cell("none", empty)
    if isinstance(value, bool):
        yes = Cell("badge", gettext("Yes"), badge="ok")
        return yes if value else Cell("badge", gettext("No"))
    if isinstance(value, enum.Enum):
        return state(value.name)
    if isinstance(value, list | tuple | set | frozenset):
        return _many(value, empty, short)
    if isinstance(value, AbstractBaseUser):
        return Cell("person", str(value))
    return _plain(value, short)


def _plain(value: Any, short: bool) -> Cell:
    if isinstance(value, int | float | decimal.Decimal):
        return Cell("number", number(value))
    if isinstance(value, dt.datetime):
        return Cell("moment", value.isoformat(), value)
    if isinstance(value, dt.date):
        return Cell("day", value.isoformat(), value)
    if isinstance(value, bytes):
        return Cell("text", gettext("%(n)s bytes", n=number(len(value))))
    return Cell("text", _cut(str(value)) if short else str(value))


def state(value: str) -> Cell:
    """The cell of a word that stands for a state."""
    return Cell("badge", words.label(value.lower()), badge=words.state_kind(value))


def number(value: Any) -> str:
    """A number with commas between its thousands."""
    return f"{value:,}"


def is_numeric(column: Any) -> bool:
    """Whether values of a column stand at the right."""
    kind = getattr(column.type, "impl", column.type)
    return isinstance(kind, sa.Numeric | sa.Float | sa.Integer)


def _many(values: Iterable[Any], empty: str, short: bool) -> Cell:
    names = [str(value) for value in values]
    if not names:
        return Cell("none", empty)
    shown = names[:_MOST_NAMED] if short else names
    text = ", ".join(map(_cut, shown))
    if len(shown) < len(names):
        text = gettext("%(names)s and %(n)s more", names=text, n=len(names) - len(shown))
    return Cell("many", text)


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1].rstrip() + "…"
