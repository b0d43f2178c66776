"""Sign in, refresh, sign out, and who am I, as JSON.

Errors are problem documents; DESIGN's shapes are part of the interface and have tests.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue
from flask_sqlalchemy import SQLAlchemy

from ...auth.access_tokens import AccessTokens
from ...auth.denials import refuse_anonymous
from ...auth.login import login_user, logout_user, present_login, resolve
from ...auth.managers import UserManager
from ...auth.mixins import key_of
from ...auth.refresh_tokens import RefreshTokens
from ...auth.rights import rights_of
from ...auth.sessions import SessionManager
from ...auth.settings import LimitSettings
from ...core.errors import Problem, answer_json
from ...core.state import current_state
from ...core.translation import gettext
from ...exceptions import AuthenticationError, TokenError
from ...limits.service import RateLimits, caller
from ...security.csrf import CSRFProtection, csrf_exempt, is_same_origin
from ..documents import Document


def make_blueprint() -> Blueprint:
    """A new blueprint; its endpoints start with ``lback_api_auth.``."""
    blueprint = Blueprint("lback_api_auth", __name__)
    blueprint.add_url_rule("/login/", "login", login, methods=["POST"])
    blueprint.add_url_rule("/refresh/", "refresh", refresh, methods=["POST"])
    blueprint.add_url_rule("/logout/", "logout", logout, methods=["POST"])
    blueprint.add_url_rule("/me/", "me", me, methods=["GET"])
    blueprint.before_request(answer_json)
    blueprint.after_request(_never_store)
    return blueprint


@csrf_exempt
def login() -> ResponseReturnValue:
    """A name and a password for tokens, and with ``"session": true`` for the cookie as well."""
    document = Document.of_request()
    identifier, password = document.text("identifier"), document.text("password")
    with_session, remember = document.flag("session"), document.flag("remember")
    document.checked()
    if with_session and not is_same_origin(request):
        raise Problem(403, "cross_origin", gettext("A session is opened from this site only."))
    try:
        user = UserManager().authenticate_user(identifier, password)
    except AuthenticationError as error:
        raise Problem(401, error.code, error.message) from error
    state = current_state()
    sessions = state[SessionManager]
    if with_session:
        login_user(user, remember)
        session = sessions.present()
    else:
        session = sessions.open_for_tokens(user)
    refresh_token = state[RefreshTokens].issue(session)
    state[SQLAlchemy].session.commit()
    return jsonify(_tokens(user, session.id, refresh_token))


@csrf_exempt
def refresh() -> ResponseReturnValue:
    """A refresh token for new tokens."""
    document = Document.of_request()
    token = document.text("refresh_token", longest=200)
    document.checked()
    state = current_state()
    state[RateLimits].hit(state[LimitSettings].refresh_per_address, "refresh", caller())
    try:
        refresh_token, session = state[RefreshTokens].rotate(token)
    except TokenError as error:
        state[SQLAlchemy].session.commit()  # a reused token has ended its family
        raise Problem(401, error.code, error.message) from error
    state[SQLAlchemy].session.commit()
    return jsonify(_tokens(session.owner, session.id, refresh_token))


@csrf_exempt
def logout() -> ResponseReturnValue:
    """End the session, and with it the tokens, of this login."""
    login = present_login()
    if login is None:
        return refuse_anonymous()  # type: ignore[no-any-return]
    if login.mechanism == "session":
        # The cookie alone authenticated: then another site must not be able to do this.
        current_state()[CSRFProtection].protect()
    logout_user()
    return "", 204


def me() -> ResponseReturnValue:
    """Who asks, with groups and permissions."""
    user = resolve()
    if not user.is_authenticated:
        return refuse_anonymous()  # type: ignore[no-any-return]
    return jsonify(account_document(user))


def account_document(user: Any) -> dict[str, Any]:
    """An account as its owner sees it; the fields are those of DESIGN, whatever the model has."""
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


def _tokens(user: Any, session_id: int, refresh_token: str) -> dict[str, Any]:
    tokens = current_state()[AccessTokens]
    return {
        "access_token": tokens.issue(user, session_id),
        "refresh_token": refresh_token,
        "token_type": "Bearer",  # nosec B105 - a scheme
        "expires_in": tokens.life,
        "user": account_document(user),
    }


def _never_store(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
