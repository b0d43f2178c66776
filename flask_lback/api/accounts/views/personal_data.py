"""Take one's data along, and be forgotten, as JSON."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue

from ....auth.current import resolve
from ....auth.freshness import (
    ask_again,
    fresh_login_required,
    is_fresh,
    personal_login_required,
)
from ....auth.personal_data.deletion import Deletions
from ....auth.personal_data.downloads import download
from ....auth.personal_data.proof import leave, prove, typed, unneeded
from ....auth.personal_data.settings import PersonalDataSettings
from ....core import clock
from ....core.errors import Problem
from ....core.state import current_state, state_of
from ....core.translation import gettext
from ....exceptions import InvalidFieldsError
from ..forms import form_of_request, invalid


def add_routes(blueprint: Blueprint) -> None:
    """The routes of this module, in applications where the part is on."""
    blueprint.record(_add)


def _add(setup: BlueprintSetupState) -> None:
    if not state_of(setup.app)[PersonalDataSettings].enabled:  # type: ignore[arg-type]
        return
    setup.add_url_rule("/export-data/", "export_data", export_data, methods=["GET"])
    setup.add_url_rule("/me/", "delete_me", delete_me, methods=["DELETE"])


@fresh_login_required
def export_data() -> ResponseReturnValue:
    """Everything that is kept of the account."""
    return download()


@personal_login_required
def delete_me() -> ResponseReturnValue:
    """Ask for the account to be deleted, with its password; without one, after a fresh sign-in."""
    user = resolve()
    if not user.has_usable_password() and not is_fresh():
        return ask_again()
    if refusal := current_state()[Deletions].refusal(user):
        raise Problem(409, "last_superuser", refusal)
    form = form_of_request("delete_account", unneeded(user))
    try:
        prove(user, **typed(form))
    except InvalidFieldsError as error:
        raise invalid(error.errors) from error
    due_at = leave(user)
    detail = gettext("Your account will be deleted. Sign in before then to keep it.")
    if current_state()[PersonalDataSettings].grace_days == 0:
        detail = gettext("Your account is deleted.")
    return jsonify({"detail": detail, "due_at": clock.written(due_at)}), 202
