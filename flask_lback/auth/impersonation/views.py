"""The way back."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request
from flask.typing import ResponseReturnValue

from ...core.pages import url_or_none
from ...core.state import current_state
from ...core.translation import gettext
from ..current import resolve
from ..views.page import sign_in_url
from .service import Impersonations


def add_routes(blueprint: Blueprint) -> None:
    """The routes of this module."""
    blueprint.add_url_rule(
        "/stop-impersonation/", "stop_impersonation", stop_impersonation, methods=["POST"]
    )


def stop_impersonation() -> ResponseReturnValue:
    """Give the own session back."""
    resolve()
    front = f"{request.root_path}/"
    if current_state()[Impersonations].end():
        flash(gettext("You are yourself again."), "ok")
        return redirect(url_or_none("lback_admin.index") or front)
    flash(gettext("Your own session has ended. Sign in again."), "info")
    return redirect(sign_in_url() or front)
