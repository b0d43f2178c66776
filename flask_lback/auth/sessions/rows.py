"""The rows of logins: made, looked at, changed. Nothing here commits."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy

from ...core import clock
from ...core.security_log import origin
from ..companions import UserSessionMixin
from ..models import Models
from ..settings import AuthSettings
from ..users.mixins import key_of


class SessionRows:
    """The session rows of one application."""

    def __init__(self, db: SQLAlchemy, models: Models, settings: AuthSettings) -> None:
        self._db = db
        self._kind: Any = models.UserSession
        self._settings = settings

    def make(self, user: Any, key_hash: str, *, remember: bool, method: str) -> UserSessionMixin:
        """Add a row, with the address and the agent of this request.

        :param remember: whether it outlives the browser.
        :param method: how the person proved who they are.
        """
        life = (
            dt.timedelta(days=self._settings.remember_days)
            if remember
            else dt.timedelta(hours=self._settings.session_hours)
        )
        address, agent = origin()
        row: UserSessionMixin = self._kind(
            key_hash=key_hash,
            owner=user,
            expires_at=clock.now() + life,
            is_remembered=remember,
            method=method,
            ip_address=address,
            user_agent=agent,
        )
        self._db.session.add(row)
        self._db.session.flush()
        return row

    def get(self, session_id: int | None) -> UserSessionMixin | None:
        """One row, whoever it belongs to."""
        row: UserSessionMixin | None = self._db.session.get(self._kind, session_id)
        return row

    def owner_of(self, condition: Any) -> Any | None:
        """The key of the account of the one row of which this holds, alive or not."""
        return self._db.session.scalar(sa.select(self._kind.user_id).where(condition))

    def of(self, user: Any) -> list[UserSessionMixin]:
        """The living sessions of an account, the one used last first."""
        kind = self._kind
        query = sa.select(kind).where(
            kind.user_id == key_of(user),
            kind.revoked_at.is_(None),
            kind.expires_at > clock.now(),
        )
        rows = self._db.session.scalars(query.order_by(kind.last_seen_at.desc(), kind.id.desc()))
        return [row for row in rows if not self.is_over(row)]

    def is_over(self, row: UserSessionMixin) -> bool:
        """Whether its longest life has passed, or it was left alone for too long."""
        now, idle = clock.now(), dt.timedelta(minutes=self._settings.session_idle_minutes)
        return row.expires_at <= now or not (row.is_remembered or row.last_seen_at + idle > now)

    def has_earlier_like(self, row: UserSessionMixin) -> bool:
        """Whether the account has signed in from the same address by the same agent before."""
        kind = self._kind
        query = sa.select(kind.id).where(
            kind.user_id == row.user_id,
            kind.id != row.id,
            kind.ip_address == row.ip_address,
            kind.user_agent == row.user_agent,
        )
        return self._db.session.scalar(query.limit(1)) is not None

    def end(self, condition: Any) -> int:
        """End the living sessions of which this holds.

        :returns: how many ended.
        """
        return self.change({"revoked_at": clock.now()}, condition, self._kind.revoked_at.is_(None))

    def change(self, values: dict[str, Any], *conditions: Any) -> int:
        """One conditional update.

        :returns: how many rows it met.
        """
        result: Any = self._db.session.execute(
            sa.update(self._kind)
            .where(*conditions)
            .values(values)
            .execution_options(synchronize_session=False)
        )
        return int(result.rowcount)
