"""Bars per day, as numbers for an SVG that the server draws."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from ...core.translation import gettext
from ..cells import number

_TOP, _BASE, _LEFT = 12, 180, 34
#: Room for the bars of the long drawing and of the short one, and for the label of a bar.
_LONG, _SHORT, _LABEL = 604.8, 302.4, 90
_WIDEST = 48


@dataclass(frozen=True)
class Period:
    """How far back charts go.

    :ivar long: bars of the long drawing; ``short`` of the one that narrow places show.
    :ivar unit: days that one bar stands for.
    :ivar every: so many bars lie between two labels.
    :ivar spans: what the two drawings show, in words.
    """

    name: str
    label: str
    long: int
    short: int
    unit: int
    every: int
    spans: tuple[str, str]

    def first(self, today: dt.date) -> dt.date:
        """The first day of the long drawing."""
        return today - dt.timedelta(days=self.long * self.unit - 1)


_ALL = (
    Period("week", gettext("7 days"), 7, 7, 1, 2, (gettext("in 7 days"), gettext("in 7 days"))),
    Period(
        "month", gettext("4 weeks"), 28, 14, 1, 7, (gettext("in 4 weeks"), gettext("in 2 weeks"))
    ),
    Period(
        "year", gettext("Year"), 52, 26, 7, 13, (gettext("in a year"), gettext("in half a year"))
    ),
)
PERIODS: Mapping[str, Period] = {one.name: one for one in _ALL}
MONTH = PERIODS["month"]


@dataclass(frozen=True)
class Bar:
    """One day, or the week that begins with it."""

    day: dt.date
    value: float
    x: float
    y: float
    width: float
    height: float
    is_highest: bool


@dataclass(frozen=True)
class Drawing:
    """A drawing, its grid and its days.

    :ivar lines: height and number of each line of the grid.
    :ivar days: place and day of each label below.
    """

    width: float
    bars: list[Bar]
    lines: list[tuple[float, int]]
    days: list[tuple[float, dt.date]]
    lowest: float
    highest: float
    highest_day: dt.date

    @property
    def base(self) -> float:
        """Where the bars stand."""
        return _BASE

    @property
    def total(self) -> str:
        """All days together."""
        return number(sum(bar.value for bar in self.bars))


@dataclass(frozen=True)
class Drawn:
    """A chart, ready for a page.

    :ivar title: what is counted.
    :ivar kind: ``bad`` when each one is a misfortune, else nothing.
    :ivar url: where what is counted is listed.
    """

    title: str
    long: Drawing
    short: Drawing
    kind: str = ""
    url: str = ""
    period: Period = MONTH

    @property
    def per(self) -> str:
        """What a bar stands for."""
        return gettext("Per day") if self.period.unit == 1 else gettext("Per week")

    @property
    def name(self) -> str:
        """What is drawn."""
        if self.period.unit == 1:
            return gettext("%(title)s per day", title=self.title)
        return gettext("%(title)s per week", title=self.title)

    def sentence(self, drawing: Drawing) -> str:
        """What people hear who do not see the drawing."""
        values = {
            "name": self.name,
            "n": len(drawing.bars),
            "lowest": number(drawing.lowest),
            "highest": number(drawing.highest),
        }
        if self.period.unit == 1:
            text = "%(name)s over %(n)s days, between %(lowest)s and %(highest)s"
            return gettext(text, **values)
        return gettext("%(name)s over %(n)s weeks, between %(lowest)s and %(highest)s", **values)


def draw_both(
    title: str,
    values: Mapping[dt.date, float],
    today: dt.date,
    *,
    kind: str = "",
    url: str = "",
    period: Period = MONTH,
) -> Drawn:
    """Both drawings of the days up to today."""
    long = draw(values, today, period.long, period.unit, period.every)
    short = draw(values, today, period.short, period.unit, period.every, room=_SHORT)
    return Drawn(title, long, short, kind, url, period)


def draw(
    values: Mapping[dt.date, float],
    last: dt.date,
    count: int,
    unit: int = 1,
    every: int = 7,
    *,
    room: float = _LONG,
) -> Drawing:
    """The chart of some days up to ``last``; a day without a number counts as none.

    :param count: how many bars there are.
    :param unit: days of each.
    :param every: bars between two labels.
    """
    first = last - dt.timedelta(days=count * unit - 1)
    numbers: list[float] = [0] * count
    for day, value in values.items():
        if first <= day <= last:
            numbers[(day - first).days // unit] += value
    highest = max(numbers)
    peak = numbers.index(highest)
    level = _round_step(highest)
    scale = (_BASE - _TOP) / (level * 3)
    step = room / count
    width = min(round(step * 0.7, 1), _WIDEST)
    bars = [
        Bar(
            first + dt.timedelta(days=at * unit),
            value,
            round(_LEFT + at * step + (step - width) / 2, 1),
            round(_BASE - value * scale, 1),
            width,
            round(value * scale, 1),
            at == peak and highest > 0,
        )
        for at, value in enumerate(numbers)
    ]
    return Drawing(
        width=round(_LEFT + room + 2, 1),
        bars=bars,
        lines=[(round(_BASE - level * at * scale, 1), level * at) for at in (3, 2, 1)],
        days=[
            (bar.x, bar.day)
            for at, bar in enumerate(bars)
            if at % every == 0 and room - at * step >= _LABEL
        ],
        lowest=min(numbers),
        highest=highest,
        highest_day=bars[peak].day,
    )


def _round_step(highest: float) -> int:
    """The third of the scale: 1, 2 or 5 times a power of ten."""
    size = 1
    while True:
        for factor in (1, 2, 5):
            if factor * size * 3 >= highest:
                return factor * size
        size *= 10
