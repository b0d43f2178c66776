"""A real mail server on loopback that keeps what it was sent, and one that refuses everything."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any, Self

import pytest
from aiosmtpd.controller import Controller

if TYPE_CHECKING:
    from types import TracebackType

    from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass(frozen=True)
class Delivery:
    """One message with the addresses of its envelope (where a blind copy shows)."""

    message: EmailMessage
    sender: str
    recipients: tuple[str, ...]

    def matches(self, to: str | None, subject_contains: str | None) -> bool:
        """Whether it went to this address with these words in its subject."""
        return (to is None or to.lower() in [r.lower() for r in self.recipients]) and (
            subject_contains is None or subject_contains in str(self.message["Subject"])
        )

    def __str__(self) -> str:
        return f"to {', '.join(self.recipients)}: {self.message['Subject']}"


class SmtpServer:
    """Listens on a free port of 127.0.0.1 while its ``with`` block runs.

    ``refuse`` is the SMTP answer to every recipient, such as ``"550 no such mailbox"``; without it
    every message is accepted and kept.
    """

    def __init__(self, *, refuse: str | None = None) -> None:
        self._refuse = refuse
        self._arrived = threading.Condition()
        self._deliveries: list[Delivery] = []
        self._handed_out: set[int] = set()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.host = "127.0.0.1"
        self.port: int = self._socket.getsockname()[1]
        self._controller = _Controller(self, self._socket)

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._controller.stop()
        self._socket.close()

    @property
    def config(self) -> dict[str, str | int]:
        """Flask-Mail's settings for this server."""
        return {"MAIL_SERVER": self.host, "MAIL_PORT": self.port}

    @property
    def deliveries(self) -> list[Delivery]:
        """Everything that has arrived, oldest first."""
        with self._arrived:
            return list(self._deliveries)

    @property
    def messages(self) -> list[EmailMessage]:
        """The messages that have arrived, oldest first."""
        return [delivery.message for delivery in self.deliveries]

    def wait_for(
        self,
        *,
        to: str | None = None,
        subject_contains: str | None = None,
        timeout: float = 10.0,
    ) -> EmailMessage:
        """Return the oldest matching message that was not returned before; wait for it if need be.

        Raises:
            AssertionError: nothing of the kind came in time; names what did come.
        """
        with self._arrived:
            if self._arrived.wait_for(
                lambda: self._find(to, subject_contains) is not None, timeout
            ):
                found = self._find(to, subject_contains)
                assert found is not None
                self._handed_out.add(found)
                return self._deliveries[found].message
            arrived = "; ".join(map(str, self._deliveries)) or "nothing"
        raise AssertionError(
            f"no mail to {to or 'anyone'} with {subject_contains!r} in its subject "
            f"within {timeout} s; arrived: {arrived}"
        )

    def _find(self, to: str | None, subject_contains: str | None) -> int | None:
        for index, delivery in enumerate(self._deliveries):
            if index not in self._handed_out and delivery.matches(to, subject_contains):
                return index
        return None

    # aiosmtpd calls these in its own thread.

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a recipient, or give the refusal."""
        if self._refuse:
            return self._refuse
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep a message and wake those who wait."""
        content = envelope.content
        assert isinstance(content, bytes)
        message = message_from_bytes(content, _class=EmailMessage, policy=policy.default)
        delivery = Delivery(message, envelope.mail_from or "", tuple(envelope.rcpt_tos))
        with self._arrived:
            self._deliveries.append(delivery)
            self._arrived.notify_all()
        return "250 OK"


class _Controller(Controller):
    """A controller on a socket that is bound already: no port can be lost to another process."""

    def __init__(self, handler: SmtpServer, listening: socket.socket) -> None:
        self._listening = listening
        host, port = listening.getsockname()
        super().__init__(handler, hostname=host, port=port, enable_SMTPUTF8=True)

    def _create_server(self) -> Any:
        return self.loop.create_server(self._factory_invoker, sock=self._listening)


def text_of(message: EmailMessage) -> str:
    """The plain text of a message, or its HTML where it has no plain text."""
    body = message.get_body(("plain", "html"))
    return "" if body is None else str(body.get_content())


def links_in(message: EmailMessage, containing: str = "") -> Sequence[str]:
    """The links of a message's text that hold ``containing``, in order."""
    links = re.findall(r"https?://[^\s<>\"')\]]+", text_of(message))
    return [link for link in links if containing in link]


@pytest.fixture
def smtp_server() -> Iterator[SmtpServer]:
    """A mail server that accepts and keeps everything."""
    with SmtpServer() as server:
        yield server


@pytest.fixture
def refusing_smtp_server() -> Iterator[SmtpServer]:
    """A mail server that refuses every recipient."""
    with SmtpServer(refuse="550 5.1.1 no such mailbox") as server:
        yield server
