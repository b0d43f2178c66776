"""Filters from one end to another: numbers, days and moments."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from werkzeug.datastructures import MultiDict

from ..core import clock
from ..core.translation import gettext
from .filters import NOTHING, Choice, Filter, Input
from .moments import as_stored, between, parse_day

_TO = ".."


class RangeFilter(Filter):
    """Something from one end to another; both belong to it, and each may be left out.

    In an address: ``reads=5..10``, or as its form sends it ``reads.from=5&reads.to=10``.
    """

    def read(self, args: MultiDict[str, str]) -> str:
        """Both ends in one."""
        first, last = args.get(f"{self.key}.from", ""), args.get(f"{self.key}.to", "")
        return f"{first}{_TO}{last}" if first or last else super().read(args)

    def shown(self, value: str) -> str | None:
        """From where to where."""
        first, is_range, last = value.strip().partition(_TO)
        if not is_range:
            return super().shown(value)
        if not (first or last) or any(end and not self._is_end(end) for end in (first, last)):
            return None
        if not last:
            return gettext("from %(first)s", first=first)
        if not first:
            return gettext("to %(last)s", last=last)
        return f"{first} \N{EN DASH} {last}"

    def _ends(self, value: str) -> tuple[str, str] | None:
        first, is_range, last = value.strip().partition(_TO)
        return (first, last) if is_range else None

    def _is_end(self, text: str) -> bool:
        raise NotImplementedError


class TimeFilter(RangeFilter):
    """A day or a moment: this day, week, month or year, or from one day to another, in UTC."""

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

    def inputs(self) -> list[Input]:
        """The first day and the last."""
        return [
            Input(f"{self.key}.from", gettext("From"), "date"),
            Input(f"{self.key}.to", gettext("To"), "date"),
        ]

    def _is_end(self, text: str) -> bool:
        return parse_day(text) is not None

    def _test(self, attribute: Any, value: str) -> Any:
        if value == NOTHING:
            return attribute.is_(None)
        column = self.path.column
        if ends := self._ends(value):
            return between(column, attribute, *map(parse_day, ends))
        today = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
        start = {
            "today": today,
            "week": today - dt.timedelta(days=6),
            "month": today.replace(day=1),
            "year": today.replace(month=1, day=1),
        }[value]
        return attribute >= as_stored(column, start)


class NumberFilter(RangeFilter):
    """Exactly the number that was typed, or from one to another."""

    def inputs(self) -> list[Input]:
        """The least and the most."""
        return [
            Input(f"{self.key}.from", gettext("From"), "number"),
            Input(f"{self.key}.to", gettext("To"), "number"),
        ]

    def shown(self, value: str) -> str | None:
        """The number, None for anything else."""
        if self._ends(value):
            return super().shown(value)
        return value.strip() if self._is_end(value) else None

    def _is_end(self, text: str) -> bool:
        try:
            return abs(float(text)) < 2**63
        except ValueError:
            return False

    def _test(self, attribute: Any, value: str) -> Any:
        if not (ends := self._ends(value)):
            return attribute == _number(value)
        first, last = ends
        conditions = [attribute >= _number(first)] if first else []
        conditions += [attribute <= _number(last)] if last else []
        return sa.and_(*conditions)


def _number(text: str) -> int | float:
    value = float(text)
    return int(value) if value.is_integer() else value
