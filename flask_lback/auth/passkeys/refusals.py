"""Why a passkey was refused: a word for the log, a sentence for people."""

from __future__ import annotations

from ...core.translation import gettext
from ...exceptions import AuthenticationError


class Refusal(Exception):
    """Inside this part: what was wrong.

    :ivar reason: for the audit log and the signal, never for whoever tried.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class PasskeyError(AuthenticationError):
    """A passkey was not accepted; the message tells what to do, and nothing about accounts."""

    def __init__(self, reason: str) -> None:
        super().__init__(_sentence(reason), "invalid_passkey")


def _sentence(reason: str) -> str:
    if reason == "expired":
        return gettext("This took too long. Try again.")
    if reason == "known":
        return gettext("This passkey is in your list already.")
    if reason == "too_many":
        return gettext("You have as many passkeys as one account can have. Remove one first.")
    return gettext("This passkey was not accepted. Try again, or use another way.")
