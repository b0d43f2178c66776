"""API tokens, and the public keys of access tokens, as JSON."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from ....auth.api_tokens.models import ApiTokenMixin
from ....auth.api_tokens.service import ApiTokens
from ....auth.api_tokens.settings import ApiTokenSettings
from ....auth.current import resolve
from ....auth.freshness import fresh_login_required, personal_login_required
from ....auth.mechanisms import auth_required
from ....auth.tokens.access import AccessTokens
from ....core import clock
from ....core.errors import Problem
from ....core.state import current_state, state_of
from ....core.translation import gettext
from ....exceptions import InvalidFieldsError
from ...documents import Document

#: Half the range that a database may have for keys; no key is longer.
_ONE = "/tokens/<int(max=2147483647):token_id>/"
#: Seconds: far more than any setting allows, and no number that a date cannot hold.
_LONGEST_LIFE = 10**9


def add_routes(blueprint: Blueprint) -> None:
    """The routes of this module, in applications that have what they are about."""
    blueprint.record(_add)


def _add(setup: Any) -> None:
    state = state_of(setup.app)
    if state[AccessTokens].keys.is_asymmetric:
        setup.add_url_rule("/jwks/", "jwks", jwks, methods=["GET"])
    if state[ApiTokenSettings].enabled:
        setup.add_url_rule("/tokens/", "tokens", show_all, methods=["GET"])
        setup.add_url_rule("/tokens/", "make_token", make, methods=["POST"])
        setup.add_url_rule(_ONE, "end_token", end, methods=["DELETE"])


def jwks() -> ResponseReturnValue:
    """The keys by which other services verify access tokens (RFC 7517)."""
    return jsonify(current_state()[AccessTokens].keys.public_set())


@auth_required("session", "jwt")
@personal_login_required
def show_all() -> ResponseReturnValue:
    """The tokens that are alive, the newest first."""
    return jsonify(tokens=list(map(_document, current_state()[ApiTokens].alive(resolve()))))


@auth_required("session", "jwt")
@fresh_login_required
def make() -> ResponseReturnValue:
    """Make a token; this answer is the only one that holds it."""
    document = Document.of_request()
    name = document.text("name", longest=100)
    scopes = document.texts("scopes")
    seconds = document.number("expires_in", least=1, most=_LONGEST_LIFE)
    document.checked()
    tokens = current_state()[ApiTokens]
    life = dt.timedelta(seconds=seconds) if seconds is not None else None
    if not document.has("expires_in"):
        life = tokens.usual_life
    try:
        row, text = tokens.make(resolve(), name, scopes=scopes, life=life)
    except InvalidFieldsError as error:
        raise Problem(
            400, "invalid", gettext("Some fields need a change."), errors=error.errors
        ) from error
    return jsonify(token=text, **_document(row)), 201


@auth_required("session", "jwt")
@personal_login_required
def end(token_id: int) -> ResponseReturnValue:
    """End a token."""
    if not current_state()[ApiTokens].revoke(resolve(), token_id):
        raise Problem(404, "not_found", gettext("You have no such token."))
    return "", 204


def _document(token: ApiTokenMixin) -> dict[str, Any]:
    return {
        "id": token.id,
        "name": token.name,
        "prefix": token.prefix,
        "scopes": None if token.scopes is None else token.scopes.split(),
        "created_at": _text(token.created_at),
        "expires_at": _text(token.expires_at),
        "last_used_at": _text(token.last_used_at),
    }


def _text(moment: dt.datetime | None) -> str | None:
    return None if moment is None else clock.written(moment)
