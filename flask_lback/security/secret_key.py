"""The key that everything is signed with (CVE-2023-27524: a key out of the documentation)."""

from __future__ import annotations

from flask import Flask

from ..core.sources import environment
from ..exceptions import ConfigError

SHORTEST = 32
FEWEST_DIFFERENT = 10
_KNOWN = ("secret", "changeme", "change-me", "dev", "password", "insecure", "example", "default")
REMEDY = (
    'Make one with python -c "import secrets; print(secrets.token_hex(32))" and put it into '
    "the environment."
)


def weakness(key: str | bytes) -> str | None:
    """Why a key is weak, in a few words; None for a good one."""
    text = key.decode("latin-1") if isinstance(key, bytes) else key
    if len(text) < SHORTEST:
        return f"it has {len(text)} characters, fewer than {SHORTEST}"
    if len(set(text)) < FEWEST_DIFFERENT:
        return "it repeats a few characters"
    if any(word in text.lower() for word in _KNOWN):
        return "it contains a word of a sample key"
    return None


def require_secret_key(app: Flask) -> None:
    """Refuse an application without a key, and in production one with a weak key.

    :raises ConfigError: names the cause and how to make a key.
    """
    key = app.secret_key
    if not key:
        raise ConfigError("SECRET_KEY is not set.", REMEDY)
    if environment(app) == "production" and (why := weakness(key)):
        raise ConfigError(f"SECRET_KEY is too weak for production: {why}.", REMEDY)
