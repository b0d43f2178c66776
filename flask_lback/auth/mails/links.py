"""Tokens in mailed links: signed, expiring, single use, bound to the state they change."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from flask import Flask
from itsdangerous import BadData, SignatureExpired

from ...core.translation import gettext
from ...exceptions import TokenError
from ..signing import serializer
from ..users.identity import address_of
from ..users.mixins import key_name, key_of

VERIFY = "verify-email"
RESET = "reset-password"
CHANGE_EMAIL = "change-email"
_LONGEST = 3_000


class LinkTokens:
    """Make and read the tokens of one application.

    A token names its purpose and the account, and carries a fingerprint of what it will change:
    once that has changed, by this link or otherwise, every such token is dead. Nothing is
    stored. ``SECRET_KEY`` signs; ``SECRET_KEY_FALLBACKS`` still read.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app

    def make(self, purpose: str, user: Any, *values: str) -> str:
        """A token for this account, for this purpose only.

        :param values: what it carries besides; everybody who has the link can read it.
        """
        payload = [user.get_id(), self.fingerprint(purpose, user), *values]
        return str(serializer(self._app, purpose).dumps(payload))

    def read(self, purpose: str, token: str, *, max_age: int, load: Any) -> Any:
        """The account that a token was made for.

        :param max_age: seconds that a token is good for.
        :param load: finds an account by its key as text, or gives None.
        :raises TokenError: the same message whatever is wrong.
        """
        user, values = self.read_values(purpose, token, max_age=max_age, load=load)
        if values:
            raise refused()
        return user

    def read_values(
        self, purpose: str, token: str, *, max_age: int, load: Any
    ) -> tuple[Any, list[str]]:
        """As :meth:`read`, with what the token carries besides."""
        try:
            if len(token) > _LONGEST:
                raise BadData("too long")
            held = serializer(self._app, purpose).loads(token, max_age=max_age)
            key, fingerprint, *values = held
        except SignatureExpired as error:
            raise refused("token_expired") from error
        except (BadData, ValueError, TypeError) as error:
            raise refused() from error
        user = load(key)
        if user is None or not user.is_active:
            raise refused()
        if not hmac.compare_digest(str(fingerprint), self.fingerprint(purpose, user)):
            raise refused()
        return user, values

    def fingerprint(self, purpose: str, user: Any) -> str:
        """What a token of this purpose is bound to, as the account is now."""
        email = getattr(user, "email_canonical", None) or address_of(user)
        if purpose == VERIFY:
            state = (email, getattr(user, "email_verified_at", None))
        else:
            state = (email, user.password_hash)
        text = repr((purpose, key_name(type(user)), str(key_of(user)), *map(str, state)))
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def refused(code: str = "invalid_token") -> TokenError:
    """What is said of every link that cannot be used."""
    return TokenError(gettext("This link is no longer good. Ask for a new one."), code)
