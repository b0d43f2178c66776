"""Access tokens: JWTs (RFC 7519, RFC 8725) that name a session row, so that ending it ends them."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from flask import Flask

from ..core import clock
from ..exceptions import ConfigError, TokenError
from .settings import TokenSettings
from .signals import jwt_access_token_created, jwt_decode_failed

ALGORITHM = "HS256"
SHORTEST_KEY = 32
_REQUIRED = ["exp", "iat", "sub", "jti", "iss", "aud", "sid", "typ"]
_LONGEST = 4_000


class AccessTokens:
    """Issue and read the access tokens of one application."""

    def __init__(self, app: Flask, settings: TokenSettings) -> None:
        if settings.key is not None and len(settings.key.encode()) < SHORTEST_KEY:
            raise ConfigError(
                f"LBACK_AUTH_JWT_KEY has fewer than {SHORTEST_KEY} bytes.",
                'Make one with python -c "import secrets; print(secrets.token_hex(32))".',
            )
        self._app = app
        self._settings = settings
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
        return jwt.encode(claims, self._keys()[0], algorithm=ALGORITHM)

    def read(self, token: str) -> tuple[str, int]:
        """The account's key as text, and the session row, that a token names.

        The algorithm is ours, never the token's; rights are never read from it.

        :raises TokenError: it is forged, expired, or of another kind.
        """
        import jwt

        problem: Exception | None = None
        if len(token) <= _LONGEST:
            for key in self._keys():
                try:
                    claims = jwt.decode(
                        token,
                        key,
                        algorithms=[ALGORITHM],
                        issuer=self.issuer,
                        audience=self.audience,
                        options={
                            "require": _REQUIRED,
                            "verify_exp": False,
                            "verify_iat": False,
                            "strict_aud": True,
                        },
                    )
                    return self._checked(claims)
                except (jwt.PyJWTError, TokenError) as error:
                    problem = error
        code = getattr(problem, "code", "invalid_token")
        jwt_decode_failed.emit(self, error_type=code)
        raise TokenError("The access token cannot be used.", code) from problem

    def _checked(self, claims: dict[str, Any]) -> tuple[str, int]:
        """Times by Lback's clock, and every type as we write it."""
        now = clock.timestamp()
        times = (claims["exp"], claims["iat"])
        if claims["typ"] != "access" or not all(
            type(one) is int for one in (*times, claims["sid"])
        ):
            raise TokenError("not an access token")
        if claims["iat"] > now + 60:
            raise TokenError("issued in the future")
        if claims["exp"] <= now:
            raise TokenError("expired", "token_expired")
        return str(claims["sub"]), int(claims["sid"])

    def _keys(self) -> list[bytes]:
        if self._settings.key is not None:
            return [self._settings.key.encode()]
        secrets_ = [self._app.secret_key, *(self._app.config.get("SECRET_KEY_FALLBACKS") or ())]
        return [_derived(key) for key in secrets_ if key]


def _derived(key: str | bytes) -> bytes:
    raw = key if isinstance(key, bytes) else key.encode()
    return hashlib.sha256(b"lback.access-token\0" + raw).digest()


def bearer_of(header: str) -> str | None:
    """The token of an ``Authorization`` header, None for another scheme."""
    scheme, _, value = header.partition(" ")
    return value.strip() if scheme.lower() == "bearer" and value else None
