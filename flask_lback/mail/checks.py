"""What can be wrong with the mail."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Flask

from ..core.checks import Finding, Level
from ..core.state import state_of
from ..exceptions import ConfigError
from .backends import ConsoleBackend, MemoryBackend
from .links import HINT, site_url
from .service import Mailer


def check_site_url(app: Flask) -> Iterator[Finding]:
    """Links in mails need a configured host."""
    try:
        site_url(app)
    except ConfigError:
        yield Finding("mail.E001", Level.ERROR, "Links in mails have no host.", HINT)


def check_backend(app: Flask) -> Iterator[Finding]:
    """Mail that nobody gets."""
    try:
        backend = state_of(app)[Mailer].backend
    except ConfigError as error:
        yield Finding("mail.E002", Level.ERROR, error.message, error.hint)
        return
    if isinstance(backend, ConsoleBackend | MemoryBackend):
        yield Finding(
            "mail.W001", Level.WARNING, "No mail leaves this machine.", "Set MAIL_SERVER."
        )
