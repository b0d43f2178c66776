"""The mails about second factors (ASVS 6.3.7)."""

from __future__ import annotations

from typing import Any

from flask import Flask

from ...core.pages import site_name
from ...core.translation import gettext
from ...mail.service import Mailer
from ..mails.destinations import page_url_or_none
from ..users.identity import greeting_of


class TwoFactorMails:
    """What owners are told; an account without an address is told nothing."""

    def __init__(self, app: Flask, mailer: Mailer) -> None:
        self._app = app
        self._mailer = mailer

    def enabled(self, user: Any, label: str) -> None:
        """A way of a second proof was added."""
        subject = gettext("A second step was added to your account")
        self._tell(user, "two_factor_enabled", subject, label=label)

    def disabled(self, user: Any, label: str | None) -> None:
        """A way was removed; None: all of them."""
        subject = gettext("A second step was removed from your account")
        self._tell(user, "two_factor_disabled", subject, label=label)

    def recovery_code_used(self, user: Any, left: int) -> None:
        """A recovery code opened the account."""
        subject = gettext("A recovery code of your account was used")
        self._tell(user, "recovery_code_used", subject, left=left)

    def code(self, user: Any, code: str, minutes: int) -> None:
        """The code itself."""
        subject = gettext("Your code")
        self._send(user, "sent_code", subject, code=f"{code[:3]} {code[3:]}", minutes=minutes)

    def _tell(self, user: Any, template: str, subject: str, **context: Any) -> None:
        """A mail about what has happened: that no link can be built does not stop it."""
        link = page_url_or_none("request_reset_password")
        self._send(user, template, subject, link=link, **context)

    def _send(self, user: Any, template: str, subject: str, **context: Any) -> None:
        address = getattr(user, "email", None)
        if address:
            name = greeting_of(user)
            subject = f"{subject} - {site_name(self._app)}"
            self._mailer.send_template(
                address, subject, f"lback/mail/{template}", user_name=name, **context
            )
