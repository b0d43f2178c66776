"""The mail about a link: whoever gets one has an eye on the account (ASVS 6.3.7)."""

from __future__ import annotations

from typing import Any

from flask import Flask

from ...core.pages import site_name
from ...core.translation import gettext
from ...mail.service import Mailer
from ..mails.destinations import page_url_or_none
from ..users.identity import address_of, greeting_of


class OAuthMails:
    """What owners are told; that a mail cannot be written changes no answer."""

    def __init__(self, app: Flask, mailer: Mailer) -> None:
        self._app = app
        self._mailer = mailer

    def linked(self, user: Any, label: str) -> None:
        """The account can be opened through a provider from now on."""
        address = address_of(user)
        if not address:
            return
        subject = gettext("%(provider)s was linked", provider=label)
        self._mailer.send_template(
            address,
            f"{subject} - {site_name(self._app)}",
            "lback/mail/oauth_linked",
            user_name=greeting_of(user),
            provider=label,
            link=page_url_or_none("connections"),
        )
