"""Who an ``Authorization`` header stands for.

It decides alone: a request that carries one is never taken for that of its cookie.
"""

from __future__ import annotations

import datetime as dt
import re
from base64 import b64decode
from contextlib import nullcontext
from typing import Any, Protocol

from flask import current_app, g
from flask.wrappers import Request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.pool import StaticPool

from ...core.errors import Problem
from ...core.security_log import write_refusal
from ...core.state import State
from ...exceptions import AuthenticationError, TokenError
from ...security.csrf import has_header_token, is_basic
from ..audit.service import Audit
from ..entrance import Entrance, SecondStepRequired
from ..managers import UserManager
from ..passwords.required_change import RequiredPasswordChanges
from ..sessions.loading import AccountLoader
from ..sessions.principal import USER, Login
from ..settings import AuthSettings
from ..users.directory import Directory
from ..users.mixins import AnonymousUser
from .access import AccessTokens

Found = tuple[Any, Login]

#: A scheme and one token68 (RFC 9110 section 11.4); what else stands there, or a second header
#: that a server has joined to the first, makes it none.
_HEADER = re.compile(r"([A-Za-z]+) +([A-Za-z0-9._~+/-]+=*) *\Z")
#: RFC 7617 section 2 forbids them, and so do some databases.
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LONGEST_NAME, _LONGEST_PASSWORD = 254, 4_096
#: A password that a program sends with every request is no recent proof of a person.
_NEVER = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class ApiTokenReader(Protocol):
    """Knows what API tokens look like; there is none where they are off."""

    def is_ours(self, text: str) -> bool:
        """Whether a text starts as a token does."""

    def digest_of(self, text: str) -> str | None:
        """What is stored of a token; None for what is none."""


def decides(state: State, request: Request) -> bool:
    """Whether the header, and nothing else, says who asks.

    A Basic password that is not asked for may be meant for a server in front of the application.
    """
    return has_header_token(request) or (
        is_basic(request) and "basic" in state[AuthSettings].mechanisms
    )


def find(state: State, header: str) -> Found | None:
    """The account of a header, by the mechanisms that the application accepts.

    :raises Problem: 429, too many passwords were tried.
    """
    parts = _HEADER.match(header)
    if parts is None:
        return None
    scheme, text = parts[1].lower(), parts[2]
    if scheme == "basic":
        return _by_basic(state, text)
    reader = _reader(state)
    if scheme == "token" or (reader is not None and reader.is_ours(text)):
        return _by_api_token(state, reader, text)
    return _by_access_token(state, text) if scheme == "bearer" else None


def _reader(state: State) -> ApiTokenReader | None:
    if "token" not in state[AuthSettings].mechanisms:
        return None
    return state.get(ApiTokenReader)  # type: ignore[type-abstract]


def _by_api_token(state: State, reader: ApiTokenReader | None, text: str) -> Found | None:
    digest = None if reader is None else reader.digest_of(text)
    return None if digest is None else state[AccountLoader].by_api_token(digest)


def _by_access_token(state: State, text: str) -> Found | None:
    if "jwt" not in state[AuthSettings].mechanisms:
        return None
    try:
        subject, session_id = state[AccessTokens].read(text)
    except TokenError as error:
        write_refusal("auth.bearer", reason=error.code)
        return None
    found = state[AccountLoader].by_session(session_id)
    if found is None or found[1].impersonator is not None:
        return None
    return found if found[0].get_id() == subject else None


def _by_basic(state: State, text: str) -> Found | None:
    """By name and password, or by an API token in the place of either."""
    if (pair := _decoded(text)) is None:
        return None
    name, password = pair
    reader, token = _reader(state), password or name
    if reader is not None and reader.is_ours(token):
        return _by_api_token(state, reader, token)
    return _by_password(state, name, password) if name and password else None


def _decoded(text: str) -> tuple[str, str] | None:
    """Name and password (RFC 7617, in UTF-8); None for what is neither."""
    try:
        name, colon, password = b64decode(text, validate=True).decode("utf-8").partition(":")
    except ValueError:
        return None
    if not colon or _CONTROL.search(name + password):
        return None
    if len(name) > _LONGEST_NAME or len(password) > _LONGEST_PASSWORD:
        return None
    return name, password


def _by_password(state: State, name: str, password: str) -> Found | None:
    """By the same way as the sign-in page, with its budgets and gates, but no session."""
    try:
        key = _checked(state, name, password)
    except AuthenticationError as error:
        if isinstance(error, SecondStepRequired):
            state[Audit].refuse("auth.basic", identifier=name, reason=error.code)
        return None
    except Problem:
        setattr(g, USER, AnonymousUser())  # the page of the refusal does not ask again
        raise
    with state[SQLAlchemy].session.no_autoflush:
        user = state[Directory].by_key(key)
    if user is None or not user.is_active:
        return None
    return user, Login(
        session_id=None,
        mechanism="basic",
        authenticated_at=_NEVER,
        versions=(-1, -1),
        must_change_password=state[RequiredPasswordChanges].is_due(user),
    )


def _checked(state: State, name: str, password: str) -> str:
    """The key of the account that name and password open.

    A hash may be replaced and a row is locked by the check. Both happen in a database session of
    their own, which is committed: the request's belongs to the application.
    """
    has_one_connection = isinstance(state[AccountLoader].engine.pool, StaticPool)
    apart = nullcontext() if has_one_connection else current_app.app_context()
    with apart:
        user = UserManager(state).authenticate_user(name, password, repeated=True)
        state[Entrance].check(user, method="password")
        key = str(user.get_id())
        if not has_one_connection:
            state[SQLAlchemy].session.commit()
    return key
