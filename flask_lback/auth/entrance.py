"""The last door of every way in: a password, a link, a passkey, another site.

Whoever has proved who they are passes here; a part that wants a second proof puts a gate up.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Any, Protocol

from flask import Flask
from itsdangerous import BadData

from ..core.translation import gettext
from ..exceptions import AuthenticationError, TokenError
from .mails.links import RESET, LinkTokens
from .signing import serializer
from .users.directory import Directory

_PURPOSE = "second-step"
#: Seconds that somebody may take for the second proof.
CHALLENGE_SECONDS = 600


class Gate(Protocol):
    """Asks for more than the first proof."""

    def asks(self, user: Any, method: str) -> str | None:
        """What is missing before this account may enter.

        :param method: how it has proved who it is so far.
        :returns: the code of the refusal, such as ``two_factor_required``; None: nothing.
        """


@dataclass(frozen=True)
class Challenge:
    """Who has proved half of who they are, and what they wanted."""

    user: Any
    method: str
    remember: bool
    target: str


class SecondStepRequired(AuthenticationError):
    """The first proof was right, and another one is needed.

    :ivar challenge: a signed text that stands for the first proof for ten minutes.
    """

    def __init__(self, code: str, challenge: str) -> None:
        super().__init__(gettext("One more step: prove that it is you."), code)
        self.challenge = challenge


class Entrance:
    """The gates of one application, and the challenges of those who wait before them."""

    def __init__(self, app: Flask, directory: Directory, links: LinkTokens) -> None:
        self._app = app
        self._directory = directory
        self._links = links
        self._gates: list[Gate] = []

    def put_up(self, gate: Gate) -> None:
        """Add a gate; parts do so in their ``plan``."""
        self._gates.append(gate)

    def check(self, user: Any, *, method: str, remember: bool = False, target: str = "") -> None:
        """Let an account through, or tell what is missing.

        :param target: where its owner wanted to go.
        :raises SecondStepRequired: another proof is needed first.
        """
        for gate in self._gates:
            if code := gate.asks(user, method):
                raise SecondStepRequired(code, self._challenge(user, method, remember, target))

    def read(self, text: str) -> Challenge:
        """Who a challenge stands for.

        :raises TokenError: it is forged, too old, or the account has changed since.
        """
        refusal = TokenError(gettext("This took too long. Sign in again."), "invalid_challenge")
        try:
            values = serializer(self._app, _PURPOSE).loads(text, max_age=CHALLENGE_SECONDS)
            key, fingerprint, method, remember, target = values
        except (BadData, ValueError, TypeError) as error:
            raise refusal from error
        user = self._directory.by_key(key)
        if user is None or not user.is_active:
            raise refusal
        if not hmac.compare_digest(str(fingerprint), self._links.fingerprint(RESET, user)):
            raise refusal
        return Challenge(user, str(method), bool(remember), str(target))

    def _challenge(self, user: Any, method: str, remember: bool, target: str) -> str:
        values = [user.get_id(), self._links.fingerprint(RESET, user), method, remember, target]
        return str(serializer(self._app, _PURPOSE).dumps(values))
