"""Functions behind the fixtures, for tests that make their own applications."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from flask_sqlalchemy import SQLAlchemy

from ..auth.managers import UserManager
from ..auth.passwords.hasher import PasswordHasher
from ..auth.sessions.service import SessionManager
from ..auth.settings import PasswordSettings
from ..core.signals import catalogue
from ..core.state import state_of
from ..mail.backends import MemoryBackend
from ..mail.service import Mailer


def use_cheap_hasher(app: Flask) -> None:
    """Hash passwords with the least work argon2id allows: right for tests only."""
    cheap = PasswordSettings(argon2_time_cost=1, argon2_memory_kib=8, argon2_parallelism=1)
    state_of(app)[PasswordHasher].use(cheap)


def outbox_of(app: Flask) -> list[EmailMessage]:
    """The mails that the application has sent; from now on none leaves."""
    mailer = state_of(app)[Mailer]
    if isinstance(mailer.backend, MemoryBackend):
        return mailer.backend.outbox
    backend = MemoryBackend()
    mailer.use_backend(backend)
    return backend.outbox


def sign_in(app: Flask, user: Any, *, client: FlaskClient | None = None) -> FlaskClient:
    """A client of the application on which the account is signed in.

    :param user: the account, or its username or address.
    :param client: sign in on this one.
    """
    state = state_of(app)
    client = client or app.test_client()
    with app.test_request_context():
        found = UserManager(state).get_user(user) if isinstance(user, str) else user
        if found is None:
            raise LookupError(f"There is no account {user!r}.")
        sessions = state[SessionManager]
        session = state[SQLAlchemy].session
        key = sessions.open(session.merge(found), method="test")
        session.commit()
        client.set_cookie(sessions.cookie_name(app), key)
    return client


@contextmanager
def count_queries(app: Flask) -> Iterator[list[str]]:
    """The SQL statements that run on any of the application's databases within the block."""
    statements: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *others: Any) -> None:
        statements.append(statement)

    with app.app_context():
        engines = list(state_of(app)[SQLAlchemy].engines.values())
    for engine in engines:
        sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        for engine in engines:
            sa.event.remove(engine, "before_cursor_execute", note)


@contextmanager
def record_signals(*names: str) -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """Name and arguments of the signals that are sent within the block, the sender included."""
    sent: list[tuple[str, dict[str, Any]]] = []
    receivers = []
    for name in names:
        signal = catalogue[name]

        def receive(sender: Any, _name: str = name, **values: Any) -> None:
            sent.append((_name, {"sender": sender, **values}))

        signal.connect(receive)
        receivers.append((signal, receive))
    try:
        yield sent
    finally:
        for signal, receiver in receivers:
            signal.disconnect(receiver)
