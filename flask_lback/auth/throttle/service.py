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
#: No limit, but a counter that lives as long as the longest window.
_UNLOCKED = "1000000 per day"


@dataclass(frozen=True)
class Attempt:
    """One password that is tried.

    :ivar allowed: whether it may be looked at.
    :ivar counted: what it was counted under, besides its network address, within the budget; each
        with its generation.
    """

    allowed: bool
    counted: tuple[tuple[tuple[str, str], str], ...] = ()


class PasswordThrottle:
    """The budgets of wrong passwords: of an account, of a known device and of an address.

    An attempt is counted before anything is hashed, by one atomic step of the shared store, so
    that parallel ones get no further than one after the other (NIST SP 800-63B 3.2.2, ASVS 6.3.1).
    Names that nobody has are counted like the others. Who uses an account's budget up keeps its
    owner out neither of a browser that has signed in before nor of the reset mail (ASVS 6.1.1). One
    address uses up half of it at most, which keeps its owner out of no other address.
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
        account, generation = _account(user, identifier), self._generation(user)
        name = account if identifier is None else _name(canonical(identifier))
        named = identifier is None or self._has_room(name, generation)
        if named and self._has_room(account, generation):
            counted = [account] if identifier is None else [account, name]
            return Attempt(True, tuple((key, generation) for key in counted))
        self._lockouts.report(user, account[1], identifier)
        if self._knows_device(user):
            return Attempt(True)
        if named and identifier is not None:
            return Attempt(False)
        self._limits.check(
            self._settings.password_per_account_and_address, *_from_here(name, generation)
        )
        raise self._limits.refusal(self._settings.password_per_account, *name)

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
        for key, generation in attempt.counted:
            self._limits.give_back(self._settings.password_per_account, *key)
            self._limits.give_back(
                self._settings.password_per_account_and_address, *_from_here(key, generation)
            )

    def forgive(self, user: Any) -> None:
        """Forget what was tried on an account, under each of its names, and what from here.

        What was tried from other addresses, or a known device, is counted on.
        """
        generation = self._generation(user)
        for key in (_account(user), *map(_name, canonical_names_of(user))):
            self._limits.clear(self._settings.password_per_account, *key)
            self._limits.clear(
                self._settings.password_per_account_and_address, *_from_here(key, generation)
            )

    def unlock(self, user: Any) -> None:
        """Forget what was tried on an account, from wherever."""
        self.forgive(user)
        self._limits.allows(_UNLOCKED, "password-unlocked", str(key_of(user)))

    def _has_room(self, key: tuple[str, str], generation: str) -> bool:
        """Count an attempt from here, and within that of all addresses together."""
        here = _from_here(key, generation)
        return self._limits.allows(
            self._settings.password_per_account_and_address, *here
        ) and self._limits.allows(self._settings.password_per_account, *key)

    def _generation(self, user: Any) -> str:
        """Changes with the password and with each unlocking: then every address begins anew.

        The addresses that have been counted are known to nobody, so that none can be cleared.
        """
        who = "" if user is None else str(key_of(user))
        times = self._limits.count(_UNLOCKED, "password-unlocked", who)  # asked for nobody, too
        return "" if user is None else f"{user.password_hash}:{times}"

    def _knows_device(self, user: Any) -> bool:
        limit = self._settings.password_per_device
        return any(
            (key := recognise(user)) is not None
            and self._limits.allows(limit, "password-device", key)
            for recognise in self._recognisers
        )


def _from_here(key: tuple[str, str], generation: str) -> tuple[str, ...]:
    """What is counted of one account, or name, from the address that asks."""
    return f"{key[0]}-address", key[1], caller(), generation


def _account(user: Any, identifier: str | None = None) -> tuple[str, str]:
    who = f"name:{canonical(identifier or '')}" if user is None else f"user:{key_of(user)}"
    return "password-account", who


def _name(text: str) -> tuple[str, str]:
    return "password-name", text
