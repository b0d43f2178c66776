"""Logins as rows: made, found by their cookie, ended."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Any

import sqlalchemy as sa
from flask import Flask, Response, after_this_request, current_app, g, request, session
from flask_sqlalchemy import SQLAlchemy

from ..core import clock
from .loading import digest
from .mixins import AnonymousUser, UserSessionMixin, key_of
from .models import Models
from .principal import LOGIN, USER, Login
from .settings import AuthSettings
from .signals import (
    session_created,
    sessions_ended,
    user_logged_in,
    user_logged_out,
    user_login_successful,
)

COOKIE = "lback_session"
_HOST_PREFIX = "__Host-"
_CSRF = "csrf_token"


class SessionManager:
    """The logins of one application.

    Each has a row with the hash of a random id; the id itself is only in the cookie, and is new
    at every sign-in (session fixation, CWE-384).
    """

    def __init__(self, db: SQLAlchemy, models: Models, settings: AuthSettings) -> None:
        self._db = db
        self._models = models
        self._settings = settings

    def open(self, user: Any, *, remember: bool = False, method: str = "password") -> str:
        """Make a session row for an account, to be committed by the caller.

        :param remember: whether it outlives the browser.
        :param method: how the person proved who they are.
        :returns: the id for the cookie, which is stored nowhere.
        """
        key = secrets.token_urlsafe(32)
        self._make(user, digest(key), remember, method)
        return key

    def open_for_tokens(self, user: Any, *, method: str = "password") -> UserSessionMixin:
        """Make the session row that access tokens name; no cookie opens it."""
        return self._make(user, digest(secrets.token_urlsafe(32)), True, method)

    def present(self) -> UserSessionMixin:
        """The row of the session that this request has just opened, or came with."""
        login: Login = g.get(LOGIN)
        row: Any = self._db.session.get(self._models.UserSession, login.session_id)
        return row  # type: ignore[no-any-return]

    def login(self, user: Any, *, remember: bool = False, method: str = "password") -> None:
        """Sign an account in on this request's browser, and commit.

        A session that the browser had before ends, whether or not this request has looked at it.
        """
        old: Login | None = g.get(LOGIN)
        if old is not None and old.mechanism == "session":
            self.end(old.session_id)
        if (sent := self.present_key()) is not None:
            self._end(self._models.UserSession.key_hash == digest(sent))
        key = self.open(user, remember=remember, method=method)
        user.last_login_at = clock.now()
        self._db.session.commit()
        row = self._row(digest(key))
        setattr(g, USER, user)
        setattr(g, LOGIN, Login(row.id, "session", row.authenticated_at, (-1, -1)))
        session.pop(_CSRF, None)
        self._set_cookie(key, remember)
        user_logged_in.emit(self, request=request, user=user, session=row)
        user_login_successful.emit(self, request=request, user=user)

    def logout(self) -> None:
        """End the session of this request, forget its cookie and its data, and commit."""
        login: Login | None = g.get(LOGIN)
        user = g.get(USER)
        if login is not None:
            self.end(login.session_id)
            self._db.session.commit()
        session.clear()
        setattr(g, USER, AnonymousUser())
        g.pop(LOGIN, None)
        self._clear_cookie()
        if login is not None:
            user_logged_out.emit(self, request=request, user=user)

    def end(self, session_id: int) -> None:
        """End one session, with the refresh tokens that belong to it."""
        self._end(self._models.UserSession.id == session_id)

    def end_all(self, user: Any, *, but: int | None = None) -> int:
        """End the sessions of an account.

        :param but: the key of one that stays.
        :returns: how many ended.
        """
        table: Any = self._models.UserSession
        condition = table.user_id == key_of(user)
        if but is not None:
            condition = sa.and_(condition, table.id != but)
        count = self._end(condition)
        sessions_ended.emit(self, user=user, count=count)
        return count

    def is_over(self, row: UserSessionMixin) -> bool:
        """Whether its longest life has passed, or it was left alone for too long."""
        now, idle = clock.now(), dt.timedelta(minutes=self._settings.session_idle_minutes)
        return row.expires_at <= now or not (row.is_remembered or row.last_seen_at + idle > now)

    def cookie_name(self, app: Flask) -> str:
        """``lback_session``, with the ``__Host-`` prefix where cookies are for https only."""
        return _HOST_PREFIX + COOKIE if app.config["SESSION_COOKIE_SECURE"] else COOKIE

    def present_key(self) -> str | None:
        """The id in this request's cookie."""
        return request.cookies.get(self.cookie_name(current_app))

    def _make(self, user: Any, key_hash: str, remember: bool, method: str) -> UserSessionMixin:
        life = (
            dt.timedelta(days=self._settings.remember_days)
            if remember
            else dt.timedelta(hours=self._settings.session_hours)
        )
        row = self._models.UserSession(
            key_hash=key_hash,
            owner=user,
            expires_at=clock.now() + life,
            is_remembered=remember,
            method=method,
            ip_address=(request.remote_addr or "")[:45],
            user_agent=request.user_agent.string[:255],
        )
        self._db.session.add(row)
        self._db.session.flush()
        session_created.emit(self, session=row, user=user)
        return row

    def _end(self, condition: Any) -> int:
        table: Any = self._models.UserSession
        result: Any = self._db.session.execute(
            sa.update(table)
            .where(condition, table.revoked_at.is_(None))
            .values(revoked_at=clock.now())
            .execution_options(synchronize_session=False)
        )
        return int(result.rowcount)

    def _row(self, key_hash: str) -> UserSessionMixin:
        table: Any = self._models.UserSession
        return self._db.session.scalars(sa.select(table).filter_by(key_hash=key_hash)).one()  # type: ignore[no-any-return]

    def _set_cookie(self, key: str, remember: bool) -> None:
        name = self.cookie_name(current_app)
        age = self._settings.remember_days * 86_400 if remember else None
        secure = request.is_secure or bool(current_app.config["SESSION_COOKIE_SECURE"])

        @after_this_request
        def put(response: Response) -> Response:
            response.set_cookie(
                name, key, max_age=age, httponly=True, secure=secure, samesite="Lax", path="/"
            )
            return response

    def _clear_cookie(self) -> None:
        name = self.cookie_name(current_app)
        secure = request.is_secure or bool(current_app.config["SESSION_COOKIE_SECURE"])

        @after_this_request
        def drop(response: Response) -> Response:
            response.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="Lax")
            return response
