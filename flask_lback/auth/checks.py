"""What can be wrong with the accounts."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Flask

from ..core.checks import Finding, Level
from ..core.state import state_of
from .settings import AuthSettings


def check_sessions(app: Flask) -> Iterator[Finding]:
    """Logins that were loosened."""
    settings = state_of(app)[AuthSettings]
    if settings.adopt_sessions and not app.testing:
        yield Finding(
            "auth.W001",
            Level.WARNING,
            "Flask-Login sessions without a row are let in.",
            "Take LBACK_AUTH_ADOPT_SESSIONS out once everybody has signed in again.",
        )
    if not settings.generic_answers:
        yield Finding(
            "auth.W002",
            Level.WARNING,
            "Anybody can ask which addresses have an account.",
            "Take LBACK_AUTH_GENERIC_ANSWERS out of the configuration.",
        )
