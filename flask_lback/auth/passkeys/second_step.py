"""A passkey as the second step of a sign-in that began otherwise."""

from __future__ import annotations

from typing import Any

from ...core.state import current_state
from ...core.translation import gettext
from ...exceptions import TokenError
from ..accounts import Accounts
from ..entrance import Challenge, Entrance
from ..second_factors import SecondFactors, Way
from .ceremonies import SECOND_STEP
from .service import Passkeys

WAY = "passkey"


def waiting(challenge: str) -> Challenge:
    """Who waits with a challenge.

    :raises TokenError: it is forged or too old.
    """
    return current_state()[Entrance].read(challenge)


def passed(
    service: Passkeys, challenge: str, answer: str, ceremony: str, *, browser: str
) -> Challenge:
    """Who may enter now, by a passkey of the account that waits.

    The challenge is read once more while nobody can change the password: otherwise a sign-in could
    end after a reset that began after its first proof.

    :raises TokenError: the challenge is forged or too old.
    :raises AuthenticationError: the passkey is not accepted.
    """
    user = waiting(challenge).user
    service.use(SECOND_STEP, answer, ceremony, browser=browser, user=user)
    held = waiting(challenge)
    if not current_state()[Accounts].claim(held.user):
        raise TokenError(gettext("This took too long. Sign in again."), "invalid_challenge")
    return held


def method_of(challenge: Challenge) -> str:
    """How the session was opened, such as ``password+passkey``."""
    return f"{challenge.method}+{WAY}"


def other_ways(user: Any) -> list[Way]:
    """What else could be the second proof of this account."""
    return [way for way in current_state()[SecondFactors].ways(user) if way.name != WAY]
