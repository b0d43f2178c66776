"""Run WSGI applications side by side, each in a process of its own, in short bursts in turn.

A ratio is the CPU time of a burst over that of the yardstick's burst in the same round, so that
what the machine does besides falls on both alike. The median and the middle half are shown. On a
machine that is busy they rise: whatever takes the processor in between empties its caches, and
the longer way has more to load again.
"""

from __future__ import annotations

import multiprocessing as mp
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from werkzeug.test import EnvironBuilder

#: What makes an application ready: the WSGI callable and the headers of the request to time.
Contender = Callable[[], tuple[Any, Mapping[str, str]]]

ROUNDS = 31
#: Seconds of CPU time, about.
BURST = 0.03
WARM_UP = 300


@dataclass(frozen=True)
class Ratio:
    """How many times the yardstick's CPU time a contender takes.

    :ivar microseconds: CPU time of one request, the median.
    """

    name: str
    yardstick: str
    median: float
    low: float
    high: float
    microseconds: float

    def __str__(self) -> str:
        return (
            f"{self.name:<42} {self.median:5.2f} x   ({self.low:.2f} - {self.high:.2f})"
            f"   {self.microseconds:7.0f} us   over {self.yardstick}"
        )


@dataclass(frozen=True)
class Difference:
    """What one page costs more than another of the same application.

    :ivar microseconds: CPU time of one request, the median of the rounds.
    """

    name: str
    microseconds: float

    def __str__(self) -> str:
        return f"{self.name:<42} {self.microseconds:5.1f} us"


class Times(dict[str, list[list[float]]]):
    """By contender and round: the CPU time of one request to each of its pages, in seconds."""

    def ratio(self, name: str, yardstick: str, page: int = 0, title: str = "") -> Ratio:
        """Of one of the pages, round by round.

        :param title: what the ratio is called; the name of the contender when left out.
        """
        own, other = ([burst[page] for burst in self[one]] for one in (name, yardstick))
        ratios = [a / b for a, b in zip(own, other, strict=True)]
        low, middle, high = statistics.quantiles(ratios, n=4)
        microseconds = statistics.median(own) * 1e6
        return Ratio(title or name, yardstick, middle, low, high, microseconds)


def measure(
    contenders: Mapping[str, Contender], paths: tuple[str, ...] = ("/",), warm_up: int = WARM_UP
) -> Times:
    """Time the pages of every contender, all of them in each round."""
    workers = {name: _start(make, paths, warm_up) for name, make in contenders.items()}
    times = Times({name: [] for name in workers})
    try:
        for number in range(ROUNDS):
            for name in _rotated(list(workers), number):
                connection = workers[name][1]
                connection.send(True)
                times[name].append(connection.recv())
    finally:
        for process, connection in workers.values():
            connection.send(False)
            process.join(5)
    return times


def difference(name: str, make: Contender, path: str, other: str) -> Difference:
    """What a request to ``other`` costs more than one to ``path``, in one process."""
    bursts = measure({name: make}, (path, other))[name]
    return Difference(name, statistics.median(b - a for a, b in bursts) * 1e6)


def _rotated(names: list[str], by: int) -> Iterator[str]:
    by %= len(names)
    yield from names[by:] + names[:by]


def _start(make: Contender, paths: tuple[str, ...], warm_up: int) -> tuple[Any, Connection]:
    context = mp.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_work, args=(make, paths, warm_up, there), daemon=True)
    process.start()
    if (error := here.recv()) is not None:
        raise RuntimeError(error)
    return process, here


def _work(make: Contender, paths: tuple[str, ...], warm_up: int, connection: Connection) -> None:
    """The life of a worker: warm up, then one burst for each time that it is asked."""
    try:
        app, headers = make()
        pages = [EnvironBuilder(path, headers=[*headers.items()]).get_environ() for path in paths]
        for environ in pages:
            _seconds(app, environ, warm_up)
        counts = [max(1, int(BURST / _seconds(app, environ, warm_up))) for environ in pages]
    except Exception as error:
        connection.send(f"{make}: {error!r}")
        return
    connection.send(None)
    while connection.recv():
        connection.send([_seconds(app, *each) for each in zip(pages, counts, strict=True)])


def _seconds(app: Any, environ: dict[str, Any], count: int) -> float:
    """CPU time of one of so many requests."""
    started = time.process_time()
    for _ in range(count):
        _request(app, environ)
    return (time.process_time() - started) / count


def _request(app: Any, environ: dict[str, Any]) -> None:
    """What a server does, without the test client: its work is none of the application's."""
    said: list[str] = []
    body = app(dict(environ), lambda status, headers, error=None: said.append(status))
    content = b"".join(body)
    if close := getattr(body, "close", None):
        close()
    if not said[0].startswith("200"):
        raise RuntimeError(f"{said[0]}: {content[:200]!r}")
