"""Run WSGI applications side by side, each in a process of its own, in short bursts in turn.

A ratio is the CPU time of a burst over that of the yardstick's burst in the same round, so that
what the machine does besides falls on both alike. The median and the middle half are shown.
"""

from __future__ import annotations

import multiprocessing as mp
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from werkzeug.test import EnvironBuilder, run_wsgi_app

#: What makes an application ready: the WSGI callable and the headers of the request to time.
Contender = Callable[[], tuple[Any, Mapping[str, str]]]

ROUNDS = 15
BURST = 0.06
WARM_UP = 200


@dataclass(frozen=True)
class Ratio:
    """How many times the yardstick's CPU time a contender takes.

    :ivar microseconds: CPU time of one request, the median.
    """

    name: str
    median: float
    low: float
    high: float
    microseconds: float

    def __str__(self) -> str:
        return (
            f"{self.name:<42} {self.median:5.2f} x   ({self.low:.2f} - {self.high:.2f})"
            f"   {self.microseconds:7.0f} us"
        )


def compare(
    contenders: Mapping[str, Contender], *, path: str = "/", yardstick: str, rounds: int = ROUNDS
) -> list[Ratio]:
    """Time every contender against the yardstick."""
    workers = {name: _start(make, path) for name, make in contenders.items()}
    times: dict[str, list[float]] = {name: [] for name in workers}
    try:
        for number in range(rounds):
            for name in _rotated(list(workers), number):
                connection = workers[name][1]
                connection.send(BURST)
                times[name].append(connection.recv())
    finally:
        for process, connection in workers.values():
            connection.send(None)
            process.join(5)
    return [_ratio(name, times[name], times[yardstick]) for name in workers]


def _ratio(name: str, own: list[float], other: list[float]) -> Ratio:
    ratios = [a / b for a, b in zip(own, other, strict=True)]
    low, _, high = statistics.quantiles(ratios, n=4)
    return Ratio(name, statistics.median(ratios), low, high, statistics.median(own) * 1e6)


def _rotated(names: list[str], by: int) -> Iterator[str]:
    by %= len(names)
    yield from names[by:] + names[:by]


def _start(make: Contender, path: str) -> tuple[Any, Connection]:
    context = mp.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_work, args=(make, path, there), daemon=True)
    process.start()
    if (error := here.recv()) is not None:
        raise RuntimeError(error)
    return process, here


def _work(make: Contender, path: str, connection: Connection) -> None:
    """The life of a worker: warm up, then one burst for each number that comes."""
    try:
        app, headers = make()
        environ = EnvironBuilder(path, headers=list(headers.items())).get_environ()
        for _ in range(WARM_UP):
            _request(app, environ)
    except Exception as error:
        connection.send(f"{make}: {error!r}")
        return
    connection.send(None)
    while (seconds := connection.recv()) is not None:
        count, until = 0, time.perf_counter() + seconds
        started = time.process_time()
        while time.perf_counter() < until:
            _request(app, environ)
            count += 1
        connection.send((time.process_time() - started) / count)


def _request(app: Any, environ: dict[str, Any]) -> None:
    body, status, _ = run_wsgi_app(app, dict(environ))
    if not status.startswith("200"):
        raise RuntimeError(f"{status}: {b''.join(body)[:200]!r}")
    for _ in body:
        pass
    if close := getattr(body, "close", None):
        close()
