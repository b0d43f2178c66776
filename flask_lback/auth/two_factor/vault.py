"""What is kept of secrets: those that must be read again encrypted, those that are compared hashed.

Every key is derived from ``SECRET_KEY`` and from each of ``SECRET_KEY_FALLBACKS`` (HKDF, RFC 5869),
with a label of its own, so that none serves two purposes.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING

from flask import Flask

from ..signing import secret_keys

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

_SECRETS = b"lback.two-factor.secrets"
_CODES = b"lback.two-factor.codes"


class Vault:
    """Encrypts, decrypts and hashes for one application.

    Codes are hashed with a key: six digits could be tried out from a copy of the database in no
    time, and sixty bits by somebody rich. With the key kept elsewhere neither is possible, and no
    slow hash is needed (NIST SP 800-63B-4, 3.1.2.2).
    """

    def __init__(self, app: Flask) -> None:
        self._app = app

    def encrypt(self, text: str) -> str:
        """A text that the present key opens."""
        return self._fernet().encrypt(text.encode()).decode()

    def decrypt(self, token: str) -> str | None:
        """The text again; None when no key opens it."""
        from cryptography.fernet import InvalidToken

        try:
            return self._fernet().decrypt(token).decode()
        except InvalidToken:
            self._app.logger.error(
                "A second factor cannot be read: SECRET_KEY was replaced, and the old one is not "
                "in SECRET_KEY_FALLBACKS. `flask lback reset-two-factor` lets its owner in again."
            )
            return None

    def hashed(self, *parts: str) -> str:
        """What is stored of a code, by the present key."""
        return self.hashes(*parts)[0]

    def hashes(self, *parts: str) -> list[str]:
        """What may be stored of a code, by each key."""
        text = "\0".join(parts).encode()
        return [hmac.new(key, text, hashlib.sha256).hexdigest() for key in self._keys(_CODES)]

    def _fernet(self) -> MultiFernet:
        from cryptography.fernet import Fernet, MultiFernet

        keys = self._keys(_SECRETS)
        return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys])

    def _keys(self, label: bytes) -> list[bytes]:
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        return [
            HKDF(SHA256(), length=32, salt=None, info=label).derive(key)
            for key in reversed(secret_keys(self._app))
        ]
