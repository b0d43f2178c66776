"""A group whose commands are imported when they are asked for, and whose failures are one line."""

from __future__ import annotations

import difflib
import importlib
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import click

from ..core.console import TRACEBACK, error, note, traceback_option
from ..exceptions import LbackError


class LazyGroup(click.Group):
    """Commands by name in a table of ``module:attribute``.

    :param entries: the table; a module that starts with a dot is relative to this package.
    """

    def __init__(self, *, entries: Mapping[str, str], **attributes: Any) -> None:
        super().__init__(**attributes)
        self.entries = entries
        traceback_option(self)  # click adds options to made commands as well

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, without importing what is behind them."""
        return sorted({*self.entries, *super().list_commands(ctx)})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, as people write it."""
        entry = self.entries.get(self._meant(cmd_name))
        if entry is None:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = entry.partition(":")
        found: click.Command = getattr(importlib.import_module(module, __package__), attribute)
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Refuse an unknown name with status 2 and the nearest one."""
        name = self._meant(args[0])
        known = self.list_commands(ctx)
        if name not in known and not name.startswith("-"):
            near = difflib.get_close_matches(name, known, n=1)
            advice = f"Did you mean {near[0]!r}?" if near else "See --help for those there are."
            ctx.fail(f"There is no command {args[0]!r}. {advice}")
        return super().resolve_command(ctx, args)

    def _meant(self, name: str) -> str:
        """A name with hyphens: underscores stand for them, and Django leaves them out."""
        if name in self.commands:  # an application's own
            return name
        joined = {entry.replace("-", ""): entry for entry in self.entries}
        return joined.get(name, name.replace("_", "-"))

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; see :func:`reported` for how it may end."""
        with reported(ctx):
            return super().invoke(ctx)


@contextmanager
def reported(ctx: click.Context) -> Iterator[None]:
    """End on a failure with one line and its status; with a traceback only when asked to."""
    try:
        yield
    except (KeyboardInterrupt, click.Abort):
        note("Interrupted.")
        raise SystemExit(130) from None
    except Exception as failure:
        if (found := _explained(failure)) is None:
            raise
        if ctx.meta.get(TRACEBACK):
            traceback.print_exc()
        message, hint, status = found
        error(message, hint)
        raise SystemExit(status) from failure


def _explained(failure: Exception) -> tuple[str, str, int] | None:
    """Message, hint and status; None for what click reports by itself."""
    if isinstance(failure, LbackError):
        return failure.message, failure.hint, 1
    if isinstance(failure, click.ClickException | click.exceptions.Exit):
        return _without_app(failure)
    if type(failure).__module__.startswith("sqlalchemy."):
        from ..db.faults import explain

        known = explain(failure)
        return known.message, known.hint, 1
    kind = type(failure).__name__
    return f"{kind}: {failure}", "Give --traceback to see where it comes from.", 1


def _without_app(failure: Exception) -> tuple[str, str, int] | None:
    from flask.cli import NoAppException

    if not isinstance(failure, NoAppException):
        return None
    first, *others = failure.message.strip().splitlines()
    if others:  # Flask puts the whole traceback of a failed import into the message
        return f"{first.rstrip(':')}: {others[-1]}", "Correct the import.", 1
    return first, "", 2
