"""The validators of new passwords that are shipped, under Django's names.

A validator is any object with ``validate(password, user=None)``, which raises a ``ValueError`` with
the message for the person, and ``get_help_text()``. One that also has
``password_changed(password, user=None)`` is told of every password that is set, before the commit.
"""

from __future__ import annotations

import difflib
import functools
import gzip
import hashlib
import itertools
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Protocol

from ...core.settings import imported
from ...core.translation import gettext
from ...exceptions import LbackError
from ..users.names import canonical

logger = logging.getLogger(__name__)

#: What is taken from an account by default, to compare a password with.
PERSONAL = ("username", "email", "first_name", "last_name")
#: Of each text of an account, this much is compared; addresses have 254 characters at most.
MOST_TEXT = 256
#: So many lines of a look-up are read. Ranges of Have I Been Pwned have one to two thousand.
MOST_SUFFIXES = 100_000

Lookup = Callable[[str], Iterable[str]]


class PasswordRefusedError(LbackError, ValueError):
    """A new password is not good enough; :attr:`messages` are for the person.

    :param messages: one, or several.
    :param code: a word for programs, such as ``password_too_short``.
    """

    def __init__(self, messages: str | Sequence[str], code: str = "password_refused") -> None:
        several = messages if isinstance(messages, list | tuple) else [messages]
        self.messages = [str(message) for message in several]
        self.code = code
        super().__init__(" ".join(self.messages))


class Validator(Protocol):
    """What a validator has at least."""

    def validate(self, password: str, user: Any = None) -> None: ...

    def get_help_text(self) -> str: ...


class MinimumLengthValidator:
    """Refuse what is short (NIST SP 800-63B: 8 characters at least, 15 where it stands alone)."""

    def __init__(self, min_length: int = 8) -> None:
        self.min_length = min_length

    def validate(self, password: str, user: Any = None) -> None:
        if len(password) < self.min_length:
            message = gettext("Use at least %(n)s characters.", n=self.min_length)
            raise PasswordRefusedError(message, "password_too_short")

    def get_help_text(self) -> str:
        return gettext("At least %(n)s characters.", n=self.min_length)


class MaximumLengthValidator:
    """Refuse what is longer than another system, which shares the password, can take.

    ``LBACK_AUTH_PASSWORD_MAX_LENGTH`` holds with any validators.
    """

    def __init__(self, max_length: int = 128) -> None:
        self.max_length = max_length

    def validate(self, password: str, user: Any = None) -> None:
        if len(password) > self.max_length:
            message = gettext("Use at most %(n)s characters.", n=self.max_length)
            raise PasswordRefusedError(message, "password_too_long")

    def get_help_text(self) -> str:
        return gettext("At most %(n)s characters.", n=self.max_length)


class CommonPasswordValidator:
    """Refuse the passwords that are guessed first (ASVS 6.2.4).

    :param password_list_path: a list of your own, one password a line, which may be gzipped.
    """

    def __init__(self, password_list_path: str | Path | None = None) -> None:
        self._known = (
            common_passwords() if password_list_path is None else _read(password_list_path)
        )

    def validate(self, password: str, user: Any = None) -> None:
        if canonical(password) in self._known:
            message = gettext("This password is on every guesser's list. Choose another one.")
            raise PasswordRefusedError(message, "password_too_common")

    def get_help_text(self) -> str:
        return gettext("None that is on every guesser's list.")


class NumericPasswordValidator:
    """Refuse digits alone; not among the defaults, since OWASP advises no such rules."""

    def validate(self, password: str, user: Any = None) -> None:
        if password.isdigit():
            message = gettext("Use something else than digits, too.")
            raise PasswordRefusedError(message, "password_entirely_numeric")

    def get_help_text(self) -> str:
        return gettext("Not digits alone.")


class _PersonalValidator:
    """What compares a password with the texts of its owner, and with their words."""

    def __init__(self, user_attributes: Sequence[str] = PERSONAL) -> None:
        self.user_attributes = tuple(user_attributes)

    def validate(self, password: str, user: Any = None) -> None:
        folded = canonical(password)
        for text in self._texts_of(user):
            if self._is_like(folded, text):
                message = gettext("This is too close to your name or address. Choose another one.")
                raise PasswordRefusedError(message, "password_too_similar")

    def get_help_text(self) -> str:
        return gettext("Not close to your name or address.")

    def _is_like(self, folded: str, text: str) -> bool:
        raise NotImplementedError

    def _texts_of(self, user: Any) -> Iterator[str]:
        for name in self.user_attributes:
            value = getattr(user, name, None)
            if isinstance(value, str):
                whole = canonical(value[:MOST_TEXT])
                yield from {whole, *whole.split("@"), *re.split(r"[\W_]+", whole)} - {""}


class OwnNamesValidator(_PersonalValidator):
    """Refuse a name of the owner with up to three more characters."""

    def _is_like(self, folded: str, text: str) -> bool:
        return len(text) >= 4 and text in folded and len(folded) - len(text) < 4


class UserAttributeSimilarityValidator(_PersonalValidator):
    """Refuse what shares many letters with a text of the owner, in any order.

    :param max_similarity: from 0.1 to 1; at this ratio a password is refused.
    """

    def __init__(
        self, user_attributes: Sequence[str] = PERSONAL, max_similarity: float = 0.7
    ) -> None:
        super().__init__(user_attributes)
        if max_similarity < 0.1:
            raise ValueError("max_similarity must be 0.1 or more")
        self.max_similarity = max_similarity

    def _is_like(self, folded: str, text: str) -> bool:
        matcher = difflib.SequenceMatcher(a=folded, b=text)
        limit = self.max_similarity
        return matcher.real_quick_ratio() >= limit and matcher.quick_ratio() >= limit


class BreachedPasswordValidator:
    """Refuse passwords that were stolen somewhere (NIST SP 800-63B, ASVS 6.2.12).

    The look-up hears the first five of the 40 digits of the SHA-1, and answers with the rest of
    each hash that it knows, alone or as ``SUFFIX:COUNT``: the k-anonymity protocol of Have I Been
    Pwned. One that fails refuses nobody, and leaves a line in the log: registration does not depend
    on another service.

    :param lookup: a function or its dotted path. A list of validators in the settings may leave it
        out: then ``LBACK_AUTH_PASSWORD_BREACH_LOOKUP`` is asked.
    """

    def __init__(self, lookup: Lookup | str | None = None) -> None:
        found: Any = lookup
        if isinstance(lookup, str):
            key = "LBACK_AUTH_PASSWORD_BREACH_LOOKUP"
            found = imported(f"{key} is {lookup!r}, which", lookup, "Give package.module:function.")
        if not callable(found):
            raise ValueError("it needs a look-up: set LBACK_AUTH_PASSWORD_BREACH_LOOKUP")
        self._lookup: Lookup = found

    def validate(self, password: str, user: Any = None) -> None:
        digest = hashlib.sha1(password.encode(errors="replace"), usedforsecurity=False)
        whole = digest.hexdigest().upper()
        if self._is_known(whole[:5], whole[5:]):
            message = gettext("This password was stolen from another site. Choose another one.")
            raise PasswordRefusedError(message, "password_breached")

    def get_help_text(self) -> str:
        return gettext("None that was ever stolen from another site.")

    def _is_known(self, prefix: str, suffix: str) -> bool:
        try:
            answer = self._lookup(prefix)
            lines = answer.splitlines() if isinstance(answer, str) else answer
            for line in itertools.islice(lines, MOST_SUFFIXES):
                known, _, count = line.strip().partition(":")
                if known.upper() == suffix:
                    return count != "0"  # lines that only pad the answer
        except Exception as error:
            # The text of the error may hold the prefix, which is part of a password's hash.
            logger.warning(
                "The look-up of stolen passwords failed: %s. The password was not looked up.",
                type(error).__name__,
            )
        return False


@functools.cache
def common_passwords() -> frozenset[str]:
    """The shipped list, one password a line, canonical."""
    text = resources.files(__package__).joinpath("common_passwords.txt").read_text("utf-8")
    return frozenset(text.split("\n"))


def _read(path: str | Path) -> frozenset[str]:
    data = Path(path).read_bytes()
    if data.startswith(b"\x1f\x8b"):
        data = gzip.decompress(data)
    return frozenset(canonical(line) for line in data.decode().splitlines()) - {""}
