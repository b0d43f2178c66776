"""Who am I, as JSON."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from ....auth.current import current_user, resolve
from ....auth.denials import refuse_anonymous
from ....auth.freshness import personal_login_required
from ....auth.users.profiles import Profiles
from ....core.state import current_state
from ....exceptions import InvalidFieldsError
from ..forms import FormDocument, invalid
from .answers import account_document


def add_routes(blueprint: Blueprint) -> None:
    """The routes of this module; the one that deletes the account is with the personal data."""
    blueprint.add_url_rule("/me/", "me", me, methods=["GET"])
    blueprint.add_url_rule(
        "/me/", "change_me", personal_login_required(change_me), methods=["PATCH"]
    )


def me() -> ResponseReturnValue:
    """Who asks, with groups and permissions."""
    user = resolve()
    if not user.is_authenticated:
        return refuse_anonymous()
    return jsonify(account_document(user))


def change_me() -> ResponseReturnValue:
    """Change what ``LBACK_AUTH_PROFILE_FIELDS`` names; any other key is refused."""
    user = current_user._get_current_object()
    document: Any = FormDocument.of_request()
    try:
        current_state()[Profiles].change(user, document.values)
    except InvalidFieldsError as error:
        raise invalid(error.errors) from error
    return jsonify(account_document(user))
