"""Those who wait between the first proof and the second one."""

from __future__ import annotations

from ...core.state import State
from ...core.translation import gettext
from ...exceptions import TokenError
from ..accounts import Accounts
from ..entrance import Challenge, Entrance
from .service import TwoFactor


class Challenges:
    """What a challenge allows: to finish by a second proof, or to set the first one up.

    A challenge alone opens nothing, and dies with the password it stands for.
    """

    def __init__(self, state: State, two_factor: TwoFactor) -> None:
        self._accounts = state[Accounts]
        self._entrance = state[Entrance]
        self._two_factor = two_factor

    def read(self, text: str) -> Challenge:
        """Who waits.

        :raises TokenError: ``invalid_challenge``.
        """
        return self._entrance.read(text)

    def verified(self, text: str, method: str, code: str) -> Challenge:
        """Who may enter now, by the code of a second proof.

        :raises TokenError: ``invalid_challenge``.
        :raises AuthenticationError: ``invalid_code``.
        :raises Problem: 429, too many attempts.
        """
        self._two_factor.verify(self.read(text).user, method, code)
        return self._held(text)

    def for_setup(self, text: str) -> Challenge:
        """Who waits and has no second factor yet: nobody else may set one up without a sign-in.

        :raises TokenError: ``invalid_challenge``.
        """
        challenge = self.read(text)
        if not self._two_factor.must_set_up(challenge.user):
            raise _refused()
        return challenge

    def confirmed(self, text: str, method: str, code: str) -> tuple[Challenge, list[str]]:
        """Who may enter now, by the first code of a new way; and their recovery codes.

        :raises TokenError: ``invalid_challenge``.
        :raises AuthenticationError: ``invalid_code``.
        :raises Problem: 429, too many attempts.
        """
        codes = self._two_factor.confirm(self.for_setup(text).user, method, code)
        return self._held(text), codes

    def _held(self, text: str) -> Challenge:
        """The challenge once more, while nobody can change the password until the next commit.

        Otherwise a sign-in could end after a reset that began after its first proof.
        """
        challenge = self.read(text)
        if not self._accounts.claim(challenge.user):
            raise _refused()
        return challenge


def method_of(challenge: Challenge, method: str) -> str:
    """How the session was opened, such as ``password+totp``."""
    return f"{challenge.method}+{method}"


def _refused() -> TokenError:
    return TokenError(gettext("This took too long. Sign in again."), "invalid_challenge")
