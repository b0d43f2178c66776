"""What every page does once somebody has proved who they are."""

from __future__ import annotations

from typing import Any

from flask import redirect, session, url_for
from flask.typing import ResponseReturnValue

from ...core.state import current_state
from ..current import login_user
from ..entrance import Entrance, SecondStepRequired
from ..passwords.required_change import leads_to_change

#: Where the challenge waits for the second proof, in Flask's session.
CHALLENGE = "lback_challenge"
#: The page that asks for what is missing, by the code of the refusal.
_PAGES = {
    "two_factor_required": "lback_auth.two_factor_verify",
    "two_factor_setup_required": "lback_auth.two_factor_setup",
}


def enter(user: Any, *, method: str, target: str, remember: bool = False) -> ResponseReturnValue:
    """Sign in and lead on, or lead to the second step.

    :param method: how the person proved who they are.
    :param target: where they wanted to go; checked by the caller.
    """
    try:
        current_state()[Entrance].check(user, method=method, remember=remember, target=target)
    except SecondStepRequired as step:
        session[CHALLENGE] = step.challenge
        return redirect(url_for(_PAGES[step.code]))
    login_user(user, remember, method=method)
    return redirect(leads_to_change(user) or target)
