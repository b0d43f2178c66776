"""Remove entries that are older than they have to be kept."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy

from ...core import clock
from ...core.state import State
from ..models import Models, table_of
from .guard import AMENDS
from .service import Audit


def remove_old(state: State, age: dt.timedelta, batch: int = 1000) -> int:
    """Delete the entries that are older, in batches of one transaction each, and record it.

    :returns: how many.
    """
    session = state[SQLAlchemy].session
    entries: Any = table_of(state[Models].AuditEntry)
    before = clock.now() - age
    removed = 0
    while True:
        old = sa.select(entries.c.id).where(entries.c.happened_at < before)
        found = session.scalars(old.order_by(entries.c.happened_at).limit(batch)).all()
        if not found:
            break
        deletion = sa.delete(entries).where(entries.c.id.in_(found))
        session.execute(deletion, execution_options={AMENDS: True})
        session.commit()
        removed += len(found)
    if removed:
        state[Audit].record("auth.audit_cleaned", count=removed, before=before.isoformat())
        session.commit()
    return removed
