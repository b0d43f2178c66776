"""Password hashing: argon2id for new hashes, older kinds read and replaced at the next sign-in."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import hmac
import logging
import re
import unicodedata
from typing import TYPE_CHECKING

from ...exceptions import MissingExtraError
from ..settings import PasswordSettings
from .hashes import matches

if TYPE_CHECKING:
    from argon2 import PasswordHasher as Argon2

logger = logging.getLogger(__name__)

#: Put before a hash that Flask-Security made of an HMAC of the password, as it does by default.
FLASK_SECURITY = "flask-security:"
#: What a stored argon2 hash may cost, unless the settings ask for more: KiB (2 GiB is the most
#: that RFC 9106 recommends), KiB times passes, and lanes.
MOST_MEMORY, MOST_WORK, MOST_LANES = 2**21, 2**22, 64

_ARGON2 = re.compile(
    r"(?:argon2)?"  # Django puts the name before the hash
    r"(?P<argon2_hash>\$argon2(?:id|i|d)\$(?:v=\d\d\$)?"
    r"m=(?P<memory>\d{1,10}),t=(?P<passes>\d{1,10}),p=(?P<lanes>\d{1,10})"
    r"\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+)",
    re.ASCII,
)


class PasswordHasher:
    """Hash and verify passwords exactly as they were typed (OWASP Password Storage Cheat Sheet).

    :param settings: the cost of argon2id and the longest password.
    """

    def __init__(self, settings: PasswordSettings) -> None:
        self._settings = settings
        self._made: Argon2 | None = None
        self._dummy = ""
        self._told: set[str] = set()

    def use(self, settings: PasswordSettings) -> None:
        """Hash at the cost of other settings from now on."""
        self._settings = dataclasses.replace(
            self._settings,
            argon2_time_cost=settings.argon2_time_cost,
            argon2_memory_kib=settings.argon2_memory_kib,
            argon2_parallelism=settings.argon2_parallelism,
        )
        self._made, self._dummy = None, ""

    def hash(self, password: str) -> str:
        """A new argon2id hash, exactly of what was typed.

        :raises ValueError: it cannot be written in UTF-8.
        """
        return self._argon2.hash(password)

    def verify(self, password: str, stored: str | None) -> bool:
        """Whether ``password`` belongs to ``stored``; works as long when nothing is stored.

        A hash that cannot be read is never right, and costs as much as one that is wrong.
        """
        if len(password) > self._settings.max_length:
            return False
        right = self._compare(password, stored) if stored else None
        if right is None:
            self._spend(password)
        return right is True

    def needs_rehash(self, stored: str) -> bool:
        """Whether a hash is of an older kind, or weaker than the settings ask for."""
        try:
            return not stored.startswith("$argon2id$") or self._argon2.check_needs_rehash(stored)
        except ValueError:
            return True

    def _compare(self, password: str, stored: str) -> bool | None:
        """Whether the password is right; None, and nothing was computed, for an unreadable hash."""
        try:
            if stored.startswith(FLASK_SECURITY):
                password, stored = self._signed(password), stored.removeprefix(FLASK_SECURITY)
            if found := _ARGON2.fullmatch(stored):
                self._refuse_costly(int(found["memory"]), int(found["passes"]), int(found["lanes"]))
                return self._verify_argon2(password, found["argon2_hash"])
            return matches(password, stored)
        except MissingExtraError as error:
            self._tell_once(str(error))
        except ValueError:
            pass
        return None

    def _verify_argon2(self, password: str, stored: str) -> bool:
        from argon2.exceptions import VerificationError, VerifyMismatchError

        try:
            return self._argon2.verify(stored, password)
        except VerifyMismatchError:
            return False
        except VerificationError as error:
            raise ValueError("an argon2 hash that cannot be read") from error

    def _refuse_costly(self, memory: int, passes: int, lanes: int) -> None:
        own = self._settings
        if (
            memory > max(MOST_MEMORY, own.argon2_memory_kib)
            or memory * passes > max(MOST_WORK, own.argon2_memory_kib * own.argon2_time_cost)
            or lanes > max(MOST_LANES, own.argon2_parallelism)
        ):
            raise ValueError("argon2 that is too costly")

    def _signed(self, password: str) -> str:
        """What Flask-Security hashes instead of the password."""
        salt = self._settings.flask_security_salt
        if salt is None:
            self._tell_once(
                "A stored password was hashed by Flask-Security; "
                "set LBACK_AUTH_PASSWORD_FLASK_SECURITY_SALT to its SECURITY_PASSWORD_SALT."
            )
            raise ValueError("no salt of Flask-Security")
        typed = unicodedata.normalize("NFKD", password).encode()
        return base64.b64encode(hmac.digest(salt.encode(), typed, hashlib.sha512)).decode()

    def _tell_once(self, message: str) -> None:
        if message not in self._told:
            self._told.add(message)
            logger.error(message)

    def _spend(self, password: str) -> None:
        """Work as hard as for a real hash, so that time does not tell who has an account."""
        if not self._dummy:
            self._dummy = self._argon2.hash("no account has this password")
        self._verify_argon2(password.encode(errors="replace").decode(), self._dummy)

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
