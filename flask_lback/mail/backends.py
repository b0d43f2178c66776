"""Where a finished message goes."""

from __future__ import annotations

import itertools
import sys
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Protocol

from flask import Flask

from ..exceptions import ConfigError
from .settings import MailSettings


class MailBackend(Protocol):
    """Takes a message, or raises."""

    def send(self, message: EmailMessage) -> None:
        """Hand the message over."""


class SmtpBackend:
    """Flask-Mail: the application's own, or one made from its ``MAIL_*`` keys."""

    def __init__(self, app: Flask) -> None:
        if "mail" not in app.extensions:
            from flask_mail import Mail

            # Under TESTING Flask-Mail drops messages unasked; who names a server wants them there.
            Mail().init_app(app).suppress = app.config.get("MAIL_SUPPRESS_SEND", False)
        self._mail: Any = app.extensions["mail"]

    def send(self, message: EmailMessage) -> None:
        """One connection for one message."""
        from flask_mail import Message

        text, html = message.get_body(("plain",)), message.get_body(("html",))
        self._mail.send(
            Message(
                subject=message["Subject"],
                recipients=[str(message["To"])],
                sender=str(message["From"]),
                body=text.get_content() if text else None,
                html=html.get_content() if html else None,
            )
        )


class ConsoleBackend:
    """Prints the text part, for development."""

    def send(self, message: EmailMessage) -> None:
        """Write to stderr, in one piece."""
        text = message.get_body(("plain",))
        lines = [
            "-" * 72,
            *(f"{name}: {message[name]}" for name in ("From", "To", "Subject")),
            "",
            text.get_content() if text else "",
            "-" * 72,
        ]
        sys.stderr.write("\n".join(lines) + "\n")
        sys.stderr.flush()


class MemoryBackend:
    """Keeps messages in a list, for tests."""

    def __init__(self) -> None:
        self.outbox: list[EmailMessage] = []

    def send(self, message: EmailMessage) -> None:
        """Keep it."""
        self.outbox.append(message)


class FileBackend:
    """Writes each message to a file of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count(1)

    def send(self, message: EmailMessage) -> None:
        """Write ``<number>-<recipient>.eml``."""
        self._folder.mkdir(parents=True, exist_ok=True)
        name = "".join(c if c.isalnum() or c in "@.-" else "_" for c in str(message["To"]))
        for number in self._numbers:
            path = self._folder / f"{number:05}-{name[:100]}.eml"  # file systems take 255 bytes
            try:
                with path.open("xb") as file:
                    file.write(message.as_bytes())
            except FileExistsError:
                continue
            return


def make_backend(app: Flask, settings: MailSettings) -> MailBackend:
    """The back end that the settings ask for."""
    name = settings.backend
    if name is None:
        server = app.config.get("MAIL_SERVER")
        name = "smtp" if server else "memory" if app.testing else "console"
    if name == "smtp":
        if not app.config.get("MAIL_SERVER") and "mail" not in app.extensions:
            raise ConfigError(
                "LBACK_MAIL_BACKEND is 'smtp' and there is no server.", "Set MAIL_SERVER."
            )
        return SmtpBackend(app)
    if name == "memory":
        return MemoryBackend()
    if name == "file":
        return FileBackend(Path(app.instance_path) / settings.folder)
    return ConsoleBackend()
