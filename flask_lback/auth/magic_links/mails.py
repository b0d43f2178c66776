"""The mail with the link."""

from __future__ import annotations

from typing import Any

from flask import Flask

from ...core.pages import site_name
from ...core.translation import gettext
from ...mail.service import Mailer
from ..users.identity import greeting_of


class MagicLinkMails:
    """The mails of this part."""

    def __init__(self, app: Flask, mailer: Mailer) -> None:
        self._app = app
        self._mailer = mailer

    def sign_in(self, user: Any, link: str, minutes: int) -> None:
        """Send the link to the stored address."""
        self._mailer.send_template(
            user.email,
            f"{gettext('Your link to sign in')} - {site_name(self._app)}",
            "lback/mail/magic_link",
            user_name=greeting_of(user),
            link=link,
            expires_minutes=minutes,
        )
