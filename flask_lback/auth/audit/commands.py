"""Remove old entries of the audit log, from the command line."""

from __future__ import annotations

import datetime as dt

import click
from flask import Flask

from ...core.console import command, counted, done
from ...core.state import state_of
from .cleaning import remove_old


@command("clean-audit")
@click.option(
    "--days",
    type=click.IntRange(min=1),
    required=True,
    help="Entries that are older than so many days go.",
)
@click.option("--batch", type=click.IntRange(min=1), default=1000, show_default=True, hidden=True)
def clean_audit(app: Flask, days: int, batch: int) -> None:
    """Remove old entries of the audit log.

    The log says how many. Nothing else removes entries.
    """
    removed = remove_old(state_of(app), dt.timedelta(days=days), batch)
    done(f"Removed {counted(removed, 'entry', 'entries')}.")
