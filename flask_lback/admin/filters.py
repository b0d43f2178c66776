"""What a list can be narrowed by; one class for each kind of column."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ..core import clock
from ..core.translation import gettext
from ..db.models import UTCDateTime
from . import keys, words
from .attributes import Path
from .cells import is_numeric
from .columns import label_of
from .relations import Target

#: Longer values of the address are no filter.
LONGEST = 200
#: Parameters of a list that are no filter.
RESERVED = frozenset({"q", "o", "page"})
#: Related records that a filter offers by name.
MOST_CHOICES = 50
_NOTHING = "none"


@dataclass(frozen=True)
class Choice:
    """One value that a filter offers."""

    value: str
    label: str


class Filter:
    """One way to narrow a list.

    :param path: the column or relation.
    """

    #: Whether a person types the value instead of choosing it.
    is_typed = False

    def __init__(self, path: Path) -> None:
        self.path = path
        self.label = label_of(path)
        self.key = path.name + "_" if path.name in RESERVED else path.name

    @property
    def is_visible(self) -> bool:
        """Whether the present account may use it."""
        return True

    def choices(self) -> list[Choice]:
        """What is offered."""
        return []

    def shown(self, value: str) -> str | None:
        """The value in words, None when it is no value of this filter."""
        return next((one.label for one in self.choices() if one.value == value), None)

    def condition(self, value: str) -> Any:
        """What rows must fulfil."""
        return behind(self.path, lambda attribute: self._test(attribute, value))

    def _test(self, attribute: Any, value: str) -> Any:
        raise NotImplementedError

    def _with_nothing(self, choices: list[Choice]) -> list[Choice]:
        if getattr(self.path.column, "nullable", False):
            choices.append(Choice(_NOTHING, gettext("None")))
        return choices


class YesNoFilter(Filter):
    """A flag."""

    def choices(self) -> list[Choice]:
        """Yes and no."""
        return self._with_nothing([Choice("yes", gettext("Yes")), Choice("no", gettext("No"))])

    def _test(self, attribute: Any, value: str) -> Any:
        return attribute.is_(None) if value == _NOTHING else attribute.is_(value == "yes")


class ChoiceFilter(Filter):
    """One of a few words."""

    def choices(self) -> list[Choice]:
        """The words of the column."""
        known = words.enumerated(self.path.column.type)
        return self._with_nothing([Choice(word, words.label(word.lower())) for word in known])

    def _test(self, attribute: Any, value: str) -> Any:
        if value == _NOTHING:
            return attribute.is_(None)
        return attribute == words.enumerated(self.path.column.type)[value]


class TimeFilter(Filter):
    """A day or a moment: this day, week, month or year, in UTC."""

    def choices(self) -> list[Choice]:
        """Spans that end today."""
        return self._with_nothing(
            [
                Choice("today", gettext("today")),
                Choice("week", gettext("last 7 days")),
                Choice("month", gettext("this month")),
                Choice("year", gettext("this year")),
            ]
        )

    def _test(self, attribute: Any, value: str) -> Any:
        if value == _NOTHING:
            return attribute.is_(None)
        today = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
        start = {
            "today": today,
            "week": today - dt.timedelta(days=6),
            "month": today.replace(day=1),
            "year": today.replace(month=1, day=1),
        }[value]
        return attribute >= self._as_stored(start)

    def _as_stored(self, moment: dt.datetime) -> dt.date:
        kind = self.path.column.type
        if isinstance(kind, sa.Date):
            return moment.date()
        aware = isinstance(kind, UTCDateTime) or getattr(kind, "timezone", False)
        return moment if aware else moment.replace(tzinfo=None)


class RelationFilter(Filter):
    """A related record by its key, or those whose name holds a text.

    Only for people who may view its model.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._target = Target(path.target)

    @property
    def is_visible(self) -> bool:
        """Whether the present account may view the related records."""
        return self._target.is_visible

    def choices(self) -> list[Choice]:
        """The first records by name; one more than are shown when there are more."""
        rows = self._target.first(MOST_CHOICES + 1)
        return [Choice(keys.encode(row), str(row)) for row in rows]

    def shown(self, value: str) -> str | None:
        """The name of the record, or the text."""
        rows = self._target.get([value])
        if rows:
            return str(rows[0])
        return value.strip() or None if self._target.label is not None else None

    def _test(self, attribute: Any, value: str) -> Any:
        key = keys.decode(self.path.target, value)
        wanted: Any = sa.false()
        if key is not None and self._target.get([value]):
            wanted = keys.condition(self.path.target, [key])
        elif self._target.label is not None:
            wanted = self._target.label.icontains(value.strip(), autoescape=True)
        return attribute.any(wanted) if self.path.prop.uselist else attribute.has(wanted)


class TextFilter(Filter):
    """A text that holds what was typed."""

    is_typed = True

    def shown(self, value: str) -> str | None:
        """The text itself."""
        return value.strip() or None

    def _test(self, attribute: Any, value: str) -> Any:
        return attribute.icontains(value.strip(), autoescape=True)


class NumberFilter(Filter):
    """Exactly the number that was typed."""

    is_typed = True

    def shown(self, value: str) -> str | None:
        """The number, None for anything else."""
        try:
            parsed = float(value)
        except ValueError:
            return None
        return value.strip() if abs(parsed) < 2**63 else None

    def _test(self, attribute: Any, value: str) -> Any:
        number = float(value)
        return attribute == (int(number) if number.is_integer() else number)


def make(path: Path) -> Filter:
    """The filter that suits a column or a relation."""
    if path.is_relation:
        return RelationFilter(path)
    kind = getattr(path.column.type, "impl", path.column.type)
    for wanted, made in (
        (sa.Boolean, YesNoFilter),
        (sa.Enum, ChoiceFilter),
        (sa.Date | sa.DateTime, TimeFilter),
    ):
        if isinstance(kind, wanted):
            return made(path)
    return NumberFilter(path) if is_numeric(path.column) else TextFilter(path)


def behind(path: Path, test: Callable[[Any], Any]) -> Any:
    """A test of the end of a path, as a condition on the rows at its beginning.

    Written with EXISTS, so that no row comes twice.
    """
    condition = test(path.prop.class_attribute)
    for relation in reversed(path.relations):
        attribute = relation.class_attribute
        condition = attribute.any(condition) if relation.uselist else attribute.has(condition)
    return condition
