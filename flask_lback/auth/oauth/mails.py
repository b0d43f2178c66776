"""The mail about a link: whoever gets one has an eye on the account (ASVS 6.3.7)."""

from __future__ import annotations

from typing import Any

from flask import Flask
from werkzeug.routing import BuildError

from ...core.pages import site_name
from ...core.translation import gettext
from ...exceptions import ConfigError
from ...mail.links import external_url
from ...mail.service import Mailer


class OAuthMails:
    """What owners are told; that a mail cannot be written changes no answer."""

    def __init__(self, app: Flask, mailer: Mailer) -> None:
        self._app = app
        self._mailer = mailer

    def linked(self, user: Any, label: str) -> None:
        """The account can be opened through a provider from now on."""
        address = getattr(user, "email", None)
        if not address:
            return
        try:
            link = external_url("lback_auth.connections")
        except BuildError:  # an application without our pages
            link = None
        except ConfigError:
            self._app.logger.exception("An account could not be told: oauth_linked")
            return
        subject = gettext("%(provider)s was linked", provider=label)
        self._mailer.send_template(
            address,
            f"{subject} - {site_name(self._app)}",
            "lback/mail/oauth_linked",
            user_name=getattr(user, "first_name", "") or user.get_username(),
            provider=label,
            link=link,
        )
