"""Bars per day, as numbers for an SVG that the server draws."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

_TOP, _BASE, _LEFT = 12, 180, 34
_STEP = 21.6
_WIDTH = 15


@dataclass(frozen=True)
class Bar:
    """One day."""

    day: dt.date
    value: int
    x: float
    y: float
    height: float
    is_highest: bool


@dataclass(frozen=True)
class Chart:
    """A drawing, its grid and its days.

    :ivar lines: height and number of each line of the grid.
    :ivar days: place and day of each label below.
    """

    width: float
    bars: list[Bar]
    lines: list[tuple[float, int]]
    days: list[tuple[float, dt.date]]
    lowest: int
    highest: int
    highest_day: dt.date

    @property
    def base(self) -> float:
        """Where the bars stand."""
        return _BASE

    @property
    def total(self) -> int:
        """All days together."""
        return sum(bar.value for bar in self.bars)


def draw(values: Mapping[dt.date, int], last: dt.date, days: int) -> Chart:
    """The chart of some days up to ``last``; a day without a number counts as none."""
    span = [last - dt.timedelta(days=days - 1 - at) for at in range(days)]
    numbers = [values.get(day, 0) for day in span]
    highest = max(numbers)
    step = _round_step(highest)
    scale = (_BASE - _TOP) / (step * 3)
    bars = [
        Bar(
            day,
            value,
            round(_LEFT + at * _STEP, 1),
            round(_BASE - value * scale, 1),
            round(value * scale, 1),
            value == highest and highest > 0,
        )
        for at, (day, value) in enumerate(zip(span, numbers, strict=True))
    ]
    return Chart(
        width=round(_LEFT + days * _STEP + 2, 1),
        bars=bars,
        lines=[(round(_BASE - step * at * scale, 1), step * at) for at in (3, 2, 1)],
        days=[(bar.x, bar.day) for at, bar in enumerate(bars) if at % 7 == 0 and at < days - 3],
        lowest=min(numbers),
        highest=highest,
        highest_day=span[numbers.index(highest)],
    )


def _round_step(highest: int) -> int:
    """The third of the scale: 1, 2 or 5 times a power of ten."""
    size = 1
    while True:
        for factor in (1, 2, 5):
            if factor * size * 3 >= highest:
                return factor * size
        size *= 10
