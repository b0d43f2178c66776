"""The account services of the present application, for code that has no object at hand."""

from __future__ import annotations

from ..core.state import current_state
from .passwords import PasswordHasher
from .sessions import SessionManager


def hasher() -> PasswordHasher:
    """What hashes and verifies passwords here."""
    return current_state()[PasswordHasher]


def sessions() -> SessionManager:
    """The logins of this application."""
    return current_state()[SessionManager]
