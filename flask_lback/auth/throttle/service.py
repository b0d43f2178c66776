"""Count the passwords that are tried, over all ways in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ...limits.service import RateLimits, caller
from ..settings import LimitSettings
from ..users.identity import canonical_names_of
from ..users.mixins import key_of
from ..users.names import canonical
from .lockouts import Lockouts

Recogniser = Callable[[Any], str | None]


@dataclass(frozen=True)
class Attempt:
    """One password that is tried.

    :ivar allowed: whether it may be looked at.
    :ivar counted: what it was counted under, besides its network address, within the budget.
    """

    allowed: bool
    counted: tuple[tuple[str, str], ...] = ()


class PasswordThrottle:
    """The budgets of wrong passwords: of an account, of a known device and of an address.

    An attempt is counted before anything is hashed, by one atomic step of the shared store, so
    that parallel ones get no further than one after the other (NIST SP 800-63B 3.2.2, ASVS 6.3.1).
    Names that nobody has are counted like the others. Who uses an account's budget up keeps its
    owner out neither of a browser that has signed in before nor of the reset mail (ASVS 6.1.1).
    """

    def __init__(self, limits: RateLimits, settings: LimitSettings, lockouts: Lockouts) -> None:
        self._limits = limits
        self._settings = settings
        self._lockouts = lockouts
        self._recognisers: list[Recogniser] = []

    def recognise_by(self, recognise: Recogniser) -> None:
        """Give known devices a budget of their own; parts do so in their ``plan``.

        :param recognise: takes an account, or None for an unknown name, which must take as long,
            and gives the key of the device that asks when the account knows it.
        """
        self._recognisers.append(recognise)

    def admit(self, user: Any, identifier: str | None = None) -> Attempt:
        """Count one attempt.

        Attempts are counted by name and by account: one whose account was tried out under its other
        name is to be refused like a wrong password, since 429 would tell that the two names are
        one person's.

        :param user: whose password it should be; None for a name that nobody has.
        :param identifier: the name that was typed; None where the account is known already.
        :returns: the attempt; its password is looked at only when it is allowed.
        :raises Problem: 429, too many attempts.
        """
        self._limits.hit(self._settings.password_per_address, "password-address", caller())
        limit, account = self._settings.password_per_account, _account(user, identifier)
        name = account if identifier is None else _name(canonical(identifier))
        named = identifier is None or self._limits.allows(limit, *name)
        if named and self._limits.allows(limit, *account):
            return Attempt(True, (account, name) if identifier is not None else (account,))
        self._lockouts.report(user, account[1], identifier)
        if self._knows_device(user):
            return Attempt(True)
        if named and identifier is not None:
            return Attempt(False)
        raise self._limits.refusal(limit, *name)

    def accept(self, user: Any) -> None:
        """Take note that the password was right: the account starts afresh.

        Its address only gets this one attempt back, or an account of one's own would allow to try
        passwords for all others without end.
        """
        self._limits.give_back(self._settings.password_per_address, "password-address", caller())
        self.forgive(user)

    def accept_again(self, attempt: Attempt) -> None:
        """Take note that a program's password was right, which it sends with every request.

        It was no attempt. What others have tried is counted on: else a program that asks every
        minute would give whoever guesses a new budget every minute.
        """
        self._limits.give_back(self._settings.password_per_address, "password-address", caller())
        for key in attempt.counted:
            self._limits.give_back(self._settings.password_per_account, *key)

    def forgive(self, user: Any) -> None:
        """Forget what was tried on an account, under each of its names.

        What was tried from an address or a known device is counted on.
        """
        limit = self._settings.password_per_account
        self._limits.clear(limit, *_account(user))
        for name in canonical_names_of(user):
            self._limits.clear(limit, *_name(name))

    def _knows_device(self, user: Any) -> bool:
        limit = self._settings.password_per_device
        return any(
            (key := recognise(user)) is not None
            and self._limits.allows(limit, "password-device", key)
            for recognise in self._recognisers
        )


def _account(user: Any, identifier: str | None = None) -> tuple[str, str]:
    who = f"name:{canonical(identifier or '')}" if user is None else f"user:{key_of(user)}"
    return "password-account", who


def _name(text: str) -> tuple[str, str]:
    return "password-name", text
