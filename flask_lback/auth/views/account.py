"""The page of one's own account."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from flask.typing import ResponseReturnValue

from ...core.state import State, current_state
from ..api_tokens.service import ApiTokens
from ..current import current_user, login_required
from ..oauth.service import OAuthAccounts
from ..passkeys.service import Passkeys
from ..second_factors import SecondFactors
from ..sessions.service import SessionManager
from .page import form_for, show


def add_routes(blueprint: Blueprint) -> None:
    """The routes of this module."""
    blueprint.add_url_rule("/account/", "account", login_required(account))


def account() -> ResponseReturnValue:
    """What this site knows of the account, and how it stands."""
    user = current_user._get_current_object()
    return show(
        "account",
        user=user,
        logout_form=form_for("logout"),
        **_standing(current_state(), user),
    )


def _standing(state: State, user: Any) -> dict[str, Any]:
    """How the account can be opened, and by how many; of the parts that are on."""
    linked, passkeys = state.get(OAuthAccounts), state.get(Passkeys)
    tokens = state.get(ApiTokens)
    return {
        "session_count": len(state[SessionManager].of(user)),
        "second_steps": [way.label for way in state[SecondFactors].ways(user)],
        "token_count": 0 if tokens is None else len(tokens.alive(user)),
        "passkey_count": 0 if passkeys is None else len(passkeys.of(user)),
        "connection_names": [] if linked is None else _names(linked, user),
    }


def _names(linked: OAuthAccounts, user: Any) -> list[str]:
    """What the sites are called that open the account; by its name where one is gone."""
    clients = linked.clients
    return [
        clients[row.provider].label if row.provider in clients else row.provider
        for row in linked.of(user)
    ]
