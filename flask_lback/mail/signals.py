"""Signals of the mail."""

from __future__ import annotations

from ..core.signals import declare

email_sent = declare(
    "email_sent",
    "A mail has been handed to its back end.",
    sender="the mailer",
    recipients="list of addresses",
    subject="the subject",
)
email_failed = declare(
    "email_failed",
    "A mail could not be handed over; it is logged and not tried again.",
    sender="the mailer",
    recipients="list of addresses",
    subject="the subject",
    exception="what was raised",
)
