"""Signals: passkeys."""

from __future__ import annotations

from ...core.signals import declare

_SENDER = "the Passkeys"

passkey_added = declare(
    "passkey_added",
    "An account has a new passkey.",
    sender=_SENDER,
    user="the account",
    passkey="the row of the passkey",
)
passkey_removed = declare(
    "passkey_removed",
    "A passkey was taken from an account.",
    sender=_SENDER,
    user="the account",
    passkey_name="what it was called",
)
passkey_failed = declare(
    "passkey_failed",
    "A passkey was refused.",
    sender=_SENDER,
    user="the account whose passkey it is, or None",
    reason="a word, such as `unknown`, `replayed`, `sign_count`, `signature` or `expired`",
)
