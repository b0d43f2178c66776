"""What commands have in common: exit codes, prompts, passwords, tables, JSON.

Results go to stdout, notes and errors to stderr. 0 done (also when there was nothing to do),
1 failed, 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import functools
import json
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar

import click

from ..exceptions import CommandError, LbackError

P = ParamSpec("P")
R = TypeVar("R")


def command_errors(function: Callable[P, R]) -> Callable[P, R]:
    """End a command on an error of ours with one line and status 1, without a traceback."""

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except LbackError as error:
            hint = f" ({error.hint})" if error.hint else ""
            click.echo(f"Error: {error.message}{hint}", err=True)
            raise SystemExit(1) from error

    return run


def note(text: str) -> None:
    """A line for the person, not for a program that reads the result."""
    click.echo(text, err=True)


def done(text: str) -> None:
    """What was done, on stdout."""
    click.echo(text)


def ask(label: str, *, flag: str, variable: str = "", no_input: bool = False) -> str:
    """Ask for a value, or fail naming the flag and the variable that give it.

    :raises CommandError: nobody is there to answer, or ``--no-input`` was given.
    """
    _refuse_prompt(label, flag, variable, no_input)
    return str(click.prompt(label, err=True))


def ask_password(
    *, from_stdin: bool, variable: str = "", flag: str = "--password-stdin", no_input: bool = False
) -> str:
    """A password from stdin, from the environment, or typed twice; never from an argument.

    :raises CommandError: there is none.
    """
    if from_stdin:
        line = sys.stdin.readline().rstrip("\r\n")
        if not line:
            raise CommandError("No password on standard input.", "Write it as one line.")
        return line
    if variable and (value := os.environ.get(variable)):
        return value
    _refuse_prompt("Password", flag, variable, no_input)
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))


def confirm(question: str, *, yes: bool, no_input: bool = False) -> None:
    """Ask before something is lost.

    :raises CommandError: the answer is no, or nobody is there to give one.
    """
    if yes:
        return
    _refuse_prompt(question, "--yes", "", no_input)
    if not click.confirm(question, err=True):
        raise CommandError("Nothing was changed.")


def _refuse_prompt(label: str, flag: str, variable: str, no_input: bool) -> None:
    if no_input or not sys.stdin.isatty():
        ways = " or ".join(way for way in (flag, variable) if way)
        raise CommandError(f"{label} is needed and nobody can be asked.", f"Give {ways}.")


def listing(rows: Sequence[dict[str, Any]], *, as_json: bool, empty: str) -> None:
    """Print rows as a table, or as JSON."""
    if as_json:
        click.echo(json.dumps(rows, indent=2, default=str))
    elif not rows:
        note(empty)
    else:
        click.echo(table(rows))


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Rows under their headings, columns padded to their widest cell."""
    heads = list(rows[0])
    cells = [[_cell(row[head]) for head in heads] for row in rows]
    widths = [max(len(line[i]) for line in [heads, *cells]) for i in range(len(heads))]
    lines = [heads, ["-" * width for width in widths], *cells]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def format_option(function: Callable[P, R]) -> Callable[P, R]:
    """The ``--format table|json`` option of a listing."""
    option = click.option(
        "--format",
        "format_",
        type=click.Choice(["table", "json"]),
        default="table",
        show_default=True,
        help="How to print the list.",
    )
    return option(function)


def no_input_option(function: Callable[P, R]) -> Callable[P, R]:
    """The ``--no-input`` option: fail instead of asking."""
    return click.option("--no-input", is_flag=True, help="Never ask; fail instead.")(function)
