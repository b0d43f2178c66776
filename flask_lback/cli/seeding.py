"""`seed-demo`: the application says what its demo content is, the command runs it.

``LBACK_CLI_SEED_DEMO = "package.module:function"`` names a function that is called as
``function(db.session, advance=…, users=…, posts=…)``; of the keywords it is given those that it
takes, and the numbers only when they were given. It commits, it calls ``advance(n)`` after each
``n`` steps (there are ``users + posts`` in all), and what it returns is printed.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import click
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from werkzeug.utils import import_string

from ..core.console import command, done, progress
from ..core.settings import CoreSettings
from ..core.state import state_of
from ..exceptions import CommandError

NUMBERS = ("users", "posts")


@command("seed-demo")
@click.option("--users", type=click.IntRange(min=0), help="How many accounts to make.")
@click.option("--posts", type=click.IntRange(min=0), help="How many posts to write.")
def seed_demo(app: Flask, users: int | None, posts: int | None) -> None:
    """Write the application's demo content."""
    state = state_of(app)
    function = _function(state[CoreSettings].cli_seed_demo)
    taken = inspect.signature(function).parameters
    values: dict[str, Any] = {}
    for name, number in zip(NUMBERS, (users, posts), strict=True):
        if number is not None:
            if name not in taken:
                raise CommandError(
                    f"The demo content of this application has no {name} to count.",
                    f"Leave --{name} out.",
                )
            values[name] = number
    session = state[SQLAlchemy].session
    if "advance" in taken:
        with progress("Demo content", _steps(taken, values)) as advance:
            result = function(session, advance=advance, **values)
    else:
        result = function(session, **values)
    if result is not None:
        done(f"Made {result}.")


def _function(path: str | None) -> Callable[..., Any]:
    if path is None:
        raise CommandError(
            "This application has no demo content.",
            'Name its function: LBACK_CLI_SEED_DEMO = "package.module:function".',
        )
    try:
        found: Callable[..., Any] = import_string(path)
    except ImportError as error:
        raise CommandError(
            f"LBACK_CLI_SEED_DEMO is {path!r}, which cannot be imported: {error}",
            'Use "package.module:function".',
        ) from error
    return found


def _steps(taken: Any, values: dict[str, Any]) -> int | None:
    numbers = [values.get(name, taken[name].default) for name in NUMBERS if name in taken]
    return sum(numbers) if numbers and all(isinstance(one, int) for one in numbers) else None
