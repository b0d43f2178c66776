"""What can be wrong with the security of an installation."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Flask

from ..core.checks import Finding, Level
from ..core.state import state_of
from .secret_key import REMEDY, weakness
from .settings import SecuritySettings


def check_secret_key(app: Flask) -> Iterator[Finding]:
    """A weak key is a warning at work, and stops the start in production."""
    if app.secret_key and (why := weakness(app.secret_key)):
        yield Finding("security.W001", Level.WARNING, f"SECRET_KEY is weak: {why}.", REMEDY)


def check_deployment(app: Flask) -> Iterator[Finding]:
    """What must not be so on a public server."""
    if app.secret_key and (why := weakness(app.secret_key)):
        yield Finding("security.E001", Level.ERROR, f"SECRET_KEY is weak: {why}.", REMEDY)
    if app.debug:
        yield Finding(
            "security.E002", Level.ERROR, "DEBUG is on.", "Take DEBUG out of the configuration."
        )
    if not app.config.get("SESSION_COOKIE_SECURE"):
        yield Finding(
            "security.W002",
            Level.WARNING,
            "Cookies may travel over plain http.",
            "Set SESSION_COOKIE_SECURE = True; the login cookie then has the __Host- prefix.",
        )
    if not app.config.get("TRUSTED_HOSTS"):
        yield Finding(
            "security.W003",
            Level.WARNING,
            "Any Host header is accepted.",
            "Set TRUSTED_HOSTS to the names of the site.",
        )
    settings = state_of(app)[SecuritySettings]
    if not settings.hsts_seconds:
        yield Finding(
            "security.W004",
            Level.WARNING,
            "Browsers are not told to stay on https.",
            "Set LBACK_SECURITY_HSTS_SECONDS = 31536000 once https works everywhere.",
        )
    if not settings.csp_enabled:
        yield Finding(
            "security.W005",
            Level.WARNING,
            "No content security policy is sent.",
            "Take LBACK_SECURITY_CSP_ENABLED out, and loosen single directives instead.",
        )
    if not app.config.get("WTF_CSRF_ENABLED", True):
        yield Finding(
            "security.E003",
            Level.ERROR,
            "Forms are not protected against other sites.",
            "Take WTF_CSRF_ENABLED = False out of the configuration.",
        )
