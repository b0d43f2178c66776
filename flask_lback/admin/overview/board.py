"""The own widgets of one application: who sees them, drawn, kept for a while."""

from __future__ import annotations

import datetime as dt
import decimal
import logging
import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from markupsafe import Markup

from ...auth.current import resolve
from ...auth.rights import rights_of
from ...auth.users.mixins import key_of
from ...core import clock
from ..cells import Cell, cell, number
from .chart import Drawn, draw_both
from .widgets import Card, Chart, Content, Table, Text, Widget

logger = logging.getLogger(__name__)

#: So many answers are kept; the oldest go first.
_MOST_KEPT = 1_000
#: Longer tables are cut.
_MOST_ROWS = 50


@dataclass(frozen=True)
class Shown:
    """A widget, ready for a page.

    :ivar kind: ``card``, ``chart``, ``table``, ``text``, or ``failed``.
    :ivar text: the value of a card, or the words of a text.
    """

    kind: str
    title: str
    text: str = ""
    note: str = ""
    url: str = ""
    chart: Drawn | None = None
    columns: list[str] = field(default_factory=list)
    rows: list[list[Cell | Markup]] = field(default_factory=list)


class Board:
    """Draws widgets, each by itself: one that fails does no harm to the page.

    Answers are kept as they are drawn, so that nothing of them hangs on a session that is over.
    """

    def __init__(self, db: SQLAlchemy) -> None:
        self._db = db
        self._widgets: list[Widget] = []
        self._kept: OrderedDict[tuple[int, Any], tuple[float, Shown | None]] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, widgets: Iterable[Widget]) -> None:
        """Show these too."""
        self._widgets += widgets

    def show(self) -> list[Shown]:
        """Those that the present account sees."""
        rights = rights_of(resolve())
        found = [
            self._answer(at, one)
            for at, one in enumerate(self._widgets)
            if not one.permissions or rights.has_any(one.permissions)
        ]
        return [one for one in found if one is not None]

    def _answer(self, at: int, one: Widget) -> Shown | None:
        if not one.cache_for:
            return self._draw(one)
        key = (at, str(key_of(resolve())) if one.per_user else None)
        now = clock.timestamp()
        with self._lock:
            until, shown = self._kept.get(key, (0.0, None))
        if now < until:
            return shown
        shown = self._draw(one)
        if shown is None or shown.kind != "failed":  # a failure is tried again
            with self._lock:
                self._kept[key] = (now + one.cache_for, shown)
                self._kept.move_to_end(key)
                while len(self._kept) > _MOST_KEPT:
                    self._kept.popitem(last=False)
        return shown

    def _draw(self, one: Widget) -> Shown | None:
        try:
            return drawn(one.title, one.function())
        except Exception:
            logger.exception("The widget %r of %s could not be drawn", one.title, one.where)
            # A statement that failed would fail every later one of this transaction.
            self._db.session.rollback()
            return Shown("failed", one.title)


def drawn(title: str, content: Content) -> Shown | None:
    """What a function returned, ready for a page.

    :raises TypeError: it is none of what a widget may be.
    :raises ValueError: its values do not fit.
    """
    if content is None:
        return None
    if isinstance(content, Card):
        return Shown("card", title, _said(content.value), str(content.note), content.url)
    if isinstance(content, Chart):
        return Shown("chart", title, url=content.url, chart=_chart(title, content))
    if isinstance(content, Table):
        return _table(title, content)
    if isinstance(content, Text):
        text = content.text if isinstance(content.text, Markup) else str(content.text)
        return Shown("text", title, text, url=content.url)
    raise TypeError(f"{content!r} is no Card, Chart, Table or Text")


def _said(value: Any) -> str:
    is_number = isinstance(value, int | float | decimal.Decimal) and not isinstance(value, bool)
    return number(value) if is_number else str(value)


def _chart(title: str, content: Chart) -> Drawn:
    values: dict[dt.date, float] = {}
    for day, value in content.values.items():
        day = day.date() if isinstance(day, dt.datetime) else day
        values[day] = values.get(day, 0) + value
    if any(not 0 <= value < float("inf") for value in values.values()):
        raise ValueError("the values of a chart are numbers from zero")
    today = clock.now().date()
    return draw_both(title, values, today, kind="bad" if content.is_bad else "", url=content.url)


def _table(title: str, content: Table) -> Shown:
    columns = [str(one) for one in content.columns]
    rows: list[list[Cell | Markup]] = []
    for row in content.rows:
        if len(row) != len(columns):
            raise ValueError(f"a row of {len(row)} values stands below {len(columns)} columns")
        rows.append([one if isinstance(one, Markup) else cell(one) for one in row])
        if len(rows) == _MOST_ROWS:
            break
    return Shown("table", title, url=content.url, columns=columns, rows=rows)
