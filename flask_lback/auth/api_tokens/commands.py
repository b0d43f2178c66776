"""API tokens from the command line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import click
from flask import Flask

from ...core.console import command, note
from ...core.state import state_of
from ...exceptions import CommandError, InvalidFieldsError
from ..commands import known_user
from .service import ApiTokens


@command("create-api-token")
@click.argument("user")
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    metavar="PERMISSION",
    help="A permission that it may use; can be repeated. Without one: all that USER may do.",
)
@click.option("--days", type=click.IntRange(min=1), help="Its life, when not the usual one.")
def create_api_token(
    app: Flask, user: str, name: str, scopes: Sequence[str], days: int | None
) -> None:
    """Make a token for a program, and print it.

    USER is a username or an address, NAME what the token is called. It is shown this once.
    """
    state = state_of(app)
    if (tokens := state.get(ApiTokens)) is None:
        raise CommandError("API tokens are off.", "Take LBACK_AUTH_API_TOKEN_ENABLED out.")
    owner = known_user(state, user)
    if not owner.is_active:
        raise CommandError(f"{owner.get_username()} is not active.")
    life = tokens.usual_life if days is None else dt.timedelta(days=days)
    try:
        row, text = tokens.make(owner, name, scopes=scopes or None, life=life)
    except InvalidFieldsError as error:
        raise CommandError(str(error)) from error
    click.echo(text)
    if row.expires_at is not None:
        note(f"It expires on {row.expires_at:%Y-%m-%d}. Nobody can show it again.")
