"""The page of people who have signed in before confirming their address."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, url_for
from flask.typing import ResponseReturnValue

from ...core.state import current_state
from ...core.translation import gettext
from ..current import current_user
from ..freshness import personal_login_required
from ..managers import UserManager
from ..users.directory import Directory
from .page import form_for, show


def add_routes(blueprint: Blueprint) -> None:
    """The routes of this module."""
    blueprint.add_url_rule(
        "/unconfirmed/",
        "unconfirmed",
        personal_login_required(unconfirmed),
        methods=["GET", "POST"],
    )


def unconfirmed() -> ResponseReturnValue:
    """GET says what is missing, POST sends the mail again."""
    if not current_state()[Directory].has_email:
        abort(404)
    user = current_user._get_current_object()
    if user.email_verified_at is not None:
        return redirect(url_for("lback_auth.account"))
    form = form_for("unconfirmed")
    if form.validate_on_submit():
        UserManager().resend_verification(user.email or "")
        flash(gettext("A new link is on its way."), "ok")
        return redirect(url_for("lback_auth.unconfirmed"))
    return show("unconfirmed", form=form, email=user.email, logout_form=form_for("logout"))
