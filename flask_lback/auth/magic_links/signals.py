"""Signals: sign in by mailed link."""

from __future__ import annotations

from ...core.signals import declare

_LINKS = "the MagicLinks"

magic_link_sent = declare(
    "magic_link_sent",
    "A link to sign in is on its way to the owner of an account.",
    sender=_LINKS,
    user="the account",
)
magic_link_used = declare(
    "magic_link_used",
    "A link to sign in was right; a second step may still be asked for.",
    sender=_LINKS,
    user="the account",
)
magic_link_failed = declare(
    "magic_link_failed",
    "A link to sign in could not be used.",
    sender=_LINKS,
    error_type="`invalid_token`, `token_expired` or `other_browser`",
)
