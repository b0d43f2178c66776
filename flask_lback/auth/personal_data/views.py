"""Pages: export and deletion of accounts."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue

from ...core.state import current_state, state_of
from ...core.translation import gettext
from ...exceptions import InvalidFieldsError
from ..current import resolve
from ..freshness import fresh_login_required
from ..views.page import form_for, show
from .deletion import Deletions
from .downloads import download
from .proof import leave, prove, typed, unneeded
from .settings import PersonalDataSettings


def add_routes(blueprint: Blueprint) -> None:
    """The routes of this part, in applications where it is on."""
    blueprint.record(_add)


def _add(setup: BlueprintSetupState) -> None:
    if not state_of(setup.app)[PersonalDataSettings].enabled:  # type: ignore[arg-type]
        return
    both = ["GET", "POST"]
    setup.add_url_rule("/export-data/", "export_data", export_data, methods=both)
    setup.add_url_rule("/delete-account/", "delete_account", delete_account, methods=both)


@fresh_login_required
def export_data() -> ResponseReturnValue:
    """Download what is kept of the account; GET shows the button."""
    form = form_for("export_data")
    if form.validate_on_submit():
        return download()
    return show("export_data", 400 if request.method == "POST" else 200, form=form)


@fresh_login_required
def delete_account() -> ResponseReturnValue:
    """Ask for the account to be deleted."""
    state, user = current_state(), resolve()
    deletions = state[Deletions]
    form = form_for("delete_account")
    if unneeded(user) in form:
        del form[unneeded(user)]
    refusal = deletions.refusal(user)
    status = 400 if request.method == "POST" else 200
    if refusal is None and form.validate_on_submit():
        try:
            prove(user, **typed(form))
        except InvalidFieldsError as error:
            form.add_errors(error.errors)
        else:
            leave(user)
            flash(_farewell(state[PersonalDataSettings].grace_days), "ok")
            return redirect(url_for("lback_auth.login"))
    days = state[PersonalDataSettings].grace_days
    name = user.get_username()
    return show(
        "delete_account", status, form=form, refusal=refusal, grace_days=days, account_name=name
    )


def _farewell(days: int) -> str:
    if days == 0:
        return gettext("Your account is deleted.")
    return gettext(
        "Your account will be deleted in %(n)s days. Sign in before then to keep it.", n=days
    )
