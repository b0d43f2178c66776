"""Logins as rows: made, found by their cookie, ended."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask import Flask, current_app, g, request, session
from flask_sqlalchemy import SQLAlchemy

from ...core import clock
from ..audit.service import Audit
from ..companions import UserSessionMixin
from ..lback.sessions import LbackSessionNames
from ..locking import hold
from ..models import Models
from ..settings import AuthSettings
from ..signals import (
    session_created,
    session_rotated,
    sessions_ended,
    user_logged_in,
    user_logged_out,
    user_login_successful,
)
from ..users.mixins import AnonymousUser, key_of
from .actions import LoginAction
from .cookies import change_csrf_token, drop_cookie, send_cookie, session_cookie_name
from .loading import digest
from .own import forget_own_key, own_key
from .principal import LOGIN, USER, Login
from .rows import SessionRows

#: The key that this request has given out, in place of the one that it came with.
_NEW_KEY = "lback.session_key"


class SessionManager(LbackSessionNames):
    """The logins of one application.

    Each has a row with the hash of a random id; the id itself is only in the cookie, and is new
    at every sign-in (session fixation, CWE-384).
    """

    def __init__(
        self, db: SQLAlchemy, models: Models, settings: AuthSettings, audit: Audit
    ) -> None:
        self._db = db
        self._audit = audit
        self._models = models
        self._settings = settings
        self._rows = SessionRows(db, models, settings)
        self._login_actions: list[LoginAction] = []
        self._revocations: list[Callable[[Any], object]] = []

    def on_login(self, action: LoginAction) -> None:
        """Have something done in the transaction of every sign-in; parts do so in ``plan``."""
        self._login_actions.append(action)

    def on_revocation(self, action: Callable[[Any], object]) -> None:
        """Have something done in the transaction that ends all, or all other, sessions.

        For what stands in for a proof, such as a trusted browser; parts do so in their ``plan``.
        """
        self._revocations.append(action)

    def open(self, user: Any, *, remember: bool = False, method: str = "password") -> str:
        """Make a session row for an account, to be committed by the caller.

        :param remember: whether it outlives the browser.
        :param method: how the person proved who they are.
        :returns: the id for the cookie, which is stored nowhere.
        """
        key = secrets.token_urlsafe(32)
        self._make(user, key, remember=remember, method=method)
        return key

    def open_for_tokens(self, user: Any, *, method: str = "password") -> UserSessionMixin:
        """Make the session row that access tokens name; no cookie opens it."""
        return self._make(user, secrets.token_urlsafe(32), remember=True, method=method)

    def present(self) -> UserSessionMixin:
        """The row of the session that this request has just opened, or came with."""
        login: Login = g.get(LOGIN)
        return self._rows.get(login.session_id)  # type: ignore[return-value]

    def login(self, user: Any, *, remember: bool = False, method: str = "password") -> None:
        """Sign an account in on this request's browser, and commit.

        A session that the browser had before ends, whether or not this request has looked at it.
        """
        hold(self._db, user)
        old: Login | None = g.get(LOGIN)
        if old is not None and old.mechanism == "session":
            self.end(old.session_id)
        if (sent := self.present_key()) is not None:
            had = self._models.UserSession.key_hash == digest(sent)
            if self._rows.owner_of(had) not in (None, key_of(user)):
                session.clear()  # it holds what the application kept for somebody else
            self._rows.end(had)
        key = secrets.token_urlsafe(32)
        row = self._make(user, key, remember=remember, method=method)
        afterwards = self._begin(user, row, has_cookie=True)
        self._leave_own()
        age = self._settings.remember_days * 86_400 if remember else None
        self.assume(user, Login(row.id, "session", row.authenticated_at, (-1, -1)), key, age)
        self._announce(user, row, afterwards)

    def assume(self, user: Any, login: Login, key: str, age: int | None) -> None:
        """Let this request, and the browser from now on, be an account's.

        :param key: of its session row.
        :param age: seconds that the cookie lives; None for as long as the browser runs.
        """
        setattr(g, USER, user)
        setattr(g, LOGIN, login)
        change_csrf_token()
        self._set_cookie(key, age)

    def login_for_tokens(self, user: Any, *, method: str = "password") -> UserSessionMixin:
        """Sign an account in for a client that keeps tokens and no cookie, and commit.

        :returns: the row that its access tokens are to name.
        """
        hold(self._db, user)
        row = self.open_for_tokens(user, method=method)
        self._announce(user, row, self._begin(user, row, has_cookie=False))
        return row

    def rotate(self, *, proved: bool = False) -> bool:
        """Give this browser's session a new id, cookie and CSRF token, and commit.

        For every rise of privilege (ASVS 7.2.4): a copy of the old cookie is worth nothing then.
        How long it lives stays as it was, and so do its tokens. A login by a token alone has no id
        that could change.

        :param proved: whether the person has just proved who they are.
        :returns: False when it has ended meanwhile, or another request was faster.
        """
        login: Login | None = g.get(LOGIN)
        if login is None or login.session_id is None:
            self._db.session.commit()
            return False
        table: Any = self._models.UserSession
        conditions = [table.id == login.session_id, table.revoked_at.is_(None)]
        values: dict[str, Any] = {}
        has_cookie = login.mechanism == "session"
        key = secrets.token_urlsafe(32)
        if has_cookie:
            conditions.append(table.key_hash == digest(self.present_key() or ""))
            values["key_hash"] = digest(key)
        if proved:
            login = login._replace(authenticated_at=clock.now())
            values["authenticated_at"] = login.authenticated_at
        done = not values or self._rows.change(values, *conditions) == 1
        self._db.session.commit()
        if not done:
            return False
        setattr(g, LOGIN, login)
        if has_cookie:
            row = self.present()
            left = int((row.expires_at - clock.now()).total_seconds())
            change_csrf_token()
            self._set_cookie(key, left if row.is_remembered else None)
            session_rotated.emit(self, session=row, user=g.get(USER))
        return True

    def logout(self) -> None:
        """End the session of this request, forget its cookie and its data, and commit.

        A login by a header has neither; what the browser also sent stays as it is.
        """
        login: Login | None = g.get(LOGIN)
        user = g.get(USER)
        if login is not None:
            hold(self._db, user)
            self.end(login.session_id)
            self._leave_own()
            self._audit.record("auth.logout", user, actor=user)
            self._db.session.commit()
        if login is None or login.mechanism == "session":
            self.forget()
        _be_nobody()
        if login is not None:
            user_logged_out.emit(self, request=request, user=user)

    def forget(self) -> None:
        """Have the browser forget who it was; what ends its session is for the caller."""
        session.clear()
        self._clear_cookie()
        forget_own_key()
        _be_nobody()

    def end(self, session_id: int | None) -> None:
        """End one session, with the refresh tokens that belong to it.

        :param session_id: None for a login that has no session: nothing ends.
        """
        if session_id is not None:
            self._rows.end(self._models.UserSession.id == session_id)

    def end_all(self, user: Any, *, but: int | None = None) -> int:
        """End the sessions of an account, and trust none of its browsers; the caller commits.

        :param but: the key of one that stays.
        :returns: how many ended.
        """
        hold(self._db, user)
        table: Any = self._models.UserSession
        count = self._end_some(user, sa.true() if but is None else table.id != but)
        for action in self._revocations:
            action(user)
        return count

    def end_unproved(self, user: Any) -> int:
        """End the sessions of an account that were opened by one proof alone; the caller commits.

        :returns: how many ended.
        """
        hold(self._db, user)
        table: Any = self._models.UserSession
        proved = sa.or_(table.method.contains("+"), table.method.startswith("passkey"))
        return self._end_some(user, ~proved)

    def _end_some(self, user: Any, condition: Any) -> int:
        table: Any = self._models.UserSession
        count = self._rows.end(sa.and_(table.user_id == key_of(user), condition))
        if count:
            self._audit.record("auth.sessions_ended", user, count=count)
        sessions_ended.emit(self, user=user, count=count)
        return count

    def end_one(self, user: Any, session_id: int) -> UserSessionMixin | None:
        """End one living session of an account, with its tokens; the caller commits.

        :returns: its row; None when the account has no such session.
        """
        row = self._rows.get(session_id)
        if row is None or row.user_id != key_of(user) or not self.is_alive(row):
            return None
        hold(self._db, user)
        self.end(session_id)
        self._audit.record("auth.session_ended", user, session=session_id)
        sessions_ended.emit(self, user=user, count=1)
        return row

    def end_everything(self, user: Any, *, but: int | None = None) -> int:
        """End every session, access token, refresh token and API token; the caller commits.

        For a reset, a deactivation and an administrator: whoever held the account holds nothing.

        :param but: the key of a session that stays.
        :returns: how many sessions ended.
        """
        hold(self._db, user)
        table: Any = self._models.ApiToken
        result: Any = self._db.session.execute(
            sa.update(table)
            .where(table.user_id == key_of(user), table.revoked_at.is_(None))
            .values(revoked_at=clock.now())
            .execution_options(synchronize_session="fetch")
        )
        if result.rowcount:
            self._audit.record("auth.api_tokens_ended", user, count=int(result.rowcount))
        return self.end_all(user, but=but)

    def of(self, user: Any) -> list[UserSessionMixin]:
        """The living sessions of an account, the one used last first."""
        return self._rows.of(user)

    def count_api_tokens(self, user: Any) -> int:
        """How many API tokens of an account are alive: they outlive a change of password."""
        table: Any = self._models.ApiToken
        query = (
            sa.select(sa.func.count())
            .select_from(table)
            .where(
                table.user_id == key_of(user),
                table.revoked_at.is_(None),
                sa.or_(table.expires_at.is_(None), table.expires_at > clock.now()),
            )
        )
        return self._db.session.scalar(query) or 0

    def is_alive(self, row: UserSessionMixin) -> bool:
        """Whether nobody has ended it and its time has not passed."""
        return row.revoked_at is None and not self.is_over(row)

    def is_over(self, row: UserSessionMixin) -> bool:
        """Whether its longest life has passed, or it was left alone for too long."""
        return self._rows.is_over(row)

    def is_first_of_its_kind(self, row: UserSessionMixin) -> bool:
        """Whether nobody has signed in to the account from this address by this agent before."""
        return not self._rows.has_earlier_like(row)

    def cookie_name(self, app: Flask) -> str:
        """``lback_session``, with the ``__Host-`` prefix where cookies are for https only."""
        return session_cookie_name(app)

    def present_key(self) -> str | None:
        """The id in this request's cookie, or the one that it has been given since."""
        given: str | None = request.environ.get(_NEW_KEY)
        return given or request.cookies.get(self.cookie_name(current_app))

    def _make(self, user: Any, key: str, *, remember: bool, method: str) -> UserSessionMixin:
        row = self._rows.make(user, digest(key), remember=remember, method=method)
        session_created.emit(self, session=row, user=user)
        return row

    def _begin(
        self, user: Any, row: UserSessionMixin, *, has_cookie: bool
    ) -> list[Callable[[], None] | None]:
        """What every sign-in does before it is committed, and the commit."""
        actions = self._login_actions
        afterwards = [action(user, row, has_cookie=has_cookie) for action in actions]
        user.last_login_at = clock.now()
        self._audit.record("auth.login", user, actor=user, method=row.method)
        self._db.session.commit()
        return afterwards

    def _announce(
        self, user: Any, row: UserSessionMixin, afterwards: list[Callable[[], None] | None]
    ) -> None:
        """What every sign-in does once it is committed."""
        user_logged_in.emit(self, request=request, user=user, session=row)
        user_login_successful.emit(self, request=request, user=user)
        for act in filter(None, afterwards):
            act()

    def _leave_own(self) -> None:
        """End the session that waits: whoever signs in or out here does not come back to it."""
        if key := own_key():
            self._rows.end(self._models.UserSession.key_hash == digest(key))
            forget_own_key()

    def _set_cookie(self, key: str, age: int | None) -> None:
        request.environ[_NEW_KEY] = key
        send_cookie(self.cookie_name(current_app), key, age)

    def _clear_cookie(self) -> None:
        request.environ.pop(_NEW_KEY, None)
        drop_cookie(self.cookie_name(current_app))


def _be_nobody() -> None:
    setattr(g, USER, AnonymousUser())
    g.pop(LOGIN, None)
