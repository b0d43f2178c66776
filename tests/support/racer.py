"""One of the processes of a race: ``python -m tests.support.racer``.

It reads orders from standard input, one JSON document a line, and answers on standard output.
Between ``go`` and its result it stops once at the door: before its first statement that writes or
locks, so that every process of the race has read what is true before one of them changes it.
"""

from __future__ import annotations

import importlib
import json
import re
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from .apps import Site, make_site

_WRITES = re.compile(r"\s*(?:INSERT|UPDATE|DELETE)\b|.*\bFOR UPDATE\b", re.DOTALL)


def main() -> None:
    """Run every order until there are no more."""
    sites: dict[str, Site] = {}
    for line in sys.stdin:
        order = json.loads(line)
        place = json.dumps([order["kind"], order["url"], order["config"]])
        if place not in sites:
            sites[place] = make_site(order["kind"], order["url"], **order["config"])
        site = sites[place]
        try:
            result = _run(site, _job(order["job"])(site, **order["values"]), order["door"])
        except Exception:
            result = {"raised": traceback.format_exc()}
        _say("result", result)


def _job(name: str) -> Callable[..., Callable[[], Any]]:
    module, _, function = name.partition(":")
    found: Callable[..., Callable[[], Any]] = getattr(importlib.import_module(module), function)
    return found


def _run(site: Site, act: Callable[[], Any], door: str) -> Any:
    _wait("ready")
    if door == "none":
        return act()
    with _door(site, often=door == "every"):
        return act()


@contextmanager
def _door(site: Site, *, often: bool) -> Iterator[None]:
    """Stop before the first statement that writes or locks, or before each of them."""
    passed = False

    def stop(connection: Any, cursor: Any, statement: str, *others: Any) -> None:
        nonlocal passed
        if (often or not passed) and _WRITES.match(statement):
            passed = True
            _wait("door")

    with site.app.app_context():
        engines = list(site.db.engines.values())
    for engine in engines:
        sa.event.listen(engine, "before_cursor_execute", stop)
    try:
        yield
    finally:
        for engine in engines:
            sa.event.remove(engine, "before_cursor_execute", stop)


def _wait(where: str) -> None:
    _say(where)
    sys.stdin.readline()


def _say(what: str, result: Any = None) -> None:
    print(json.dumps([what, result]), flush=True)


if __name__ == "__main__":
    main()
