"""The keys of access tokens: one that signs, and older ones that are still believed.

Which algorithm is used is a setting and never read from a token (RFC 8725 section 3.1); the `kid`
of a token only chooses among our own keys.
"""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import Flask

from ...core.sources import environment
from ...exceptions import ConfigError, MissingExtraError
from ...security.secret_key import weakness
from ..settings import TokenSettings

if TYPE_CHECKING:
    from jwt.algorithms import Algorithm

#: RFC 7518 section 3.2: no shorter than the hash.
SHORTEST_SECRET = 32
#: RFC 7518 section 3.3.
SHORTEST_RSA = 2048
_SETTING = "LBACK_AUTH_JWT_KEY"
_REMEDY = 'Make one with python -c "import secrets; print(secrets.token_hex(32))".'
_NEW_PAIR = {
    "RS256": "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072",
    "ES256": "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256",
    "EdDSA": "openssl genpkey -algorithm ED25519",
}
#: What a thumbprint is made of, by kind of key (RFC 7638 section 3.2, RFC 8037 section 2).
_MEMBERS = {"RSA": ("e", "kty", "n"), "EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x")}


@dataclass(frozen=True)
class SigningKey:
    """One key.

    :ivar kid: its thumbprint; None for a secret, of which nothing is told (RFC 7638 section 7).
    :ivar private: signs; None for a key that is only believed.
    :ivar public: verifies; the same for a secret.
    :ivar jwk: its public half for other services; None for a secret.
    """

    kid: str | None
    private: Any
    public: Any
    jwk: dict[str, Any] | None = None


class SigningKeys:
    """The keys of one application.

    :raises ConfigError: one is missing, weak, or of another kind than the algorithm wants.
    :raises MissingExtraError: the algorithm needs a library that is not installed.
    """

    def __init__(self, app: Flask, settings: TokenSettings) -> None:
        self._app = app
        self.algorithm = settings.algorithm
        self._given: tuple[SigningKey, ...] = ()
        if self.is_asymmetric:
            self._given = _pairs(settings)
        elif settings.key is not None:
            self._given = _secrets(app, (settings.key, *settings.key_fallbacks))
        elif settings.key_fallbacks:
            raise ConfigError(
                f"{_SETTING}_FALLBACKS is set without {_SETTING}.",
                "Give the present key, or use SECRET_KEY_FALLBACKS.",
            )

    @property
    def is_asymmetric(self) -> bool:
        """Whether others can verify tokens without being able to make them."""
        return self.algorithm in _NEW_PAIR

    @property
    def all(self) -> tuple[SigningKey, ...]:
        """Every key that is believed, the one that signs first."""
        return self._given or _of_secret_key(self._app)

    def believed(self, token: str) -> tuple[SigningKey, ...]:
        """The keys that a token may have been signed with.

        :raises PyJWTError: it is no token.
        """
        if not self.is_asymmetric:
            return self.all
        import jwt

        kid = jwt.get_unverified_header(token).get("kid")
        return tuple(key for key in self._given if key.kid == kid)

    def public_set(self) -> dict[str, list[dict[str, Any]]]:
        """The public keys as a JWK set (RFC 7517 section 5); empty for a secret."""
        return {"keys": [key.jwk for key in self.all if key.jwk is not None]}


def _of_secret_key(app: Flask) -> tuple[SigningKey, ...]:
    """Keys made from ``SECRET_KEY``, so that it signs nothing else under the same bytes."""
    found = (app.secret_key, *(app.config.get("SECRET_KEY_FALLBACKS") or ()))
    return tuple(_secret(_derived(key)) for key in found if key)


def _derived(key: str | bytes) -> bytes:
    raw = key if isinstance(key, bytes) else key.encode()
    return hashlib.sha256(b"lback.access-token\0" + raw).digest()


def _secret(raw: bytes) -> SigningKey:
    return SigningKey(None, raw, raw)


def _secrets(app: Flask, texts: tuple[str, ...]) -> tuple[SigningKey, ...]:
    for text, name in zip(texts, _names(texts), strict=True):
        if text.lstrip().startswith("-----BEGIN"):
            raise ConfigError(
                f"{name} is a key pair, but HS256 signs with a secret.",
                "Set LBACK_AUTH_JWT_ALGORITHM to RS256, ES256 or EdDSA.",
            )
        if len(text.encode()) < SHORTEST_SECRET:
            raise ConfigError(f"{name} has fewer than {SHORTEST_SECRET} bytes.", _REMEDY)
        if environment(app) == "production" and (why := weakness(text)):
            raise ConfigError(f"{name} is too weak for production: {why}.", _REMEDY)
    return tuple(_secret(text.encode()) for text in texts)


def _pairs(settings: TokenSettings) -> tuple[SigningKey, ...]:
    algorithm = settings.algorithm
    try:
        import cryptography  # noqa: F401 - only whether it is there
    except ImportError as error:
        raise MissingExtraError(
            f"LBACK_AUTH_JWT_ALGORITHM is {algorithm}, which needs cryptography.",
            "pip install 'flask-lback[keys]'",
        ) from error
    if settings.key is None:
        raise ConfigError(
            f"LBACK_AUTH_JWT_ALGORITHM is {algorithm}, but {_SETTING} is not set.",
            f"Give a private key as PEM text; make one with {_NEW_PAIR[algorithm]}.",
        )
    texts = (settings.key, *settings.key_fallbacks)
    return tuple(
        _pair(algorithm, text, name, is_first=number == 0)
        for number, (text, name) in enumerate(zip(texts, _names(texts), strict=True))
    )


def _names(texts: tuple[str, ...]) -> list[str]:
    return [_SETTING, *[f"{_SETTING}_FALLBACKS"] * (len(texts) - 1)]


def _pair(algorithm: str, text: str, name: str, *, is_first: bool) -> SigningKey:
    private, public = _loaded(text)
    if public is None or (is_first and private is None):
        wanted = "a private key" if is_first else "a key"
        raise ConfigError(
            f"{name} is not {wanted} as PEM text without a passphrase.",
            f"Make one with {_NEW_PAIR[algorithm]}.",
        )
    if (why := _unfit(algorithm, public)) is not None:
        raise ConfigError(f"{name}: {why}.", f"Make one with {_NEW_PAIR[algorithm]}.")
    jwk = _jwk(algorithm, public)
    return SigningKey(jwk["kid"], private, public, jwk)


def _loaded(text: str) -> tuple[Any, Any]:
    """Private and public half of a PEM text; None for what is not in it."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    raw = text.strip().encode()
    try:
        private = serialization.load_pem_private_key(raw, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        try:
            return None, serialization.load_pem_public_key(raw)
        except (ValueError, UnsupportedAlgorithm):
            return None, None
    return private, private.public_key()


def _unfit(algorithm: str, public: Any) -> str | None:
    """Why a key cannot be used with the algorithm."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if algorithm == "RS256":
        if not isinstance(public, rsa.RSAPublicKey):
            return "RS256 needs an RSA key"
        return f"an RSA key needs {SHORTEST_RSA} bits" if public.key_size < SHORTEST_RSA else None
    if algorithm == "ES256":
        is_right = isinstance(public, ec.EllipticCurvePublicKey)
        return None if is_right and public.curve.name == "secp256r1" else "ES256 needs a P-256 key"
    return None if isinstance(public, ed25519.Ed25519PublicKey) else "EdDSA needs an Ed25519 key"


def _jwk(algorithm: str, public: Any) -> dict[str, Any]:
    from jwt.algorithms import get_default_algorithms

    known: dict[str, Algorithm] = get_default_algorithms()
    jwk: dict[str, Any] = json.loads(known[algorithm].to_jwk(public))
    members = {name: jwk[name] for name in _MEMBERS[jwk["kty"]]}
    text = json.dumps(members, sort_keys=True, separators=(",", ":"))
    kid = urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
    return {**members, "kid": kid, "use": "sig", "alg": algorithm}
