"""Days, months and years as spans of a column, in UTC."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa

from ..db.models import UTCDateTime

#: Years that have a next one.
_YEARS = range(1, 9999)


def parse_day(text: str) -> dt.date | None:
    """``2026-11-20`` as a day, None for anything else."""
    if len(text) != len("2026-11-20"):
        return None
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year in _YEARS else None


def midnight(day: dt.date) -> dt.datetime:
    """The moment at which a day begins."""
    return dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC)


def as_stored(column: Any, moment: dt.datetime) -> dt.date:
    """A moment as the column holds it: with a zone, without one, or its day."""
    kind = column.type
    if isinstance(getattr(kind, "impl", kind), sa.Date):
        return moment.date()
    aware = isinstance(kind, UTCDateTime) or getattr(kind, "timezone", False)
    return moment if aware else moment.replace(tzinfo=None)


def between(column: Any, attribute: Any, first: dt.date | None, last: dt.date | None) -> Any:
    """That a column lies within days, both of them included.

    :param column: whose type decides.
    :param attribute: what is compared.
    :param first: None is open; so it is for ``last``.
    """
    conditions = []
    if first is not None:
        conditions.append(attribute >= as_stored(column, midnight(first)))
    if last is not None:
        conditions.append(attribute < as_stored(column, midnight(last + dt.timedelta(days=1))))
    return sa.and_(sa.true(), *conditions)
