"""The account pages."""

from __future__ import annotations

from flask import Blueprint

from . import account, password, registration, signing


def make_blueprint() -> Blueprint:
    """A new blueprint with every account page; its endpoints start with ``lback_auth.``."""
    blueprint = Blueprint("lback_auth", __name__)
    for module in (signing, registration, password, account):
        module.add_routes(blueprint)
    return blueprint
