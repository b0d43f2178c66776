"""What can be wrong with the panel."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Flask

from ..auth.models import Models
from ..core.checks import Finding, Level
from ..core.middleware import Chain
from ..core.state import state_of
from ..security.csrf import CSRFMiddleware


def check_csrf(app: Flask) -> Iterator[Finding]:
    """The forms of the panel rely on the middleware's token."""
    is_on = app.config.get("WTF_CSRF_ENABLED", True) or app.testing
    if not is_on or CSRFMiddleware not in state_of(app)[Chain].entries:
        yield Finding(
            "admin.E001",
            Level.ERROR,
            "The admin panel is on, and its forms are not protected against other sites.",
            "Keep CSRF in LBACK_MIDDLEWARE, and take WTF_CSRF_ENABLED = False out.",
        )


def check_staff(app: Flask) -> Iterator[Finding]:
    """Somebody must be able to enter."""
    user = state_of(app)[Models].User
    if not hasattr(user, "is_staff") and not hasattr(user, "is_superuser"):
        yield Finding(
            "admin.W001",
            Level.WARNING,
            f"Nobody can enter the admin panel: {user.__name__} has no is_staff.",
            "Derive it from PermissionsMixin, or leave the feature admin out.",
        )
