"""Tokens in mailed links: signed, expiring, single use, bound to the state they change."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from flask import Flask
from itsdangerous import BadData, SignatureExpired, TimestampSigner, URLSafeTimedSerializer

from ..core import clock
from ..core.translation import gettext
from ..exceptions import TokenError
from .mixins import key_name, key_of

VERIFY = "verify-email"
RESET = "reset-password"
_LONGEST = 1_000


class _Signer(TimestampSigner):
    """itsdangerous by Lback's clock."""

    def get_timestamp(self) -> int:
        return int(clock.timestamp())


class LinkTokens:
    """Make and read the tokens of one application.

    A token names its purpose and the account, and carries a fingerprint of what it will change:
    once that has changed, by this link or otherwise, every such token is dead. Nothing is
    stored. ``SECRET_KEY`` signs; ``SECRET_KEY_FALLBACKS`` still read.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app

    def make(self, purpose: str, user: Any) -> str:
        """A token for this account, for this purpose only."""
        payload = [user.get_id(), self._fingerprint(purpose, user)]
        return str(self._serializer(purpose).dumps(payload))

    def read(self, purpose: str, token: str, *, max_age: int, load: Any) -> Any:
        """The account that a token was made for.

        :param max_age: seconds that a token is good for.
        :param load: finds an account by its key as text, or gives None.
        :raises TokenError: the same message whatever is wrong.
        """
        try:
            if len(token) > _LONGEST:
                raise BadData("too long")
            key, fingerprint = self._serializer(purpose).loads(token, max_age=max_age)
        except SignatureExpired as error:
            raise refused("token_expired") from error
        except (BadData, ValueError, TypeError) as error:
            raise refused() from error
        user = load(key)
        if user is None or not user.is_active:
            raise refused()
        if not hmac.compare_digest(str(fingerprint), self._fingerprint(purpose, user)):
            raise refused()
        return user

    def _fingerprint(self, purpose: str, user: Any) -> str:
        email = getattr(user, "email_canonical", None)
        if purpose == VERIFY:
            state = (email, getattr(user, "email_verified_at", None))
        else:
            state = (email, user.password_hash)
        text = repr((purpose, key_name(type(user)), str(key_of(user)), *map(str, state)))
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def _serializer(self, purpose: str) -> URLSafeTimedSerializer:
        keys = [*(self._app.config.get("SECRET_KEY_FALLBACKS") or ()), self._app.secret_key]
        return URLSafeTimedSerializer(
            keys,
            salt=f"lback.{purpose}",
            signer=_Signer,
            signer_kwargs={"digest_method": hashlib.sha256},
        )


def refused(code: str = "invalid_token") -> TokenError:
    """What is said of every link that cannot be used."""
    return TokenError(gettext("This link is no longer good. Ask for a new one."), code)
