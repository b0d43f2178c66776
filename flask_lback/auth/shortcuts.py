"""Django's three functions: ``authenticate``, ``login``, ``logout``."""

from __future__ import annotations

from typing import Any

from flask_sqlalchemy import SQLAlchemy

from ..core.errors import Problem
from ..core.state import current_state
from ..exceptions import AuthenticationError
from .current import login_user, logout_user, present_login
from .managers import UserManager
from .models import Models
from .sessions.service import SessionManager


def authenticate(request: Any = None, *, password: str, **credentials: Any) -> Any | None:
    """The account that a name and a password open, None when they open none.

    Counted and limited like every other way to try a password: too many tries give None, too.

    :param request: taken for Django's sake; the present one is used.
    :param credentials: ``username``, ``email`` or ``identifier``, or the user class's own
        ``USERNAME_FIELD``.
    """
    kind: Any = current_state()[Models].user_class
    named = (kind.USERNAME_FIELD, "identifier", "username", "email")
    identifier = next((credentials[name] for name in named if credentials.get(name)), None)
    if not isinstance(identifier, str):
        return None
    try:
        user = UserManager().authenticate_user(identifier, password)
    except (AuthenticationError, Problem):
        return None
    current_state()[SQLAlchemy].session.flush()
    return user


def login(request: Any, user: Any, backend: Any = None, *, remember: bool = False) -> None:
    """Sign an account in on this browser, and commit.

    No second factor is asked for: whoever calls this has made sure of who it is. The pages and
    JSON routes of this package do ask.

    :param request: taken for Django's sake; the present one is used.
    :param backend: the same.
    """
    login_user(user, remember)


def logout(request: Any = None) -> None:
    """End the session of this browser, and commit."""
    logout_user()


def update_session_auth_hash(request: Any, user: Any) -> None:
    """After a new password: end every other session of the account; commit it yourself.

    :param request: taken for Django's sake; the present one is used.
    """
    end_other_sessions(user)


def end_other_sessions(user: Any) -> None:
    """End every session of an account but the one of this request; the caller commits."""
    login = present_login()
    current_state()[SessionManager].end_all(user, but=login.session_id if login else None)
