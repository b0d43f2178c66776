"""What a new password must be: length, not common, not made of the account (ASVS 6.2)."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from importlib import resources

from ..core.translation import gettext
from .names import canonical
from .settings import PasswordSettings


class PasswordPolicy:
    """The rules for new passwords; there are none about kinds of characters."""

    def __init__(self, settings: PasswordSettings) -> None:
        self._settings = settings

    def complaints(self, password: str, personal: Iterable[str | None] = ()) -> list[str]:
        """What is wrong with a password, for the person; empty when it is good.

        :param personal: username, address and names of its owner.
        """
        limits = self._settings
        if "\x00" in password:
            return [gettext("A password cannot hold this character.")]
        if len(password) > limits.max_length:
            return [gettext("Use at most %(n)s characters.", n=limits.max_length)]
        if len(password) < limits.min_length:
            return [gettext("Use at least %(n)s characters.", n=limits.min_length)]
        folded = canonical(password)
        if limits.refuse_common and folded in common_passwords():
            return [gettext("This password is on every guesser's list. Choose another one.")]
        if limits.refuse_similar and _is_personal(folded, personal):
            return [gettext("This is too close to your name or address. Choose another one.")]
        return []


def _is_personal(folded: str, personal: Iterable[str | None]) -> bool:
    for value in personal:
        whole = canonical(value or "")
        for part in {whole, *re.split(r"[\W_]+", whole)}:
            if len(part) >= 4 and part in folded and len(folded) - len(part) < 4:
                return True
    return False


@functools.cache
def common_passwords() -> frozenset[str]:
    """The shipped list, one password a line, canonical."""
    text = resources.files(__package__).joinpath("common_passwords.txt").read_text("utf-8")
    return frozenset(text.split("\n"))
