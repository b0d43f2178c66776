"""Words that templates use: long dates, and numbers with their noun."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def long_date(moment: dt.datetime | None, *, year: bool = True) -> str:
    """``20 November 2026``."""
    if moment is None:
        return ""
    return f"{moment.day} {moment:%B %Y}" if year else f"{moment.day} {moment:%B}"


def short_date(moment: dt.datetime | None) -> str:
    """``20 November``; with the year where it is not this one."""
    this_year = moment is not None and moment.year == dt.datetime.now(dt.UTC).year
    return long_date(moment, year=not this_year)


def counted(number: int, noun: str, plural: str = "") -> str:
    """``1 comment``, ``1,204 comments``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def install(app: Flask) -> None:
    """Make them known to templates."""
    app.jinja_env.filters.update(long_date=long_date, short_date=short_date, counted=counted)
