"""A test turns the clock instead of sleeping."""

from __future__ import annotations

import datetime as dt
import time

from flask_lback.core import clock

HOUR = dt.timedelta(hours=1)


def test_now_is_aware_and_utc() -> None:
    before, seen, after = dt.datetime.now(dt.UTC), clock.now(), dt.datetime.now(dt.UTC)
    assert before <= seen <= after
    assert seen.utcoffset() == dt.timedelta(0)


def test_within_the_block_it_is_later_and_afterwards_it_is_not() -> None:
    with clock.turned(HOUR):
        assert clock.now() - dt.datetime.now(dt.UTC) > dt.timedelta(minutes=59)
        assert clock.timestamp() - time.time() > 59 * 60
    assert abs(clock.timestamp() - time.time()) < 60


def test_blocks_add_up_and_go_back() -> None:
    with clock.turned(HOUR), clock.turned(-2 * HOUR):
        assert clock.now() < dt.datetime.now(dt.UTC) - dt.timedelta(minutes=59)


def test_an_error_turns_the_clock_back() -> None:
    try:
        with clock.turned(HOUR):
            raise LookupError
    except LookupError:
        assert abs(clock.timestamp() - time.time()) < 60
