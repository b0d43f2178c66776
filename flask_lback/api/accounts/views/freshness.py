"""Prove again who you are, as JSON."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from ....auth.current import current_user
from ....auth.freshness import personal_login_required, prove_again
from ....auth.managers import UserManager
from ....core.errors import Problem
from ....core.translation import gettext
from ....exceptions import AuthenticationError
from ..forms import form_of_request


def add_routes(blueprint: Blueprint) -> None:
    """The routes of this module."""
    view = personal_login_required(reauthenticate)
    blueprint.add_url_rule("/reauthenticate/", "reauthenticate", view, methods=["POST"])


def reauthenticate() -> ResponseReturnValue:
    """Give the password once more; the session has a new id, its tokens stay good."""
    user = current_user._get_current_object()
    form = form_of_request("reauthenticate")
    try:
        UserManager().confirm_password(user, form.password.data)
    except AuthenticationError as error:
        raise Problem(401, error.code, error.message) from error
    prove_again(user, method="password")
    return jsonify({"detail": gettext("It is you.")})
