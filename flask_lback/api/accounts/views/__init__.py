"""The JSON face of the accounts.

Errors are problem documents; their shapes are part of the interface and have tests.
"""

from __future__ import annotations

from flask import Response
from flask.blueprints import BlueprintSetupState

from ....auth.blueprint import AccountBlueprint
from ....core.errors import JsonPaths, answer_json
from ....core.state import state_of
from . import (
    addresses,
    freshness,
    magic_links,
    me,
    passkeys,
    passwords,
    personal_data,
    registration,
    sessions,
    signing,
    tokens,
    two_factor,
)

_MODULES = (
    *(signing, registration, passwords, me, addresses, sessions, freshness),
    *(tokens, two_factor, passkeys, personal_data, magic_links),
)


def make_blueprint() -> AccountBlueprint:
    """A new blueprint; its endpoints start with ``lback_api_auth.``."""
    blueprint = AccountBlueprint("lback_api_auth", __name__)
    for module in _MODULES:
        module.add_routes(blueprint)
    blueprint.record(_answer_json_below)
    blueprint.before_request(answer_json)
    blueprint.after_request(_never_store)
    return blueprint


def _answer_json_below(setup: BlueprintSetupState) -> None:
    """For addresses that are none, and methods that they do not have."""
    if setup.url_prefix:
        state_of(setup.app)[JsonPaths].add(setup.url_prefix)  # type: ignore[arg-type]


def _never_store(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
