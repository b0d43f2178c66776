"""What this browser has started: one sign-in or link at a provider, until it comes back.

Kept in Flask's session, so in this browser alone: an answer that somebody else's sign-in got is
refused (login CSRF, RFC 9700 section 4.7).
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import asdict, dataclass
from typing import Any

from flask import session

from ...core import clock
from .refusals import Refusal

LOGIN = "login"
LINK = "link"
#: Seconds that a person may take at the provider.
LIFE = 600
_KEY = "lback_oauth"
#: Started and not finished: people open tabs. The session may be a cookie, which holds 4 kB.
_MOST = 3
_LONGEST_TARGET = 400


@dataclass(frozen=True)
class Flow:
    """One way to a provider and back.

    :ivar purpose: ``login`` or ``link``.
    :ivar state: the answer has to carry it (RFC 6749 section 10.12).
    :ivar nonce: the ID token has to carry it.
    :ivar verifier: shown to the provider with the code (PKCE, RFC 7636).
    :ivar login: the session row of whoever links.
    :ivar target: where they wanted to go.
    """

    provider: str
    purpose: str
    state: str
    nonce: str
    verifier: str
    started_at: int
    login: int | None
    target: str


def new_flow(provider: str, purpose: str, *, login: int | None = None, target: str = "") -> Flow:
    """A flow with new random values; not kept yet.

    :param login: the session row of whoever links.
    :param target: where they wanted to go; checked by the caller.
    """
    return Flow(
        provider,
        purpose,
        secrets.token_urlsafe(32),
        secrets.token_urlsafe(24),
        secrets.token_urlsafe(48),
        int(clock.timestamp()),
        login,
        target if len(target) <= _LONGEST_TARGET else "",
    )


def keep(flow: Flow) -> None:
    """Keep a flow in this browser; the oldest make room."""
    session[_KEY] = [*_kept()[1 - _MOST :], asdict(flow)]


def claim(provider: str, state: str) -> Flow:
    """Take the flow that an answer belongs to out of this browser; it works once.

    :raises Refusal: this browser has started none, not with this provider, or too long ago.
    """
    mine, others = None, []
    for one in _kept():
        if hmac.compare_digest(str(one.get("state")).encode(), state.encode()):
            mine = one
        else:
            others.append(one)
    if mine is None:
        raise Refusal("invalid_state")
    session[_KEY] = others
    try:
        flow = Flow(**mine)
    except TypeError as error:  # kept by another version
        raise Refusal("invalid_state") from error
    age = clock.timestamp() - flow.started_at
    # The answer of one provider must not be shown to another (mix-up).
    if flow.provider != provider or not -1 <= age <= LIFE:
        raise Refusal("invalid_state")
    return flow


def _kept() -> list[dict[str, Any]]:
    kept = session.get(_KEY)
    return [one for one in kept if isinstance(one, dict)] if isinstance(kept, list) else []
