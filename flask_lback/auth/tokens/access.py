"""Access tokens: JWTs (RFC 7519, RFC 8725) that name a session row, so that ending it ends them."""

from __future__ import annotations

import secrets
from typing import Any

from flask import Flask

from ...core import clock
from ...exceptions import TokenError
from ..settings import TokenSettings
from ..signals import jwt_access_token_created, jwt_decode_failed, jwt_token_decoded
from .keys import SigningKeys

_REQUIRED = ["exp", "iat", "sub", "jti", "iss", "aud", "sid", "typ"]
_LONGEST = 4_000
#: Seconds that another server's clock may be ahead.
_AHEAD = 60
_LARGEST_KEY = 2**63


class AccessTokens:
    """Issue and read the access tokens of one application."""

    def __init__(self, app: Flask, settings: TokenSettings) -> None:
        self._settings = settings
        self.keys = SigningKeys(app, settings)
        self.issuer = settings.issuer or app.name
        self.audience = settings.audience or self.issuer

    @property
    def life(self) -> int:
        """Seconds that an access token is good for."""
        return self._settings.access_minutes * 60

    def issue(self, user: Any, session_id: int) -> str:
        """A token for an account, bound to a session row."""
        import jwt

        now = int(clock.timestamp())
        claims = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": user.get_id(),
            "sid": session_id,
            "jti": secrets.token_urlsafe(12),
            "iat": now,
            "exp": now + self.life,
            "typ": "access",
        }
        jwt_access_token_created.emit(self, payload=claims)
        key = self.keys.all[0]
        headers = None if key.kid is None else {"kid": key.kid}
        return jwt.encode(claims, key.private, algorithm=self.keys.algorithm, headers=headers)

    def read(self, token: str) -> tuple[str, int]:
        """The account's key as text, and the session row, that a token names.

        The algorithm is ours, never the token's; rights are never read from it.

        :raises TokenError: it is forged, expired, or of another kind.
        """
        import jwt

        try:
            claims = self._claims(token)
            named = _checked(claims)
        except (jwt.PyJWTError, TokenError, RecursionError) as error:
            code = getattr(error, "code", "invalid_token")
            jwt_decode_failed.emit(self, error_type=code)
            raise TokenError("The access token cannot be used.", code) from error
        jwt_token_decoded.emit(self, payload=claims)
        return named

    def _claims(self, token: str) -> dict[str, Any]:
        import jwt

        if len(token) > _LONGEST:
            raise TokenError("far too long")
        for key in self.keys.believed(token):
            try:
                claims: dict[str, Any] = jwt.decode(
                    token,
                    key.public,
                    algorithms=[self.keys.algorithm],
                    issuer=self.issuer,
                    audience=self.audience,
                    options={
                        "require": _REQUIRED,
                        # Times are compared by Lback's clock, and have to be whole numbers.
                        "verify_exp": False,
                        "verify_iat": False,
                        "verify_nbf": False,
                        "strict_aud": True,
                    },
                )
            except jwt.InvalidSignatureError:
                continue
            return claims
        raise TokenError("signed with no key of ours")


def _checked(claims: dict[str, Any]) -> tuple[str, int]:
    """Times by Lback's clock, and every type as we write it."""
    now = clock.timestamp()
    numbers = (claims["exp"], claims["iat"], claims["sid"], claims.get("nbf", 0))
    if claims["typ"] != "access" or not all(type(one) is int for one in numbers):
        raise TokenError("not an access token")
    if not 0 < claims["sid"] < _LARGEST_KEY:
        raise TokenError("names no session")
    if max(claims["iat"], claims.get("nbf", 0)) > now + _AHEAD:
        raise TokenError("issued in the future")
    if claims["exp"] <= now:
        raise TokenError("expired", "token_expired")
    return str(claims["sub"]), int(claims["sid"])
