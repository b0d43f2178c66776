"""The session that waits while somebody sees the site as another account, by its cookie."""

from __future__ import annotations

from flask import current_app, request

from .cookies import drop_cookie, send_cookie, session_cookie_name


def send_own_key(key: str, age: int | None) -> None:
    """Let the browser keep the key of its own session.

    :param age: seconds that the cookie lives; None for as long as the browser runs.
    """
    send_cookie(_name(), key, age)


def own_key() -> str | None:
    """The key of the session that waits, None when none does."""
    return request.cookies.get(_name())


def forget_own_key() -> None:
    """Have the browser forget it."""
    if own_key() is not None:
        drop_cookie(_name())


def _name() -> str:
    return f"{session_cookie_name(current_app)}_own"
