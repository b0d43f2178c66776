"""Years, months and days over a list: links with the number of rows behind each."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from .attributes import Path
from .columns import label_of
from .moments import between
from .ways import in_sight, reach

_WRITTEN = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", re.ASCII)
#: More years than this are not offered: the latest are.
_MOST_YEARS = 40


@dataclass(frozen=True)
class Span:
    """A year, a month or a day.

    :ivar text: ``2026``, ``2026-11`` or ``2026-11-20``.
    """

    text: str
    first: dt.date
    last: dt.date

    @classmethod
    def read(cls, text: str) -> Span | None:
        """The span that a text names, None when it names none."""
        match = _WRITTEN.fullmatch(text)
        if match is None:
            return None
        year, month, day = (int(part) if part else 0 for part in match.groups())
        try:
            first = dt.date(year, month or 1, day or 1)
        except ValueError:
            return None
        if year == dt.MAXYEAR:  # has no end
            return None
        last = first
        if not day:
            end = month or 12
            last = dt.date(year, end, calendar.monthrange(year, end)[1])
        return cls(text, first, last)

    @property
    def level(self) -> int:
        """1 for a year, 2 for a month, 3 for a day."""
        return self.text.count("-") + 1

    def way(self) -> list[Span]:
        """The wider spans around it, widest first."""
        parts = self.text.split("-")
        found = ("-".join(parts[:n]) for n in range(1, len(parts)))
        return [span for text in found if (span := Span.read(text)) is not None]

    def parts(self) -> Iterator[Span]:
        """The months of a year, the days of a month."""
        many = {1: 12, 2: self.last.day}.get(self.level, 0)
        for number in range(1, many + 1):
            if (span := Span.read(f"{self.text}-{number:02}")) is not None:
                yield span


class DateHierarchy:
    """The option ``date_hierarchy`` of one model.

    :param path: a column with days or moments.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.label = label_of(path)

    def condition(self, span: Span) -> Any:
        """That a row lies within a span."""
        return in_sight(
            self.path, lambda one: between(self.path.column, one, span.first, span.last)
        )

    def ends(self, statement: sa.Select[Any]) -> tuple[Any, Any]:
        """The first and the last moment of rows, as expressions.

        Apart from each other: an index answers each of them at once.
        """
        statement, attribute = reach(statement, self.path)
        first, last = (
            statement.with_only_columns(made(attribute), maintain_column_froms=True)
            .order_by(None)
            .scalar_subquery()
            for made in (sa.func.min, sa.func.max)
        )
        return first, last

    @staticmethod
    def spans(first: dt.date, last: dt.date) -> list[Span]:
        """What is offered for rows from one moment to another.

        Years; the months when it is one year, and the days when it is one month.
        """
        if first.year != last.year:
            start = max(first.year, last.year - _MOST_YEARS + 1)
            found = (Span.read(f"{year:04}") for year in range(start, last.year + 1))
            return [span for span in found if span is not None]
        text = f"{last.year:04}" if first.month != last.month else f"{last:%Y-%m}"
        span = Span.read(text)
        return list(span.parts()) if span is not None else []
