"""``lback`` as a program of its own: in a project what ``flask lback`` is, elsewhere less."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from flask.cli import FlaskGroup, ScriptInfo

from .group import LazyGroup

#: Where Flask looks for an application that nobody named.
PLACES = ("wsgi.py", "app.py")


class Standalone(LazyGroup):
    """The root of the console script.

    :param free: names of the commands that work without an application.
    """

    def __init__(self, *, free: Sequence[str], **attributes: Any) -> None:
        super().__init__(
            # FLASK_APP and FLASK_DEBUG are read, as by the `flask` command.
            context_settings={"auto_envvar_prefix": "FLASK"},
            **attributes,
        )
        self.free = tuple(free)
        # --env-file, --app and --debug are Flask's own.
        self.params = [
            *FlaskGroup(add_default_commands=False, add_version_option=False).params,
            *self.params,
        ]

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Prepare what ``flask`` prepares: ``app.run()`` in a module does nothing."""
        os.environ["FLASK_RUN_FROM_CLI"] = "true"
        extra.setdefault("obj", ScriptInfo())
        return super().make_context(info_name, args, parent=parent, **extra)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the environment before ``--help`` lists commands."""
        if not args or args == ["--help"]:
            for option in self.params[:2]:
                option.handle_parse_result(ctx, {}, [])
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All of them in a project, else those that need no application."""
        return super().list_commands(ctx) if _in_project(ctx) else sorted(self.free)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Say what is missing when a command needs an application and there is none."""
        name = self._meant(args[0])
        if name in self.entries and name not in self.list_commands(ctx):
            ctx.fail(f"{name!r} needs an application, and there is none here. {_ADVICE}")
        return super().resolve_command(ctx, args)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Say why the list is short, where it is."""
        if _in_project(ctx):
            super().format_epilog(ctx, formatter)
        else:
            formatter.write_paragraph()
            with formatter.indentation():
                formatter.write_text(f"There is no application here. {_ADVICE}")


_ADVICE = "Run it in a project's folder, or name one: lback --app MODULE COMMAND."


def _in_project(ctx: click.Context) -> bool:
    info = ctx.find_object(ScriptInfo)
    return bool(info and info.app_import_path) or any(Path(name).is_file() for name in PLACES)
