"""The mails of invitations."""

from __future__ import annotations

from flask import Flask

from ...core.pages import site_name
from ...core.translation import gettext
from ...mail.service import Mailer
from ..mails.destinations import page_url, page_url_or_none
from .models import InvitationMixin


class InvitationMails:
    """What people who are asked in are told."""

    def __init__(self, app: Flask, mailer: Mailer, days: int) -> None:
        self._app = app
        self._mailer = mailer
        self._days = days

    def require_address(self) -> None:
        """Ask where the link would lead before anybody is looked for.

        :raises ConfigError: links cannot be built.
        """
        page_url("accept_invitation", token="")  # nosec B106 - none

    def invite(self, invitation: InvitationMixin, token: str, inviter: str) -> None:
        """Send the link."""
        link = page_url("accept_invitation", token=token)
        subject = gettext("You are invited")
        self._send(
            *(invitation.email, subject, "invitation", link, inviter),
            expires_minutes=self._days * 1_440,
        )

    def invite_owner(self, email: str, inviter: str) -> None:
        """Tell somebody who has an account that it is all they need.

        :param email: the stored address.
        """
        link = page_url_or_none("login")
        self._send(email, gettext("You are invited"), "invitation_exists", link, inviter)

    def _send(
        self,
        to: str,
        subject: str,
        template: str,
        link: str | None,
        inviter: str,
        expires_minutes: int | None = None,
    ) -> None:
        subject = f"{subject} - {site_name(self._app)}"
        self._mailer.send_template(
            to,
            subject,
            f"lback/mail/{template}",
            link=link,
            inviter=inviter,
            expires_minutes=expires_minutes,
        )
