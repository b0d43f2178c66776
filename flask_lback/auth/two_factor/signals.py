"""Signals: second factors."""

from __future__ import annotations

from ...core.signals import declare

_SENDER = "the TwoFactor service"

two_factor_enabled = declare(
    "two_factor_enabled",
    "An account has a further way of a second proof; every other session has ended.",
    sender=_SENDER,
    user="the account",
    method="the way, such as `totp`",
)
two_factor_disabled = declare(
    "two_factor_disabled",
    "A way of a second proof was taken from an account, by its owner or an administrator.",
    sender=_SENDER,
    user="the account",
    method="the way; None for all of them",
)
two_factor_failed = declare(
    "two_factor_failed",
    "After a right first proof the second one was wrong.",
    sender=_SENDER,
    user="the account",
    method="the way",
)
recovery_code_used = declare(
    "recovery_code_used",
    "A recovery code took the place of the second factor.",
    sender=_SENDER,
    user="the account",
    left="how many are left",
)
recovery_codes_made = declare(
    "recovery_codes_made",
    "An account has new recovery codes; former ones are dead. The codes are not passed on.",
    sender=_SENDER,
    user="the account",
)
