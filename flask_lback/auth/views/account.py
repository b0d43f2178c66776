"""The page of one's own account."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue

from ..current import current_user, login_required
from .page import form_for, show


def add_routes(blueprint: Blueprint) -> None:
    """The routes of this module."""
    blueprint.add_url_rule("/account/", "account", login_required(account))


def account() -> ResponseReturnValue:
    """What this site knows of the account."""
    return show("account", user=current_user, logout_form=form_for("logout"))
