"""Reset and change a password, as JSON."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from ....auth.current import current_user
from ....auth.freshness import ask_again, is_fresh, personal_login, personal_login_required
from ....auth.managers import UserManager
from ....auth.passwords.first_password import choose_password
from ....auth.sessions.service import SessionManager
from ....core.errors import Problem
from ....core.state import current_state
from ....core.translation import gettext
from ....exceptions import InvalidFieldsError, TokenError
from ....security.csrf import csrf_exempt
from ..forms import form_of_request, invalid


def add_routes(blueprint: Blueprint) -> None:
    """The routes of this module."""
    for rule, endpoint, view in (
        ("/request-reset-password/", "request_reset_password", request_reset_password),
        ("/reset-password/", "reset_password", reset_password),
        ("/change-password/", "change_password", personal_login_required(change_password)),
    ):
        blueprint.add_url_rule(rule, endpoint, view, methods=["POST"])


@csrf_exempt
def request_reset_password() -> ResponseReturnValue:
    """Ask for a reset mail; every address gets the same answer."""
    form = form_of_request("request_reset_password")
    UserManager().request_password_reset(form.email.data)
    detail = gettext("If the address has an account, a link to choose a password is on its way.")
    return jsonify({"detail": detail}), 202


@csrf_exempt
def reset_password() -> ResponseReturnValue:
    """Choose a new password through a link. Nobody is signed in by it (OWASP)."""
    form = form_of_request("reset_password")
    try:
        UserManager().reset_password(form.token.data, form.new_password.data)
    except InvalidFieldsError as error:
        raise invalid(error.errors) from error
    except TokenError as error:
        raise Problem(400, "invalid_token", error.message) from error
    return jsonify({"detail": gettext("Your password is changed. Sign in with the new one.")})


def change_password() -> ResponseReturnValue:
    """Choose a new password while signed in; every other session and its tokens end.

    API tokens stay; the answer tells how many are alive.
    """
    user, but = current_user._get_current_object(), personal_login().session_id
    sessions = current_state()[SessionManager]
    try:
        if user.has_usable_password():
            form = form_of_request("change_password")
            given = form.current_password.data
            UserManager().change_password(user, given, form.new_password.data, but=but)
        elif not is_fresh():
            return ask_again()
        else:
            form = form_of_request("change_password", "current_password")
            choose_password(user, form.new_password.data, but=but)
    except InvalidFieldsError as error:
        raise invalid(error.errors) from error
    sessions.rotate(proved=True)
    detail = gettext("Your password is changed. Other devices are signed out.")
    return jsonify({"detail": detail, "api_tokens": sessions.count_api_tokens(user)})
