"""Lockouts from the command line."""

from __future__ import annotations

import click
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from ...core.console import command, done
from ...core.state import state_of
from ...exceptions import CommandError
from ...limits.service import RateLimits
from ..audit.service import Audit
from ..commands import known_user
from .service import PasswordThrottle


@command("unlock")
@click.argument("name")
def unlock(app: Flask, name: str) -> None:
    """Forget the wrong passwords of an account.

    NAME is a username or an address. What one network address has tried on all accounts together is
    counted on.
    """
    state = state_of(app)
    user = known_user(state, name)
    if not state[RateLimits].is_shared:
        raise CommandError(
            "Attempts are counted in the memory of each process, out of reach of this command.",
            "Restart the workers, or set LBACK_LIMITS_STORAGE_URL to a Redis address.",
        )
    state[PasswordThrottle].unlock(user)
    state[Audit].record("auth.unlocked", user)
    state[SQLAlchemy].session.commit()
    done(f"{user.get_username()} may try passwords again.")
