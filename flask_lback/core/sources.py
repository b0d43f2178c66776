"""Where values come from besides ``app.config``: the process environment."""

from __future__ import annotations

import os

import click
from flask import Flask
from flask.cli import ScriptInfo

from ..exceptions import ConfigError

ENVIRONMENTS = ("local", "development", "staging", "production")


def environment(app: Flask) -> str:
    """What this installation is: local, development, staging or production.

    ``LBACK_ENV`` of ``app.config`` or of the process environment decides; without it the
    careful answer is production, unless a person is plainly at work.

    :raises ConfigError: the variable holds another word.
    """
    if chosen := app.config.get("LBACK_ENV"):
        return str(chosen)
    if chosen := os.environ.get("LBACK_ENV"):
        if chosen not in ENVIRONMENTS:
            raise ConfigError(
                f"The environment variable LBACK_ENV is {chosen!r}.",
                f"Use one of {', '.join(ENVIRONMENTS)}.",
            )
        return chosen
    return "local" if app.debug or app.testing or under_flask_command() else "production"


def under_flask_command() -> bool:
    """Whether this process was started by the ``flask`` command."""
    context = click.get_current_context(silent=True)
    return context is not None and context.find_object(ScriptInfo) is not None
