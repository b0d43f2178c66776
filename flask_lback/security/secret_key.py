"""The key that everything is signed with (CVE-2023-27524: a key out of the documentation)."""

from __future__ import annotations

from flask import Flask

from ..core.sources import environment
from ..exceptions import ConfigError

SHORTEST = 32
FEWEST_DIFFERENT = 10
#: Long enough that no key made at random holds one.
_KNOWN = ("secret", "changeme", "change-me", "password", "insecure", "example", "default")
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
    if text.lower().startswith(("dev-", "dev_")) or any(word in text.lower() for word in _KNOWN):
        return "it contains a word of a sample key"
    return None


def require_secret_key(app: Flask) -> None:
    """Refuse an application without a key, and in production one with a weak key.

    :raises ConfigError: names the cause and how to make a key, and never shows the key.
    """
    if not app.secret_key:
        raise ConfigError("SECRET_KEY is not set.", REMEDY)
    fallbacks = app.config.get("SECRET_KEY_FALLBACKS") or ()
    for name, keys in (("SECRET_KEY", [app.secret_key]), ("SECRET_KEY_FALLBACKS", fallbacks)):
        for key in keys:
            if not isinstance(key, str | bytes):
                raise ConfigError(f"{name} is of the type {type(key).__name__}.", "Use a text.")
            # Whoever knows an old key that is still read can sign with it.
            if environment(app) == "production" and (why := weakness(key)):
                raise ConfigError(f"{name} is too weak for production: {why}.", REMEDY)
