"""What an API token looks like: ``lbk_``, 30 random signs, 6 signs of a checksum.

The beginning is there for scanners that look for leaked secrets, the checksum so that they, and
we, tell a token from a text that only looks like one. Nothing secret rests on either.
"""

from __future__ import annotations

import secrets
import string
import zlib

from ..sessions.loading import digest

_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
#: Random signs: 30 of 62 are 178 bits.
_RANDOM = 30
_CHECKSUM = 6
#: Characters that its owner is shown of a token later on.
SHOWN = 12


class TokenFormat:
    """Makes and recognises the tokens of one application.

    :param start: what they start with.
    """

    def __init__(self, start: str) -> None:
        self._start = start
        self._length = len(start) + _RANDOM + _CHECKSUM

    def make(self) -> str:
        """A new token."""
        text = self._start + "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM))
        return text + _checksum(text)

    def is_ours(self, text: str) -> bool:
        """Whether a text starts as our tokens do, whatever follows."""
        return text.startswith(self._start)

    def digest_of(self, text: str) -> str | None:
        """What is stored of a token; None for what cannot be one, at no cost to the database.

        SHA-256 is enough: nobody can try out what is random, and a request waits for it.
        """
        if len(text) != self._length or not text.startswith(self._start) or not text.isascii():
            return None
        body = text[:-_CHECKSUM]
        return digest(text) if text[-_CHECKSUM:] == _checksum(body) else None


def _checksum(text: str) -> str:
    number, signs = zlib.crc32(text.encode()), ""
    for _ in range(_CHECKSUM):
        number, rest = divmod(number, len(_ALPHABET))
        signs = _ALPHABET[rest] + signs
    return signs
