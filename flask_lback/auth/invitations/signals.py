"""Signals: invitations."""

from __future__ import annotations

from ...core.signals import declare

_INVITATIONS = "the Invitations"

invitation_sent = declare(
    "invitation_sent",
    "Somebody was asked in, for the first time or again; also when the address has an account.",
    sender=_INVITATIONS,
    invitation="the row",
)
invitation_withdrawn = declare(
    "invitation_withdrawn",
    "An invitation was taken back.",
    sender=_INVITATIONS,
    invitation="the row",
)
invitation_accepted = declare(
    "invitation_accepted",
    "Somebody who was asked in has an account now.",
    sender=_INVITATIONS,
    invitation="the row",
    user="the account",
)
