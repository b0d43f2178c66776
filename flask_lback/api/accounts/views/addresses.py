"""Change the address, as JSON."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from ....auth.addresses import Addresses
from ....auth.current import current_user
from ....auth.freshness import ask_again, is_fresh, personal_login_required
from ....auth.managers import UserManager
from ....auth.sessions.service import SessionManager
from ....auth.users.directory import Directory
from ....core.errors import Problem
from ....core.state import current_state
from ....core.translation import gettext
from ....exceptions import AuthenticationError, InvalidFieldsError, TokenError
from ....security.csrf import csrf_exempt
from ..forms import form_of_request, invalid


def add_routes(blueprint: Blueprint) -> None:
    """The routes of this module."""
    blueprint.add_url_rule(
        "/change-email/", "change_email", personal_login_required(change_email), methods=["POST"]
    )
    blueprint.add_url_rule("/confirm-email/", "confirm_email", confirm_email, methods=["POST"])


def change_email() -> ResponseReturnValue:
    """Ask for another address; the password may be left out after a fresh sign-in."""
    _require_addresses()
    user = current_user._get_current_object()
    fresh = is_fresh()
    if not fresh and not user.has_usable_password():
        return ask_again()
    form = form_of_request("change_email", *(["current_password"] if fresh else []))
    try:
        if not fresh:
            UserManager().confirm_password(user, form.current_password.data)
        current_state()[Addresses].request_change(user, form.email.data)
    except AuthenticationError as error:
        raise invalid({"current_password": [gettext("This is not your password.")]}) from error
    except InvalidFieldsError as error:
        raise invalid(error.errors) from error
    detail = gettext(
        "We have sent a link to the new address. Your address changes when you open it."
    )
    return jsonify({"detail": detail}), 202


@csrf_exempt
def confirm_email() -> ResponseReturnValue:
    """Take the token of a link to a new address in; every other session ends."""
    _require_addresses()
    form = form_of_request("confirm_email")
    state = current_state()
    try:
        user = state[Addresses].confirm(form.token.data)
    except TokenError as error:
        raise Problem(400, "invalid_token", error.message) from error
    detail = gettext("Your address is changed. Other devices are signed out.")
    return jsonify({"detail": detail, "api_tokens": state[SessionManager].count_api_tokens(user)})


def _require_addresses() -> None:
    if not current_state()[Directory].has_email:
        raise Problem(404, "not_found", gettext("Accounts have no address here."))
