"""Who somebody is at a provider."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .refusals import ProviderError

_LONGEST_SUBJECT = 255
_LONGEST_NAME = 150


@dataclass(frozen=True)
class Identity:
    """What a provider says of a person.

    :ivar subject: who it is; alone it decides, within one provider.
    :ivar verified: whether the provider says that the address is theirs.
    """

    subject: str
    email: str = ""
    verified: bool = False
    name: str = ""
    username: str = ""


def identity_of(claims: Mapping[str, Any], fields: Mapping[str, str]) -> Identity:
    """Read what a provider says.

    :param fields: where it says it.
    :raises ProviderError: it does not say who it is.
    """

    def said(name: str) -> Any:
        return claims.get(fields[name]) if name in fields else None

    email = _text(said("email"))
    verified = said("email_verified")
    return Identity(
        _subject(said("subject")),
        email,
        # Some write it as text; nothing else counts, and least of all its absence.
        bool(email) and (verified is True or verified == "true"),
        _text(said("name"))[:_LONGEST_NAME],
        _text(said("username"))[:_LONGEST_NAME],
    )


def main_address(entries: Any) -> tuple[str, bool]:
    """The main one of a list of addresses, and whether it is verified."""
    for one in entries if isinstance(entries, list) else ():
        if isinstance(one, dict) and one.get("primary") is True:
            email = _text(one.get("email"))
            return email, bool(email) and one.get("verified") is True
    return "", False


def _subject(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if (
        not isinstance(value, str)
        or not 0 < len(value) <= _LONGEST_SUBJECT
        or not value.isprintable()
        or value != value.strip()
    ):
        raise ProviderError("no_subject")
    return value


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) and value.isprintable() else ""
