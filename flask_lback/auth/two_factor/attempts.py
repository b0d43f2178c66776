"""How often a second proof may be tried."""

from __future__ import annotations

from typing import Any

from ...limits.service import RateLimits, caller
from ..users.mixins import key_of
from .settings import TwoFactorSettings


class Attempts:
    """One budget per account, and one per address, over all ways together.

    Only who has given the first proof can use an account's budget up, so strangers lock nobody
    out (ASVS 6.1.1); the longer window keeps guessing below one chance in five thousand a day.
    """

    def __init__(self, limits: RateLimits, settings: TwoFactorSettings) -> None:
        self._limits = limits
        self._settings = settings

    def count(self, user: Any) -> None:
        """Count one attempt, before anything is compared.

        :raises Problem: 429 with ``Retry-After``.
        """
        self._limits.hit(self._settings.limit_per_address, "second-factor-address", caller())
        for limit, name in self._of_account():
            self._limits.hit(limit, name, str(key_of(user)))

    def forgive(self, user: Any) -> None:
        """A right code clears the account's counts, and not that of the address."""
        for limit, name in self._of_account():
            self._limits.clear(limit, name, str(key_of(user)))

    def count_sent(self, user: Any) -> None:
        """Count one code that is sent.

        :raises Problem: 429 with ``Retry-After``.
        """
        settings = self._settings
        self._limits.hit(settings.limit_sent_per_address, "second-factor-sent-address", caller())
        self._limits.hit(settings.limit_sent_per_account, "second-factor-sent", str(key_of(user)))

    def _of_account(self) -> tuple[tuple[str, str], ...]:
        return (
            (self._settings.limit_per_account, "second-factor"),
            (self._settings.limit_per_account_long, "second-factor-long"),
        )
