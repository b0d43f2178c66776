"""Signals: known devices."""

from __future__ import annotations

from ...core.signals import declare

new_device_seen = declare(
    "new_device_seen",
    "An account was signed in to from a device that it did not know, and not for the first time.",
    sender="the DeviceMails",
    user="the account",
    session="the row of the session",
    device="the row of the browser, None for a client that keeps tokens and no cookie",
)
