"""Second factors from the command line."""

from __future__ import annotations

import click
from flask import Flask

from ...core.console import command, done
from ...core.state import state_of
from ...exceptions import CommandError
from ..commands import known_user
from .service import TwoFactor


@command("reset-two-factor")
@click.argument("name")
def reset_two_factor(app: Flask, name: str) -> None:
    """Take the second factor from an account.

    For an owner who has lost device and recovery codes, once you know that it is them. NAME is a
    username or an address.
    """
    state = state_of(app)
    service = state.get(TwoFactor)
    if service is None:
        raise CommandError(
            "This application has no second factor.",
            "LBACK_AUTH_TWO_FACTOR_ENABLED is off, or a library is missing.",
        )
    user = known_user(state, name)
    service.reset(user)
    done(f"{user.get_username()} has no second factor now, and every session has ended.")
