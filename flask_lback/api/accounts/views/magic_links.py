"""Sign in by mailed link, as JSON."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue

from ....auth.magic_links.counting import ask, take
from ....auth.magic_links.settings import MagicLinkSettings
from ....core.errors import Problem
from ....core.state import state_of
from ....core.translation import gettext
from ....exceptions import TokenError
from ....security.csrf import csrf_exempt
from ...documents import Document
from ..forms import form_of_request
from .answers import enter, refuse_foreign_session


def add_routes(blueprint: Blueprint) -> None:
    """The routes of this module, in applications where the part is on."""
    blueprint.record(_add)


def _add(setup: BlueprintSetupState) -> None:
    if not state_of(setup.app)[MagicLinkSettings].enabled:  # type: ignore[arg-type]
        return
    post = ["POST"]
    setup.add_url_rule(
        "/magic-link/request/", "request_magic_link", request_magic_link, methods=post
    )
    setup.add_url_rule("/magic-link/", "magic_link", magic_link, methods=post)


@csrf_exempt
def request_magic_link() -> ResponseReturnValue:
    """Ask for a link; every address gets the same answer."""
    form = form_of_request("request_magic_link")
    ask(form.email.data, "")
    detail = gettext("If the address has an account, a link to sign in is on its way.")
    return jsonify({"detail": detail}), 202


@csrf_exempt
def magic_link() -> ResponseReturnValue:
    """The token of a link for tokens, and with ``"session": true`` for the cookie as well."""
    document = Document.of_request()
    token = document.text("token")
    with_session, remember = document.flag("session"), document.flag("remember")
    document.checked()
    refuse_foreign_session(with_session)
    try:
        link = take(token)
    except TokenError as error:
        code = error.code if error.code == "other_browser" else "invalid_token"
        raise Problem(400, code, error.message) from error
    return enter(link.user, method="magic_link", with_session=with_session, remember=remember)
