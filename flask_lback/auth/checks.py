"""What can be wrong with the accounts."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Flask

from ..core.checks import Finding, Level
from ..core.state import state_of
from .forms import AccountForm
from .models import Models
from .required import required_fields
from .settings import AuthSettings
from .views.page import form_for


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


def check_registration(app: Flask) -> Iterator[Finding]:
    """Columns that a new account must have, and nobody is asked for."""
    state = state_of(app)
    if not state[AuthSettings].registration:
        return
    with app.test_request_context():
        form = form_for("register", formdata=None, meta={"csrf": False})
        asked = set(form.account_fields())
    if isinstance(form, AccountForm) and type(form).save is not AccountForm.save:
        return  # it may fill them by itself
    user_class = state[Models].User
    for name in required_fields(user_class):
        if name not in asked:
            yield Finding(
                "auth.E001",
                Level.ERROR,
                f"Nobody can register: {user_class.__name__}.{name} must be filled, and "
                f"{type(form).__name__} does not give it.",
                f"Give the column a default, let it be None, or add {name!r} to account_fields() "
                "of a form of your own in LBACK_AUTH_FORMS.",
            )
