"""What the owners of API tokens are told by mail."""

from __future__ import annotations

from typing import Any

from flask import Flask

from ...core.pages import site_name
from ...core.translation import gettext
from ...exceptions import ConfigError
from ...mail.service import Mailer
from ..mails.destinations import page_url_or_none
from ..users.identity import address_of, greeting_of, own_words
from .models import ApiTokenMixin


class ApiTokenMails:
    """The mails of this part; that one cannot be written changes no answer."""

    def __init__(self, app: Flask, mailer: Mailer) -> None:
        self._app = app
        self._mailer = mailer

    def made(self, user: Any, token: ApiTokenMixin) -> None:
        """Tell the owner that the account has a new token, and where it can be ended."""
        if not (address := address_of(user)):
            return
        subject = f"{gettext('A new API token')} - {site_name(self._app)}"
        try:
            self._mailer.send_template(
                address,
                subject,
                "lback/mail/api_token_created",
                user_name=greeting_of(user),
                link=page_url_or_none("tokens"),
                token_name=own_words(user, token.name),
                token_prefix=token.prefix,
                expires_at=token.expires_at,
            )
        except ConfigError:
            self._app.logger.exception("The owner of a new API token could not be told")
