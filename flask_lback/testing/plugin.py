"""Fixtures for pytest, found by its entry point. Nothing heavy is imported before one is used."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from email.message import EmailMessage

    from flask import Flask
    from flask.testing import FlaskClient


@pytest.fixture
def lback_app(request: pytest.FixtureRequest) -> Iterator[Flask]:
    """Your ``app`` fixture, ready: tables made, hashing cheap, no mail leaves.

    The tables are dropped afterwards: never let ``app`` point at a database with data in it.
    """
    from ..db.schema import drop, initialize
    from .kit import outbox_of, use_cheap_hasher

    app: Flask = request.getfixturevalue("app")
    use_cheap_hasher(app)
    outbox_of(app)
    with app.app_context():
        initialize(app)
    yield app
    with app.app_context():
        drop(app)


@pytest.fixture
def login_as(lback_app: Flask) -> Callable[..., FlaskClient]:
    """``login_as(user)`` gives a test client on which that account is signed in."""
    from .kit import sign_in

    def sign(user: Any, client: FlaskClient | None = None) -> FlaskClient:
        return sign_in(lback_app, user, client=client)

    return sign


@pytest.fixture
def outbox(lback_app: Flask) -> list[EmailMessage]:
    """The mails that were sent."""
    from .kit import outbox_of

    return outbox_of(lback_app)


@pytest.fixture
def query_counter(lback_app: Flask) -> Callable[[], AbstractContextManager[list[str]]]:
    """A context manager that collects the SQL that runs within it."""
    from .kit import count_queries

    return lambda: count_queries(lback_app)


@pytest.fixture
def signals_sent() -> Callable[..., AbstractContextManager[list[tuple[str, dict[str, Any]]]]]:
    """Takes names of signals, and is a context manager that collects names and arguments."""
    from .kit import record_signals

    return record_signals
