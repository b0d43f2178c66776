"""What commands print and ask: on a terminal, and where nobody can answer."""

from __future__ import annotations

import datetime as dt
import io
import json
import os
import pty
import select
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from flask import Flask, current_app, has_app_context
from flask.cli import ScriptInfo

from flask_lback.core import console
from flask_lback.exceptions import CommandError

ROOT = Path(__file__).resolve().parents[2]


def on_a_terminal(code: str, *typed: str) -> str:
    """What a person sees who runs ``code`` and answers each prompt with the next of ``typed``."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", f"from flask_lback.core.console import *\n{code}"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=ROOT,
        start_new_session=True,
    )
    os.close(theirs)
    answers, seen, answered = iter(typed), "", 0
    try:
        while select.select([ours], [], [], 30)[0]:
            try:
                part = os.read(ours, 4096)
            except OSError:  # Linux: nobody is left on the other side
                break
            seen += part.decode().replace("\r\n", "\n")
            # A password prompt throws away what was typed before it.
            if seen.endswith(": ") and len(seen) > answered:
                answered = len(seen)
                os.write(ours, f"{next(answers)}\n".encode())
        process.wait(30)
    finally:
        process.kill()
        os.close(ours)
    return seen


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard input is empty, and no terminal."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))


# --- commands ---------------------------------------------------------------------------------


@console.command("pour")
@console.format_option
@console.no_input_option
@console.password_options
def pour(
    app: Flask, format_: str, no_input: bool, password_stdin: bool, skip_validation: bool
) -> None:
    """Pour tea."""
    assert current_app == app
    console.done(f"{app.name} {format_} {no_input} {password_stdin} {skip_validation}")


@console.command("boil", needs_app=False)
def boil() -> None:
    """Boil water."""
    assert not has_app_context()
    console.done("hot" + " shown" * bool(click.get_current_context().meta.get(console.TRACEBACK)))


def test_a_command_is_given_the_application_and_its_options() -> None:
    app = Flask("shop")
    app.cli.add_command(pour)
    run = app.test_cli_runner().invoke
    assert run(args=["pour"]).output == "shop table False False False\n"
    flags = ["--format", "json", "--no-input", "--password-stdin", "--skip-validation"]
    assert run(args=["pour", *flags]).output == "shop json True True True\n"
    assert run(args=["pour", "--format", "xml"]).exit_code == 2


def test_a_command_finds_the_application_that_the_flask_command_names() -> None:
    info = ScriptInfo(create_app=lambda: Flask("shop"))
    assert CliRunner().invoke(pour, obj=info).output == "shop table False False False\n"


def test_a_command_may_need_no_application() -> None:
    assert CliRunner().invoke(boil).output == "hot\n"
    assert CliRunner().invoke(boil, ["--traceback"]).output == "hot shown\n"


# --- printing ---------------------------------------------------------------------------------


def test_results_go_to_stdout_and_notes_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    console.done("made")
    console.note("look")
    assert capsys.readouterr() == ("made\n", "look\n")


def test_a_failure_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    console.error("It is\ncold.", "Heat it.")
    console.error("It is cold.")
    assert capsys.readouterr().err == "Error: It is cold. (Heat it.)\nError: It is cold.\n"


def test_a_table_pads_its_columns_to_the_widest_cell() -> None:
    rows = [
        {"name": "ann", "active": True, "groups": ["A", "B"], "seen": None},
        {"name": "benedikt", "active": False, "groups": (), "seen": dt.datetime(2026, 1, 2, 3, 4)},
    ]
    assert console.table(rows).splitlines() == [
        "name      active  groups  seen",
        "--------  ------  ------  ----------------",
        "ann       yes     A, B",
        "benedikt  no              2026-01-02 03:04",
    ]


def test_stored_text_cannot_steer_the_terminal() -> None:
    assert "\x1b" not in console.table([{"name": "\x1b[31mred\x07"}])


def test_a_listing_may_be_a_table_json_or_a_note(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"name": "zoë", "seen": dt.datetime(2026, 1, 2, tzinfo=dt.UTC), "key": Path("a")}]
    console.listing(rows, as_json=True, empty="Nobody.")
    assert json.loads(capsys.readouterr().out) == [
        {"name": "zoë", "seen": "2026-01-02T00:00:00+00:00", "key": "a"}
    ]
    console.listing([], as_json=True, empty="Nobody.")
    assert json.loads(capsys.readouterr().out) == []
    console.listing([], as_json=False, empty="Nobody.")
    assert capsys.readouterr() == ("", "Nobody.\n")
    console.listing(rows, as_json=False, empty="Nobody.")
    assert "zoë" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("number", "words", "text"),
    [
        (1, ("table",), "1 table"),
        (0, ("table",), "0 tables"),
        (1234, ("entry", "entries"), "1,234 entries"),
    ],
)
def test_counts_are_written_as_people_do(number: int, words: Any, text: str) -> None:
    assert console.counted(number, *words) == text


def test_progress_is_one_line_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with console.progress("Pouring", 2000) as advance:
        advance(1500)
        advance(500)
    with console.progress("Drinking", None) as advance:
        advance(3)
    assert capsys.readouterr().err == "Pouring: 2,000 of 2,000\nDrinking: 3\n"


def test_progress_is_a_bar_on_a_terminal() -> None:
    code = "with progress('Pouring', 2) as advance:\n    advance(1)\n    advance(1)"
    assert "100%" in on_a_terminal(code)


# --- asking where nobody can answer -----------------------------------------------------------


@pytest.mark.usefixtures("nobody")
def test_nobody_is_asked_where_nobody_can_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEA_PASSWORD", raising=False)
    for call, message in (
        (
            lambda: console.ask("Email", flag="--email", variable="TEA_EMAIL"),
            "Email is needed and nobody can be asked. Give --email or TEA_EMAIL.",
        ),
        (
            lambda: console.ask_password(from_stdin=False, variable="TEA_PASSWORD"),
            "Password is needed and nobody can be asked. Give --password-stdin or TEA_PASSWORD.",
        ),
        (
            lambda: console.ask_password(from_stdin=False),
            "Password is needed and nobody can be asked. Give --password-stdin.",
        ),
        (
            lambda: console.confirm("Drop it?", yes=False),
            "Drop it? is needed and nobody can be asked. Give --yes.",
        ),
    ):
        with pytest.raises(CommandError) as caught:
            call()
        assert str(caught.value) == message


def test_a_confirmation_that_was_given_asks_nobody() -> None:
    console.confirm("Drop it?", yes=True, no_input=True)


def test_a_password_comes_from_stdin_as_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(" two words \r\nmore\n"))
    assert console.ask_password(from_stdin=True) == " two words "


@pytest.mark.usefixtures("nobody")
def test_no_password_on_stdin_is_an_error() -> None:
    with pytest.raises(CommandError) as caught:
        console.ask_password(from_stdin=True)
    assert str(caught.value) == "No password on standard input. Write it as one line."


@pytest.mark.usefixtures("nobody")
def test_a_password_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEA_PASSWORD", "from there")
    assert console.ask_password(from_stdin=False, variable="TEA_PASSWORD") == "from there"
    with pytest.raises(CommandError) as caught:
        console.ask_password(
            from_stdin=False, variable="TEA_PASSWORD", complaints=lambda text: ["Too short."]
        )
    assert str(caught.value) == "The password is refused. Too short. Or give --skip-validation."
    assert "from there" not in str(caught.value)


# --- asking a person --------------------------------------------------------------------------


def test_a_person_is_asked_and_asked_again() -> None:
    code = (
        "def check(text):\n"
        "    if '@' not in text: raise ValueError('No address.')\n"
        "    return text.lower()\n"
        "print('got', ask('Email', flag='--email', check=check))"
    )
    seen = on_a_terminal(code, "ann", "ANN@x.org")
    assert "Error: No address." in seen
    assert seen.endswith("got ann@x.org\n")


def test_no_input_asks_nobody_even_on_a_terminal() -> None:
    code = (
        "try:\n    ask('Email', flag='--email', no_input=True)\n"
        "except CommandError as error:\n    print(error)"
    )
    assert "Email is needed and nobody can be asked. Give --email." in on_a_terminal(code)


def test_a_password_is_typed_twice_and_never_shown() -> None:
    code = (
        "bad = lambda text: ['Too short.'] if len(text) < 4 else []\n"
        "print('got', len(ask_password(from_stdin=False, complaints=bad)))"
    )
    seen = on_a_terminal(code, "abc", "abc", "abcdef", "other", "abcdef", "abcdef")
    assert "abc" not in seen
    assert "The two entered values do not match." in seen
    assert "Error: Too short." in seen
    assert seen.endswith("got 6\n")


@pytest.mark.parametrize(("typed", "end"), [("y", "done\n"), ("n", "Nothing was changed.\n")])
def test_a_person_confirms_or_nothing_happens(typed: str, end: str) -> None:
    code = (
        "try:\n    confirm('Drop it?', yes=False); print('done')\n"
        "except CommandError as error:\n    print(error)"
    )
    assert on_a_terminal(code, typed).endswith(end)
