"""Password hashing: argon2id for new hashes, older kinds read and replaced at the next sign-in."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING

from werkzeug.security import check_password_hash

from .settings import PasswordSettings

if TYPE_CHECKING:
    from argon2 import PasswordHasher as Argon2

_WERKZEUG = ("scrypt:", "pbkdf2:")
_DJANGO = "pbkdf2_sha256$"
_DJANGO_ARGON2 = "argon2$"
#: Iterations beyond which a stored PBKDF2 hash is taken for an attack on the server.
_MOST_ITERATIONS = 5_000_000


class PasswordHasher:
    """Hash and verify passwords (OWASP Password Storage Cheat Sheet).

    :param settings: the cost of argon2id and the longest password.
    """

    def __init__(self, settings: PasswordSettings) -> None:
        self._settings = settings
        self._made: Argon2 | None = None
        self._dummy = ""

    def use(self, settings: PasswordSettings) -> None:
        """Hash by other settings from now on."""
        self._settings, self._made, self._dummy = settings, None, ""

    def hash(self, password: str) -> str:
        """A new argon2id hash, exactly of what was typed."""
        return self._argon2.hash(password)

    def verify(self, password: str, stored: str | None) -> bool:
        """Whether ``password`` belongs to ``stored``; works as long when nothing is stored.

        An unknown kind of hash is never right.
        """
        if len(password) > self._settings.max_length:
            return False
        if not stored:
            self._spend(password)
            return False
        if stored.startswith("$argon2"):
            return self._verify_argon2(password, stored)
        if stored.startswith(_DJANGO_ARGON2):
            return self._verify_argon2(password, stored.removeprefix("argon2"))
        if stored.startswith(_WERKZEUG):
            return check_password_hash(stored, password)
        if stored.startswith(_DJANGO):
            return _verify_django(password, stored)
        self._spend(password)
        return False

    def needs_rehash(self, stored: str) -> bool:
        """Whether a hash is of an older kind, or weaker than the settings ask for."""
        return not stored.startswith("$argon2id$") or self._argon2.check_needs_rehash(stored)

    def _verify_argon2(self, password: str, stored: str) -> bool:
        from argon2.exceptions import InvalidHashError, VerificationError

        try:
            return self._argon2.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    def _spend(self, password: str) -> None:
        """Work as hard as for a real hash, so that time does not tell who has an account."""
        if not self._dummy:
            self._dummy = self._argon2.hash("no account has this password")
        self._verify_argon2(password, self._dummy)

    @property
    def _argon2(self) -> Argon2:
        if self._made is None:
            import argon2

            self._made = argon2.PasswordHasher(
                time_cost=self._settings.argon2_time_cost,
                memory_cost=self._settings.argon2_memory_kib,
                parallelism=self._settings.argon2_parallelism,
            )
        return self._made


def _verify_django(password: str, stored: str) -> bool:
    try:
        _, rounds, salt, digest = stored.split("$")
        iterations = int(rounds)
    except ValueError:
        return False
    if not 0 < iterations <= _MOST_ITERATIONS:
        return False
    made = hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), iterations)
    return hmac.compare_digest(base64.b64encode(made), digest.encode())
