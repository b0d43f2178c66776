"""The mails about passkeys: whoever gets one has an eye on the account (ASVS 6.3.7)."""

from __future__ import annotations

from typing import Any

from flask import Flask

from ...core.pages import site_name
from ...core.translation import gettext
from ...limits.service import RateLimits
from ...mail.service import Mailer
from ..mails.destinations import page_url_or_none
from ..users.identity import address_of, greeting_of, own_words

#: How often an owner is warned.
_WARNINGS = "1 per hour"


class PasskeyMails:
    """What owners are told; that a mail cannot be written changes no answer."""

    def __init__(self, app: Flask, mailer: Mailer, limits: RateLimits) -> None:
        self._app = app
        self._mailer = mailer
        self._limits = limits

    def added(self, user: Any, name: str) -> None:
        """A passkey was added."""
        self._send(user, "passkey_added", gettext("A passkey was added"), name)

    def removed(self, user: Any, name: str) -> None:
        """A passkey was removed."""
        self._send(user, "passkey_removed", gettext("A passkey was removed"), name)

    def suspected(self, user: Any) -> None:
        """Two devices seem to have the same passkey; said once an hour."""
        if self._limits.allows(_WARNINGS, "passkey-warning", user.get_id()):
            self._send(user, "passkey_suspected", gettext("A passkey was refused"))

    def _send(self, user: Any, template: str, subject: str, name: str = "") -> None:
        address = address_of(user)
        if not address:
            return
        self._mailer.send_template(
            address,
            f"{subject} - {site_name(self._app)}",
            f"lback/mail/{template}",
            user_name=greeting_of(user),
            passkey_name=own_words(user, name),
            link=page_url_or_none("passkeys"),
        )
