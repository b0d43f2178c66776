"""The challenges that passkeys answer: random, signed, for five minutes, for one purpose."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from flask import Flask
from itsdangerous import BadData, SignatureExpired, URLSafeTimedSerializer

from ..signing import serializer
from .refusals import Refusal

REGISTER = "register"
SIGN_IN = "sign-in"
SECOND_STEP = "second-step"
REAUTHENTICATE = "reauthenticate"

#: How long a challenge may be answered.
LIFE_SECONDS = 300
_LONGEST = 1_000


@dataclass(frozen=True)
class Ceremony:
    """One challenge, and whom it was made for.

    :ivar challenge: 32 random bytes (WebAuthn 13.4.3 asks for 16 at least).
    :ivar handle: the user handle that a new passkey is given.
    """

    challenge: bytes
    handle: str

    @property
    def digest(self) -> str:
        """What is remembered of it once it was answered."""
        return hashlib.sha256(self.challenge).hexdigest()[:32]


class Ceremonies:
    """Makes challenges and knows them again, by signature: nothing is stored until one is answered.

    A text is good for one purpose, for one account where one is known, and in one browser: that
    whose session holds the word it was made with.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app

    def begin(
        self, purpose: str, *, subject: str, browser: str, handle: str = ""
    ) -> tuple[Ceremony, str]:
        """A new challenge, and the text that must come back with the answer.

        :param subject: the key of the account; empty when anybody may answer.
        :param browser: a secret word of this browser; empty for clients without cookies.
        """
        ceremony = Ceremony(secrets.token_bytes(32), handle)
        values = [ceremony.challenge.hex(), subject, _hashed(browser), handle]
        return ceremony, str(self._serializer(purpose).dumps(values))

    def read(self, purpose: str, text: str, *, subject: str, browser: str) -> Ceremony:
        """The challenge of a text.

        :raises Refusal: it is too old, or was made for something or somebody else.
        """
        try:
            if len(text) > _LONGEST:
                raise BadData("too long")
            values = self._serializer(purpose).loads(text, max_age=LIFE_SECONDS)
            challenge, for_subject, for_browser, handle = values
        except SignatureExpired as error:
            raise Refusal("expired") from error
        except (BadData, ValueError, TypeError) as error:
            raise Refusal("challenge") from error
        if not hmac.compare_digest(for_subject.encode(), subject.encode()):
            raise Refusal("other_account")
        if not hmac.compare_digest(for_browser, _hashed(browser)):
            raise Refusal("other_browser")
        return Ceremony(bytes.fromhex(challenge), handle)

    def _serializer(self, purpose: str) -> URLSafeTimedSerializer:
        return serializer(self._app, f"passkey.{purpose}")


def _hashed(browser: str) -> str:
    return hashlib.sha256(browser.encode()).hexdigest()[:32]
