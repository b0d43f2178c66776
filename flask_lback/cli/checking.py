"""`check`."""

from __future__ import annotations

import click
from flask import Flask

from ..core.checks import Checks, Finding, Level
from ..core.console import as_document, coloured, command, counted, done, format_option
from ..core.state import state_of

COLOURS = {Level.INFO: "blue", Level.WARNING: "yellow", Level.ERROR: "red"}
LEVELS = {level.name.lower(): level for level in Level}


@command("check")
@click.option("--deploy", is_flag=True, help="Ask as well what matters on a server only.")
@click.option(
    "--fail-level",
    type=click.Choice(list(LEVELS)),
    default="error",
    show_default=True,
    help="End with status 1 from this level on.",
)
@format_option
def check(app: Flask, deploy: bool, fail_level: str, format_: str) -> None:
    """Look for mistakes in settings, models and database."""
    found = list(state_of(app)[Checks].run(app, deploy=deploy))
    found.sort(key=lambda finding: (-finding.level, finding.id))
    if format_ == "json":
        as_document([finding.as_dict() for finding in found])
    else:
        for finding in found:
            _show(finding)
        done(_summary(found))
    if any(finding.level >= LEVELS[fail_level] for finding in found):
        raise SystemExit(1)


def _show(finding: Finding) -> None:
    level = coloured(finding.level.name, COLOURS[finding.level])
    done(f"{level} {finding.id}: {finding.message}")
    if finding.hint:
        done(f"    {finding.hint}")


def _summary(found: list[Finding]) -> str:
    if not found:
        return "Nothing found."
    levels = [finding.level for finding in found]
    return (
        ", ".join(
            counted(levels.count(level), word)
            for level, word in (
                (Level.ERROR, "error"),
                (Level.WARNING, "warning"),
                (Level.INFO, "remark"),
            )
            if level in levels
        )
        + "."
    )
