"""Render a pair of templates and send the message in the background."""

from __future__ import annotations

from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, render_template

from ..core.pages import site_name
from ..exceptions import ConfigError
from ..tasks.runner import TaskRunner
from .backends import MailBackend, make_backend
from .links import site_url
from .settings import MailSettings
from .signals import email_failed, email_sent


class Mailer:
    """The mail of one application.

    :param runner: sends messages after the response.
    """

    def __init__(self, app: Flask, settings: MailSettings, runner: TaskRunner) -> None:
        self._app = app
        self._settings = settings
        self._runner = runner
        self._backend: MailBackend | None = None

    @property
    def backend(self) -> MailBackend:
        """The back end, made at the first message."""
        if self._backend is None:
            self._backend = make_backend(self._app, self._settings)
        return self._backend

    def use_backend(self, backend: MailBackend) -> None:
        """Send through another back end from now on."""
        self._backend = backend

    def send_template(self, to: str, subject: str, template: str, **context: Any) -> None:
        """Send ``<template>.txt`` and ``<template>.html`` to one address.

        Rendering happens now, sending in the background: a server that does not answer neither
        slows the request nor changes its response.

        :raises ConfigError: a header holds a line break.
        """
        context |= {"site_name": site_name(self._app), "address": to}
        self.send(
            to,
            subject,
            render_template(f"{template}.txt", **context),
            render_template(f"{template}.html", **context),
        )

    def send(
        self,
        to: str,
        subject: str,
        text: str,
        html: str | None = None,
        *,
        sender: str | None = None,
    ) -> None:
        """Send a message to one address.

        :param sender: the sender, when it is not the site's own.
        :raises ConfigError: a header holds a line break.
        """
        message = EmailMessage()
        try:
            message["Subject"] = f"{self._settings.subject_prefix}{subject}"
            message["From"] = sender or self._sender()
            message["To"] = to
        except (ValueError, HeaderParseError) as error:
            raise ConfigError(f"A header of a mail cannot be written: {error}") from error
        message["Date"] = formatdate()
        message["Message-ID"] = make_msgid(domain=self._host())
        message.set_content(text)
        if html is not None:
            message.add_alternative(html, subtype="html")
        self._runner.run_later(self._deliver, message)

    def _deliver(self, message: EmailMessage) -> None:
        values = {"recipients": [str(message["To"])], "subject": str(message["Subject"])}
        try:
            self.backend.send(message)
        except Exception as error:
            self._app.logger.exception("A mail could not be sent: %s", values["subject"])
            email_failed.emit(self, exception=error, **values)
        else:
            email_sent.emit(self, **values)

    def _sender(self) -> str:
        sender = self._settings.sender or self._app.config.get("MAIL_DEFAULT_SENDER")
        if isinstance(sender, tuple | list):
            return str(Address(sender[0] or "", addr_spec=sender[1]))
        return sender or f"noreply@{self._host()}"

    def _host(self) -> str:
        try:
            host = urlsplit(site_url(self._app)).hostname or "localhost"
        except ConfigError:
            return "localhost"
        return "localhost" if host.replace(".", "").isdigit() or ":" in host else host
