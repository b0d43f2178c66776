"""Make an account for somebody whom a provider has sent, and who has none here."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from typing import Any

from ...core.state import current_state
from ..accounts import Accounts
from ..registration import Registration
from ..required import required_fields
from ..users.chiefs import Chiefs
from ..users.directory import Directory
from ..users.names import clean_email, clean_username
from .identity import Identity
from .refusals import Refusal

_NOT_IN_NAMES = re.compile(r"[^\w.+-]+")
_LONGEST = 60
_TRIES = 5


class Newcomers:
    """What an account is made of that nobody has filled a form for."""

    def __init__(
        self, directory: Directory, accounts: Accounts, registration: Registration
    ) -> None:
        self._directory = directory
        self._accounts = accounts
        self._registration = registration

    def address_of(self, identity: Identity) -> str:
        """The address as it is stored; empty where accounts have none.

        A column of the application's own knows no confirmed addresses: it takes those alone that
        the provider has verified.

        :raises Refusal: there is none that can be used.
        """
        name = self._directory.email_name
        if name is None:
            return ""
        if not self._directory.has_email and not identity.verified:
            if name in required_fields(self._directory.user_class):
                raise Refusal("no_address")
            return ""
        try:
            return clean_email(identity.email)
        except ValueError as error:
            raise Refusal("no_address") from error

    def is_chief(self, email: str) -> bool:
        """Whether the address makes a superuser, once it is known to be theirs."""
        return current_state()[Chiefs].has(email)

    def make(self, identity: Identity, email: str) -> Any:
        """An account without a password, added to the session.

        :raises InvalidFieldsError: somebody else was faster.
        """
        name = self._directory.email_name
        fields: dict[str, Any] = {name: email} if name is not None and email else {}
        if self._directory.has_username:
            fields["username"] = self._username(identity)
        if identity.verified and hasattr(self._directory.user_class, "first_name"):
            # Else anybody could have us write to somebody by a name that is a message.
            fields["first_name"] = identity.name
        user = self._registration.register_passwordless(verified=identity.verified, **fields)
        if identity.verified:
            current_state()[Chiefs].welcome(user)
        return user

    def _username(self, identity: Identity) -> str:
        for name in self._usernames(identity):
            if not self._accounts.is_reserved(name) and not self._directory.by_username(name):
                return name
        return f"user{secrets.token_hex(6)}"

    def _usernames(self, identity: Identity) -> Iterator[str]:
        """Never a part of the address, which everybody could read then."""
        for text in (identity.username.partition("@")[0], identity.name):
            name = _NOT_IN_NAMES.sub(".", text)[:_LONGEST].strip(".")
            try:
                name = clean_username(name)
            except ValueError:
                continue
            yield name
            for digits in range(1, _TRIES + 1):
                yield f"{name}{secrets.randbelow(10**digits)}"
