"""What Lback's ``SessionManager`` does, under Lback's names.

A session is a row for a sign-in, and its id, the secret in the cookie, is in no row. What a visitor
puts into a session is in Flask's ``session``: names that mixed the two are refused with the reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from flask import session
from flask_sqlalchemy import SQLAlchemy

from ...core import clock
from ...core.state import current_state
from ...exceptions import LbackError
from ..audit.service import Audit
from ..companions import UserSessionMixin
from ..models import Models
from ..sessions.loading import digest
from ..users.mixins import key_of
from .calls import lback_call, refuse_other_session

_DATA = "Flask's `session` holds what belongs to a visitor; `of(user)` lists the sign-ins."
_CSRF = "Forms have their token, and the middleware asks for it on every unsafe request."
#: Lback's names that make no sense where a session is a row, and what to use.
_GONE = {
    "get_session_data": _DATA,
    "save_session_data": _DATA,
    "set_session_data": _DATA,
    "generate_csrf_token": _CSRF,
    "validate_csrf_token": _CSRF,
}


class LbackSessionNames:
    """Sessions by their id; each method takes Lback's session of the database first, or none."""

    _audit: Audit
    _db: SQLAlchemy
    _models: Models

    if TYPE_CHECKING:

        def open(self, user: Any, *, remember: bool = False, method: str = "password") -> str: ...
        def is_alive(self, row: UserSessionMixin) -> bool: ...
        def end_one(self, user: Any, session_id: int) -> UserSessionMixin | None: ...

    else:

        def __getattr__(self, name: str) -> Any:
            if (remedy := _GONE.get(name)) is not None:
                raise AttributeError(f"SessionManager has no {name}. {remedy}")
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    @lback_call("user_id")
    def create_session(self, user_id: Any = None) -> str | None:
        """Make a session of an account; commit it yourself. ``login_user`` sends the cookie, too.

        :returns: its id, None when there is no such account, or it is switched off.
        :raises LbackError: no account is named: visitors have no row.
        """
        from ..users.directory import Directory

        if user_id is None:
            raise LbackError("A session here is somebody's sign-in.", _DATA)
        user = current_state()[Directory].by_key(str(user_id))
        if user is None or not user.is_active:
            return None
        self._audit.record("auth.login", user, method="manager")
        return self.open(user, method="manager")

    def get(self, request: Any, db_session: Any, key: str, default: Any = None) -> Any:
        """A value of Flask's ``session``, that of this request.

        :param request: taken for Lback's sake, and so is ``db_session``.
        """
        refuse_other_session(db_session)
        return session.get(key, default)

    @lback_call("session_id")
    def get_user(self, session_id: str) -> Any | None:
        """The key of the account that a session is of, None when it is not alive."""
        row = self._alive(session_id)
        return None if row is None else key_of(row.owner)

    def is_session_expired(self, session: UserSessionMixin) -> bool:
        """Whether a session, a row of ``of(user)``, is over or was ended."""
        return not self.is_alive(session)

    @lback_call("session_id")
    def renew_session(self, session_id: str) -> bool:
        """Let a session count as used now; commit it yourself. Its longest life stays as it is.

        :returns: False when it is not alive: what is over does not come back.
        """
        row = self._alive(session_id)
        if row is not None:
            row.last_seen_at = clock.now()
        return row is not None

    @lback_call("session_id")
    def delete_session(self, session_id: str) -> bool:
        """End a session, with its tokens; commit it yourself.

        :returns: False when it is not alive.
        """
        row = self._alive(session_id)
        return row is not None and self.end_one(row.owner, row.id) is not None

    @lback_call()
    def cleanup_sessions(self) -> int:
        """Remove the rows of sessions that are over, as ``flask lback clean-sessions``; it commits.

        :returns: how many sessions.
        """
        from ..sessions.cleaning import remove_dead

        return remove_dead(current_state())[0]

    def _alive(self, session_id: str) -> UserSessionMixin | None:
        kind: Any = self._models.UserSession
        query = sa.select(kind).where(kind.key_hash == digest(session_id))
        row: UserSessionMixin | None = self._db.session.scalar(query)
        return row if row is not None and self.is_alive(row) and row.owner.is_active else None
