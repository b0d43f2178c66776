"""The only place that asks what time it is, so that a test can turn the clock."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_offset: ContextVar[float] = ContextVar("lback_clock_offset", default=0.0)


def now() -> dt.datetime:
    """The present moment, aware, in UTC."""
    moment = dt.datetime.now(dt.UTC)
    if shift := _offset.get():
        moment += dt.timedelta(seconds=shift)
    return moment


def written(moment: dt.datetime) -> str:
    """A moment as documents have it: ISO 8601 in UTC with a Z, or as it is without a zone."""
    if moment.tzinfo is None:
        return moment.isoformat()
    return moment.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


def timestamp() -> float:
    """Seconds since the epoch, as :func:`time.time`, turned with the clock."""
    return time.time() + _offset.get()


@contextmanager
def turned(delta: dt.timedelta) -> Iterator[None]:
    """Within the block it is ``delta`` later (or earlier) for Lback. Blocks add up."""
    token = _offset.set(_offset.get() + delta.total_seconds())
    try:
        yield
    finally:
        _offset.reset(token)
