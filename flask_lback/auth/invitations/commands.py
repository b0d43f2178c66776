"""Ask somebody in from the command line."""

from __future__ import annotations

from collections.abc import Sequence

import click
from flask import Flask

from ...core.console import command, done
from ...core.state import state_of
from ...exceptions import CommandError, InvalidFieldsError
from .service import Invitations


@command("invite")
@click.argument("email")
@click.option("--group", "groups", multiple=True, metavar="NAME", help="May be given many times.")
def invite(app: Flask, email: str, groups: Sequence[str]) -> None:
    """Ask somebody in by mail, with any groups."""
    service = state_of(app).get(Invitations)
    if service is None:
        raise CommandError(
            "Invitations are off.", "Leave LBACK_AUTH_INVITATION_ENABLED out, or set it to True."
        )
    try:
        row = service.make(None, email, groups)
    except InvalidFieldsError as error:
        if "groups" in error.errors:
            raise CommandError("There is no such group.", "Make it in the admin panel.") from error
        raise CommandError(f"{email!r} is not an e-mail address.") from error
    done(f"Invited {row.email}, until {row.expires_at:%Y-%m-%d}.")
