"""What commands have in common: the application, prompts, passwords, tables, JSON, progress.

Results go to stdout, notes and errors to stderr. 0 done (also when there was nothing to do),
1 failed, 2 wrong usage, 130 interrupted. Flask is imported by a command that runs, not before.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import click

from ..exceptions import CommandError

if TYPE_CHECKING:
    from flask import Flask

P = ParamSpec("P")
R = TypeVar("R")

#: Where a command keeps, in ``click.Context.meta``, that ``--traceback`` was given.
TRACEBACK = "lback.traceback"


def command(name: str, *, needs_app: bool = True) -> Callable[[Callable[..., None]], click.Command]:
    """Make a command; its function is given the application first, inside its context.

    :param name: with hyphens; the group accepts underscores too.
    :param needs_app: False for a command that works without an application, and is given none.
    """

    def make(function: Callable[..., None]) -> click.Command:
        callback = _with_app(function) if needs_app else function
        return click.command(name)(traceback_option(callback))

    return make


def _with_app(function: Callable[..., None]) -> Callable[..., None]:
    @click.pass_context
    @functools.wraps(function)
    def run(context: click.Context, /, *args: Any, **kwargs: Any) -> None:
        context.invoke(function, _application(context), *args, **kwargs)

    return run


def _application(context: click.Context) -> Flask:
    from flask import current_app, has_app_context
    from flask.cli import ScriptInfo

    if not has_app_context():
        app = context.ensure_object(ScriptInfo).load_app()
        context.with_resource(app.app_context())
    return current_app._get_current_object()  # type: ignore[attr-defined, no-any-return]


def traceback_option(function: Callable[P, R]) -> Callable[P, R]:
    """The ``--traceback`` option, which every command and the group itself has."""

    def keep(context: click.Context, option: click.Parameter, value: bool) -> None:
        if value:
            context.meta[TRACEBACK] = True

    return click.option(
        "--traceback",
        is_flag=True,
        expose_value=False,
        callback=keep,
        help="Show where an error comes from.",
    )(function)


def format_option(function: Callable[P, R]) -> Callable[P, R]:
    """The ``--format table|json`` option of a listing."""
    option = click.option(
        "--format",
        "format_",
        type=click.Choice(["table", "json"]),
        default="table",
        show_default=True,
        help="How to print the result.",
    )
    return option(function)


def no_input_option(function: Callable[P, R]) -> Callable[P, R]:
    """The ``--no-input`` option: fail instead of asking."""
    return click.option("--no-input", is_flag=True, help="Never ask; fail instead.")(function)


def password_options(function: Callable[P, R]) -> Callable[P, R]:
    """``--password-stdin`` and ``--skip-validation``; a password is never an argument."""
    skip = click.option(
        "--skip-validation", is_flag=True, help="Accept a password that the policy refuses."
    )
    stdin = click.option(
        "--password-stdin", is_flag=True, help="Read the password from standard input, one line."
    )
    return stdin(skip(function))


# --- saying -----------------------------------------------------------------------------------


def done(text: str) -> None:
    """What was done, on stdout."""
    click.echo(text)


def note(text: str) -> None:
    """A line for the person, not for a program that reads the result."""
    click.echo(text, err=True)


def error(message: str, hint: str = "") -> None:
    """The one line of a failure."""
    line = " ".join(f"{message} ({hint})".split() if hint else message.split())
    click.echo(f"{coloured('Error:', 'red')} {line}", err=True)


def coloured(text: str, colour: str) -> str:
    """Text in a colour, which a terminal shows unless ``NO_COLOR`` is set (no-color.org)."""
    return text if os.environ.get("NO_COLOR") else click.style(text, fg=colour)


def counted(number: int, singular: str, plural: str = "") -> str:
    """``1 table``, ``3 tables``."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def listing(rows: Sequence[dict[str, Any]], *, as_json: bool, empty: str) -> None:
    """Print rows as a table, or as JSON."""
    if as_json:
        as_document(list(rows))
    elif not rows:
        note(empty)
    else:
        click.echo(table(rows))


def as_document(value: Any) -> None:
    """Print JSON: moments in ISO 8601, other objects as their text."""
    click.echo(json.dumps(value, indent=2, default=_plain, ensure_ascii=False))


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
    if isinstance(value, dt.datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    # A control character of stored text must not reach the terminal.
    return "" if value is None else "".join(c if c.isprintable() else "?" for c in str(value))


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, dt.date) else str(value)


@contextmanager
def progress(label: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, a line with the count at the end anywhere else.

    :param total: how many steps there are; without it there is no bar.
    :returns: what is called with the number of steps just done.
    """
    if total and sys.stderr.isatty():
        with click.progressbar(length=total, label=label, file=sys.stderr) as bar:
            yield bar.update
        return
    count = 0

    def advance(steps: int) -> None:
        nonlocal count
        count += steps

    yield advance
    note(f"{label}: {count:,} of {total:,}" if total else f"{label}: {count:,}")


# --- asking -----------------------------------------------------------------------------------


def ask(
    label: str,
    *,
    flag: str,
    variable: str = "",
    no_input: bool = False,
    check: Callable[[str], str] = str,
) -> str:
    """Ask for a value, or fail naming the flag and the variable that give it.

    :param check: returns the value to keep, or raises ValueError with what is wrong with it;
        the person is then asked again.
    :raises CommandError: nobody is there to answer, or ``--no-input`` was given.
    """
    _refuse_prompt(label, flag, variable, no_input)

    def keep(value: str) -> str:
        try:
            return check(value)
        except ValueError as complaint:
            raise click.UsageError(str(complaint)) from complaint

    return str(click.prompt(label, err=True, value_proc=keep))


def ask_password(
    *,
    from_stdin: bool,
    variable: str = "",
    flag: str = "--password-stdin",
    no_input: bool = False,
    complaints: Callable[[str], Sequence[str]] | None = None,
) -> str:
    """A password from stdin, from the environment, or typed twice; never from an argument.

    :param complaints: what is wrong with a password; whoever types it is asked again.
    :raises CommandError: there is none, or it was given and is refused.
    """
    if from_stdin:
        given = sys.stdin.readline().rstrip("\r\n")
        if not given:
            raise CommandError("No password on standard input.", "Write it as one line.")
    else:
        given = os.environ.get(variable, "") if variable else ""
    if given:
        if complaints and (found := complaints(given)):
            raise CommandError(f"The password is refused. {found[0]}", "Or give --skip-validation.")
        return given
    _refuse_prompt("Password", flag, variable, no_input)
    while True:
        typed = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        if not complaints or not (found := complaints(typed)):
            return str(typed)
        note(f"Error: {found[0]}")


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
