"""What the account routes answer, and how they take a sign-in to its end."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, request
from flask_sqlalchemy import SQLAlchemy

from ....auth.current import login_user
from ....auth.entrance import Entrance, SecondStepRequired
from ....auth.rights import rights_of
from ....auth.sessions.service import SessionManager
from ....auth.settings import AuthSettings
from ....auth.tokens.access import AccessTokens
from ....auth.tokens.refresh import RefreshTokens
from ....auth.users.mixins import key_of
from ....core.errors import Problem
from ....core.state import current_state
from ....core.translation import gettext
from ....security.csrf import is_same_origin


def refuse_foreign_session(with_session: bool) -> None:
    """A cookie is set for this site's own pages alone (login CSRF).

    :raises Problem: 403, the request comes from another site; 400, sessions are off.
    """
    if with_session and "session" not in current_state()[AuthSettings].mechanisms:
        raise Problem(400, "mechanism_not_accepted", gettext("Sessions are switched off here."))
    if with_session and not is_same_origin(request):
        raise Problem(403, "cross_origin", gettext("A session is opened from this site only."))


def enter(
    user: Any, *, method: str, with_session: bool = False, remember: bool = False
) -> Response:
    """Answer a right proof: tokens, or a challenge for the second one.

    :raises Problem: 401 ``two_factor_required``, with ``challenge``.
    """
    try:
        current_state()[Entrance].check(user, method=method, remember=remember)
    except SecondStepRequired as step:
        raise Problem(401, step.code, step.message, challenge=step.challenge) from step
    return signed_in(user, method=method, with_session=with_session, remember=remember)


def signed_in(
    user: Any, *, method: str, with_session: bool = False, remember: bool = False
) -> Response:
    """Sign in, commit, and answer with tokens.

    :param with_session: whether the cookie is set as well.
    """
    state = current_state()
    sessions = state[SessionManager]
    if with_session:
        login_user(user, remember, method=method)
        session = sessions.present()
    else:
        session = sessions.login_for_tokens(user, method=method)
    refresh_token = state[RefreshTokens].issue(session)
    state[SQLAlchemy].session.commit()
    return jsonify(token_document(user, session.id, refresh_token))


def token_document(user: Any, session_id: int, refresh_token: str) -> dict[str, Any]:
    """Access and refresh token, and whose they are."""
    tokens = current_state()[AccessTokens]
    return {
        "access_token": tokens.issue(user, session_id),
        "refresh_token": refresh_token,
        "token_type": "Bearer",  # nosec B105 - a scheme
        "expires_in": tokens.life,
        "user": account_document(user),
    }


def account_document(user: Any) -> dict[str, Any]:
    """An account as its owner sees it; the fields are the same whatever the model has."""
    rights = rights_of(user)
    key = key_of(user)
    return {
        "id": key if isinstance(key, int | str) else str(key),
        "username": getattr(user, "username", None),
        "email": getattr(user, "email", None),
        "email_verified": bool(getattr(user, "email_verified_at", None)),
        "first_name": getattr(user, "first_name", ""),
        "last_name": getattr(user, "last_name", ""),
        "is_staff": bool(getattr(user, "is_staff", False)),
        "is_superuser": bool(getattr(user, "is_superuser", False)),
        "groups": sorted(rights.groups),
        "permissions": sorted(rights.permissions),
    }
