"""Remove the rows of logins that are over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy

from ..core import clock
from ..core.state import State
from .models import Models, table_of


def remove_dead(state: State, batch: int = 1000) -> tuple[int, int]:
    """Delete sessions that have expired or were ended, and refresh tokens that are over.

    Each batch is found by an index and committed by itself, so that no table is locked for long.

    :returns: how many sessions, and how many refresh tokens.
    """
    models, session = state[Models], state[SQLAlchemy].session
    logins: Any = table_of(models.UserSession)
    tokens: Any = table_of(models.RefreshToken)
    now = clock.now()
    removed = {logins: 0, tokens: 0}

    def delete(table: Any, column: Any, keys: Sequence[Any]) -> None:
        result: Any = session.execute(sa.delete(table).where(column.in_(keys)))
        removed[table] += int(result.rowcount)

    def batches(table: Any, condition: Any, order: Any) -> Iterator[Sequence[Any]]:
        last = None
        while True:
            query = sa.select(table.c.id, order).where(condition).order_by(order).limit(batch)
            if last is not None:
                query = query.where(order >= last)
            if not (found := session.execute(query).all()):
                return
            last = found[-1][1]
            yield [row[0] for row in found]
            session.commit()

    for condition, order in (
        (logins.c.expires_at <= now, logins.c.expires_at),
        (logins.c.revoked_at.is_not(None), logins.c.id),
    ):
        for keys in batches(logins, condition, order):
            # Said here, since SQLite heeds no foreign key unless asked to.
            delete(tokens, tokens.c.session_id, keys)
            delete(logins, logins.c.id, keys)
    for keys in batches(tokens, tokens.c.expires_at <= now, tokens.c.expires_at):
        delete(tokens, tokens.c.id, keys)
    return removed[logins], removed[tokens]
