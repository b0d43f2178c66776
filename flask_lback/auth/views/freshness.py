"""Prove again who you are."""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from ...core.redirects import safe_redirect_target
from ...core.state import current_state
from ...exceptions import AuthenticationError
from ..current import current_user
from ..freshness import Proofs, personal_login_required, prove_again
from ..managers import UserManager
from .page import form_for, show


def add_routes(blueprint: Blueprint) -> None:
    """The routes of this module."""
    blueprint.add_url_rule(
        "/reauthenticate/",
        "reauthenticate",
        personal_login_required(reauthenticate),
        methods=["GET", "POST"],
    )


def reauthenticate() -> ResponseReturnValue:
    """Give the password once more, and go on to where one was going."""
    user = current_user._get_current_object()
    target = safe_redirect_target(url_for("lback_auth.account"))
    form = form_for("reauthenticate", next=target)
    status = 400 if request.method == "POST" else 200
    if form.validate_on_submit():
        try:
            UserManager().confirm_password(user, form.password.data)
        except AuthenticationError as error:
            form.password.errors = [error.message]
            status = 401
        else:
            prove_again(user, method="password")
            return redirect(target)
    return show(
        "reauthenticate",
        status,
        form=form,
        has_password=user.has_usable_password(),
        proofs=current_state()[Proofs].of(user),
        next_url=target,
    )
