"""What people are told by mail about their data."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Flask

from ...core.pages import site_name
from ...core.translation import gettext
from ...exceptions import ConfigError
from ...mail.service import Mailer
from ..mails.destinations import page_url_or_none
from ..users.identity import address_of, greeting_of


class PersonalDataMails:
    """The mails of this part; that one cannot be written changes no answer."""

    def __init__(self, app: Flask, mailer: Mailer) -> None:
        self._app = app
        self._mailer = mailer

    def exported(self, user: Any) -> None:
        """Tell the owner that somebody has taken the account's data along."""
        link = page_url_or_none("request_reset_password")
        self._send(user, "data_exported", gettext("Your data was exported"), link=link)

    def deletion_requested(self, user: Any, due_at: dt.datetime) -> None:
        """Tell the owner when the account goes, and how to keep it."""
        link = page_url_or_none("login")
        subject = gettext("Your account will be deleted")
        self._send(user, "deletion_requested", subject, link=link, due_at=due_at)

    def deletion_cancelled(self, user: Any) -> None:
        """Tell the owner that the account stays."""
        link = page_url_or_none("request_reset_password")
        self._send(user, "deletion_cancelled", gettext("Your account stays"), link=link)

    def deleted(self, email: str, name: str) -> None:
        """Tell whoever owned the account that it is gone."""
        self._write(email, "account_deleted", gettext("Your account is deleted"), name, link=None)

    def _send(self, user: Any, template: str, subject: str, **context: Any) -> None:
        if address := address_of(user):
            name = greeting_of(user)
            self._write(address, template, subject, name, **context)

    def _write(self, to: str, template: str, subject: str, name: str, **context: Any) -> None:
        subject = f"{subject} - {site_name(self._app)}"
        try:
            self._mailer.send_template(
                to, subject, f"lback/mail/{template}", user_name=name, **context
            )
        except ConfigError:
            self._app.logger.exception("An account could not be told: %s", template)
