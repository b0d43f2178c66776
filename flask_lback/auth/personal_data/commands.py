"""Delete what is due, from the command line."""

from __future__ import annotations

import click
from flask import Flask

from ...core.console import command, counted, done
from ...core.state import state_of
from ...exceptions import CommandError
from .deletion import Deletions


@command("delete-due-accounts")
@click.option("--batch", type=click.IntRange(min=1), default=100, show_default=True, hidden=True)
def delete_due_accounts(app: Flask, batch: int) -> None:
    """Delete accounts whose owners asked for it.

    Run it once a day.
    """
    report = state_of(app)[Deletions].finish_due(batch)
    done(f"Deleted {counted(report.deleted, 'account')}, anonymised {report.anonymised:,}.")
    if report.failed:
        raise CommandError(
            f"{counted(len(report.failed), 'account')} could not be deleted: "
            f"{', '.join(report.failed)}.",
            "The log says why.",
        )
