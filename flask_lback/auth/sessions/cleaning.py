"""Remove the rows of logins that are over."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy

from ...core import clock
from ...core.state import State
from ..models import Models, table_of
from ..settings import DeviceSettings
from ..signals import session_cleanup_finished, session_cleanup_started


def remove_dead(state: State, batch: int = 1000) -> tuple[int, int]:
    """Delete sessions and API tokens that have expired or were ended, and old refresh tokens.

    Devices that have not been used for as long as they are known go as well, and codes that were
    sent, and invitations, once they are over.

    Each batch is found by an index and committed by itself, so that no table is locked for long.

    :returns: how many sessions, and how many refresh tokens.
    """
    models, session = state[Models], state[SQLAlchemy].session
    logins: Any = table_of(models.UserSession)
    tokens: Any = table_of(models.RefreshToken)
    now = clock.now()
    api_tokens: Any = table_of(models.ApiToken)
    devices: Any = table_of(models.Device)
    codes: Any = table_of(models.SentCode)
    invitations: Any = table_of(models.Invitation)
    unused = now - dt.timedelta(days=state[DeviceSettings].remember_days)
    removed: Counter[Any] = Counter()

    session_cleanup_started.emit(state)

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

    for table, condition, order in (
        (logins, logins.c.expires_at <= now, logins.c.expires_at),
        (logins, logins.c.revoked_at.is_not(None), logins.c.id),
        (tokens, tokens.c.expires_at <= now, tokens.c.expires_at),
        (api_tokens, api_tokens.c.expires_at <= now, api_tokens.c.expires_at),
        (api_tokens, api_tokens.c.revoked_at.is_not(None), api_tokens.c.id),
        (devices, devices.c.last_used_at <= unused, devices.c.last_used_at),
        (codes, codes.c.expires_at <= now, codes.c.expires_at),
        (invitations, invitations.c.expires_at <= now, invitations.c.expires_at),
    ):
        for keys in batches(table, condition, order):
            if table is logins:
                # Said here, since SQLite heeds no foreign key unless asked to.
                delete(tokens, tokens.c.session_id, keys)
            delete(table, table.c.id, keys)
    session_cleanup_finished.emit(state, removed_count=removed[logins])
    return removed[logins], removed[tokens]
