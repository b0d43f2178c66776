"""The ways that accounts have set up, as rows."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy

from ...core import clock
from ..locking import hold
from ..models import Models
from ..users.mixins import key_of
from .models import TotpDeviceMixin

#: A way that nobody confirms within this time is forgotten.
_PENDING = dt.timedelta(hours=1)


class FactorRows:
    """Find, make, confirm and remove them; nothing here commits."""

    def __init__(self, db: SQLAlchemy, models: Models) -> None:
        self._db = db
        self._kind: Any = models.TotpDevice

    def confirmed(self, user: Any, method: str) -> TotpDeviceMixin | None:
        """The row of a way that counts."""
        kind = self._kind
        query = sa.select(kind).where(
            kind.user_id == key_of(user), kind.method == method, kind.confirmed_at.is_not(None)
        )
        row: TotpDeviceMixin | None = self._db.session.scalar(query.order_by(kind.id.desc()))
        return row

    def pending(self, user: Any, method: str) -> TotpDeviceMixin | None:
        """The row of a way that was begun within the last hour."""
        kind = self._kind
        query = sa.select(kind).where(
            kind.user_id == key_of(user),
            kind.method == method,
            kind.confirmed_at.is_(None),
            kind.created_at > clock.now() - _PENDING,
        )
        row: TotpDeviceMixin | None = self._db.session.scalar(query.order_by(kind.id.desc()))
        return row

    def begin(self, user: Any, method: str, secret: str = "") -> None:  # nosec B107 - none
        """Make the row of a way; one that was begun before is forgotten."""
        kind = self._kind
        hold(self._db, user)
        self._delete(user, kind.method == method, kind.confirmed_at.is_(None))
        self._db.session.add(kind(user_id=key_of(user), method=method, secret=secret))
        self._db.session.flush()

    def confirm(self, user: Any, row: TotpDeviceMixin) -> bool:
        """Let a way count from now on, in place of a former one of its kind.

        :returns: False when another request has confirmed or forgotten it meanwhile.
        """
        kind = self._kind
        now = clock.now()
        if not self.update(row, kind.confirmed_at.is_(None), confirmed_at=now, last_used_at=now):
            return False
        self._delete(user, kind.method == row.method, kind.id != row.id)
        return True

    def update(self, row: TotpDeviceMixin, *conditions: Any, **values: Any) -> bool:
        """Change a row if the conditions hold; whether they did."""
        kind = self._kind
        result: Any = self._db.session.execute(
            sa.update(kind)
            .where(kind.id == row.id, *conditions)
            .values(**values)
            .execution_options(synchronize_session=False)
        )
        return int(result.rowcount) == 1

    def any_confirmed(self, user: Any) -> bool:
        """Whether an account has set up any way at all, offered or not."""
        kind = self._kind
        query = sa.select(kind.id).where(
            kind.user_id == key_of(user), kind.confirmed_at.is_not(None)
        )
        return self._db.session.scalar(query.limit(1)) is not None

    def remove(self, user: Any, method: str | None = None) -> int:
        """Remove one way of an account, or all of them, begun ones too."""
        conditions = [] if method is None else [self._kind.method == method]
        return self._delete(user, *conditions)

    def _delete(self, user: Any, *conditions: Any) -> int:
        kind = self._kind
        result: Any = self._db.session.execute(
            sa.delete(kind)
            .where(kind.user_id == key_of(user), *conditions)
            .execution_options(synchronize_session="fetch")
        )
        return int(result.rowcount)
