"""Sign in, refresh, sign out, as JSON."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from ....auth.current import logout_user, present_login
from ....auth.denials import refuse_anonymous
from ....auth.managers import UserManager
from ....auth.settings import LimitSettings
from ....auth.tokens.refresh import RefreshTokens
from ....core.errors import Problem
from ....core.state import current_state
from ....exceptions import AuthenticationError, TokenError
from ....limits.service import RateLimits, caller
from ....security.csrf import CSRFProtection, csrf_exempt
from ...documents import Document
from .answers import enter, refuse_foreign_session, token_document


def add_routes(blueprint: Blueprint) -> None:
    """The routes of this module."""
    blueprint.add_url_rule("/login/", "login", login, methods=["POST"])
    blueprint.add_url_rule("/refresh/", "refresh", refresh, methods=["POST"])
    blueprint.add_url_rule("/logout/", "logout", logout, methods=["POST"])


@csrf_exempt
def login() -> ResponseReturnValue:
    """A name and a password for tokens, and with ``"session": true`` for the cookie as well."""
    document = Document.of_request()
    identifier, password = document.text("identifier"), document.text("password")
    with_session, remember = document.flag("session"), document.flag("remember")
    document.checked()
    refuse_foreign_session(with_session)
    try:
        user = UserManager().authenticate_user(identifier, password)
    except AuthenticationError as error:
        raise Problem(401, error.code, error.message) from error
    return enter(user, method="password", with_session=with_session, remember=remember)


@csrf_exempt
def refresh() -> ResponseReturnValue:
    """A refresh token for new tokens."""
    document = Document.of_request()
    token = document.text("refresh_token")
    document.checked()
    state = current_state()
    state[RateLimits].hit(state[LimitSettings].refresh_per_address, "refresh", caller())
    try:
        refresh_token, session = state[RefreshTokens].exchange(token)
    except TokenError as error:
        raise Problem(401, error.code, error.message) from error
    return jsonify(token_document(session.owner, session.id, refresh_token))


@csrf_exempt
def logout() -> ResponseReturnValue:
    """End the session, and with it the tokens, of this login."""
    login = present_login()
    if login is None:
        return refuse_anonymous()
    if login.mechanism == "session":
        # The cookie alone authenticated: then another site must not be able to do this.
        current_state()[CSRFProtection].protect()
    logout_user()
    return "", 204
