"""Refresh tokens: opaque, rotated at each use, a family revoked when an old one comes again.

RFC 9700 section 4.14; the row just rotated may come again within a short grace, since two tabs
refresh at once.
"""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy

from ...core import clock
from ...db.contention import retry
from ...exceptions import TokenError
from ..audit.service import Audit
from ..companions import RefreshTokenMixin, UserSessionMixin
from ..mails.service import AccountMails
from ..models import Models
from ..sessions.loading import digest
from ..sessions.service import SessionManager
from ..settings import TokenSettings
from ..signals import jwt_refresh_token_created, refresh_token_reused
from ..users.identity import address_of


class RefreshTokenReused(TokenError):
    """A token that was used up came again: it, or one that came of it, was copied.

    :ivar user: whose it is.
    :ivar family: the family, which has ended.
    """

    def __init__(self, user: Any, family: str) -> None:
        super().__init__("This refresh token was used before.", "token_reused")
        self.user = user
        self.family = family


class RefreshTokens:
    """Issue and rotate refresh tokens; the caller commits, but for :meth:`exchange`."""

    def __init__(
        self,
        db: SQLAlchemy,
        models: Models,
        settings: TokenSettings,
        sessions: SessionManager,
        audit: Audit,
        mails: AccountMails,
    ) -> None:
        self._audit = audit
        self._mails = mails
        self._db = db
        self._models = models
        self._settings = settings
        self._sessions = sessions

    def issue(self, session: UserSessionMixin) -> str:
        """The first token of a new family, for a session."""
        return self._add(session, secrets.token_hex(16), 0)

    def exchange(self, token: str) -> tuple[str, UserSessionMixin]:
        """As :meth:`rotate`, and commit; the owner of a token that came again is told by mail.

        :raises TokenError: as :meth:`rotate`.
        """
        try:
            found = retry(self._db.session, lambda: self._rotated(token))
        except RefreshTokenReused as error:
            if address_of(error.user):
                self._mails.refresh_reused(error.user)
            refresh_token_reused.emit(self, user=error.user, family=error.family)
            raise
        return found

    def rotate(self, token: str) -> tuple[str, UserSessionMixin]:
        """Take a token in and give the next one out.

        :returns: the next token and its session.
        :raises TokenError: ``token_reused`` when an old one came again (its family and session
            are then ended), ``token_expired``, or ``invalid_token``.
        """
        session = self._locked(self._find(token).session_id)
        row = self._find(token)  # again: the lock may have waited for another rotation
        now = clock.now()
        alive = row.revoked_at is None and session.revoked_at is None and session.owner.is_active
        if not alive:
            raise TokenError("This refresh token cannot be used.")
        if row.expires_at <= now or self._sessions.is_over(session):
            raise TokenError("This refresh token is too old.", "token_expired")
        if not self._claim(row, now) and not self._is_in_grace(row, now):
            self._revoke_family(row)
            self._audit.record("auth.refresh_token_reused", session.owner)
            raise RefreshTokenReused(session.owner, row.family)
        session.last_seen_at = now
        return self._add(session, row.family, row.generation + 1), session

    def _rotated(self, token: str) -> tuple[str, UserSessionMixin]:
        """As :meth:`rotate`, and commit: an end of the family, too."""
        try:
            found = self.rotate(token)
        except RefreshTokenReused:
            self._db.session.commit()
            raise
        self._db.session.commit()
        return found

    def _find(self, token: str) -> RefreshTokenMixin:
        table: Any = self._models.RefreshToken
        found: RefreshTokenMixin = self._newest(
            sa.select(table).filter_by(token_hash=digest(token))
        )
        return found

    def _locked(self, session_id: int) -> UserSessionMixin:
        """The session, which this transaction keeps: one rotation of a family at a time."""
        table: Any = self._models.UserSession
        query = sa.select(table).where(table.id == session_id)
        found: UserSessionMixin = self._newest(query.with_for_update())
        return found

    def _newest(self, query: sa.Select[Any]) -> Any:
        row = self._db.session.scalar(query.execution_options(populate_existing=True))
        if row is None:
            raise TokenError("This refresh token cannot be used.")
        return row

    def _claim(self, row: RefreshTokenMixin, now: dt.datetime) -> bool:
        """Mark it as used, in one conditional statement: of two at once, one wins.

        A token that came out of the same grace is then used, too: otherwise a thief who was quick
        would keep a branch of the family that nobody ever sees twice.
        """
        table: Any = self._models.RefreshToken
        unused = sa.update(table).where(table.rotated_at.is_(None)).values(rotated_at=now)
        unused = unused.execution_options(synchronize_session=False)
        result: Any = self._db.session.execute(unused.where(table.id == row.id))
        if result.rowcount == 0:
            # MariaDB shows a read without a lock what was true before it waited.
            self._db.session.refresh(row, with_for_update=True)
            return False
        self._db.session.execute(
            unused.where(table.family == row.family, table.generation <= row.generation)
        )
        return True

    def _is_in_grace(self, row: RefreshTokenMixin, now: dt.datetime) -> bool:
        grace = dt.timedelta(seconds=self._settings.refresh_grace_seconds)
        return row.rotated_at is not None and now - row.rotated_at <= grace and self._is_last(row)

    def _is_last(self, row: RefreshTokenMixin) -> bool:
        """Whether nothing younger than its own successors has been rotated."""
        table: Any = self._models.RefreshToken
        younger = sa.select(table.id).where(
            table.family == row.family,
            table.generation > row.generation,
            table.rotated_at.is_not(None),
        )
        # By a lock, since MariaDB shows a read without one what was true before it waited.
        return self._db.session.scalar(younger.limit(1).with_for_update()) is None

    def _revoke_family(self, row: RefreshTokenMixin) -> None:
        table: Any = self._models.RefreshToken
        self._db.session.execute(
            sa.update(table)
            .where(table.family == row.family, table.revoked_at.is_(None))
            .values(revoked_at=clock.now())
            .execution_options(synchronize_session=False)
        )
        self._sessions.end(row.session_id)

    def _add(self, session: UserSessionMixin, family: str, generation: int) -> str:
        token = secrets.token_urlsafe(32)
        expires_at = clock.now() + dt.timedelta(days=self._settings.refresh_days)
        self._db.session.add(
            self._models.RefreshToken(
                token_hash=digest(token),
                family=family,
                generation=generation,
                session=session,
                expires_at=expires_at,
            )
        )
        self._db.session.flush()
        jwt_refresh_token_created.emit(
            self,
            payload={
                "family": family,
                "generation": generation,
                "session_id": session.id,
                "expires_at": expires_at,
            },
        )
        return token
