"""Verify ID tokens (OpenID Connect Core 3.1.3.7, RFC 8725)."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Any

from ...core import clock
from .refusals import ProviderError

#: Signatures that a public key verifies. Neither ``none`` nor HS*: anybody has the public key.
ALGORITHMS = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
)
#: Seconds that the clocks of two machines may differ.
LEEWAY = 60
#: Seconds since a token was made for somebody who has just come from the provider.
OLDEST = 600
_LONGEST = 50_000
_REQUIRED = ("iss", "sub", "aud", "exp", "iat")

Keys = Callable[[str | None], list[dict[str, Any]]]


def verify(token: Any, *, keys: Keys, issuer: str, client_id: str, nonce: str) -> dict[str, Any]:
    """The claims of an ID token.

    :param keys: gives the provider's keys of a name.
    :raises ProviderError: it is forged, expired, for somebody else, or of another sign-in.
    """
    import jwt

    if not isinstance(token, str) or len(token) > _LONGEST:
        raise ProviderError("id_token")
    try:
        claims = _signed(token, keys, issuer, client_id)
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
        raise ProviderError("id_token") from error
    _check_times(claims)
    _check_party(claims, client_id)
    sent = claims.get("nonce")
    if not isinstance(sent, str) or not hmac.compare_digest(sent.encode(), nonce.encode()):
        raise ProviderError("wrong_nonce")
    return claims


def _signed(token: str, keys: Keys, issuer: str, client_id: str) -> dict[str, Any]:
    import jwt

    header = jwt.get_unverified_header(token)
    algorithm, kid = header.get("alg"), header.get("kid")
    if algorithm not in ALGORITHMS:
        raise jwt.InvalidAlgorithmError(algorithm)
    for one in keys(kid):
        if one.get("alg", algorithm) != algorithm or one.get("kty") == "oct":
            continue
        try:
            key = jwt.PyJWK(one, algorithm)
        except jwt.PyJWTError:
            continue  # of another kind than the algorithm wants
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=client_id,
                issuer=issuer,
                # Times are compared by Lback's clock.
                options={
                    "require": list(_REQUIRED),
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
        except jwt.InvalidSignatureError:
            continue
        return claims
    raise ProviderError("id_token")


def _check_times(claims: dict[str, Any]) -> None:
    now = clock.timestamp()
    times = (claims["exp"], claims["iat"], claims.get("nbf", 0))
    if not all(isinstance(one, int | float) and not isinstance(one, bool) for one in times):
        raise ProviderError("id_token")
    expires, issued, begins = times
    if expires <= now - LEEWAY or issued < now - OLDEST - LEEWAY:
        raise ProviderError("id_token_expired")
    if max(issued, begins) > now + LEEWAY:
        raise ProviderError("id_token")


def _check_party(claims: dict[str, Any], client_id: str) -> None:
    """Of several audiences, or by ``azp``, the token has to be for this site."""
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if claims.get("azp", None if several else client_id) != client_id:
        raise ProviderError("wrong_party")
