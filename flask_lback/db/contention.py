"""Transactions that the database gave up because another one was in their way."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, scoped_session

T = TypeVar("T")
S = TypeVar("S", bound=Session)

#: PostgreSQL: serialization failure, deadlock, lock not available.
_SQLSTATES = frozenset({"40001", "40P01", "55P03"})
#: MariaDB: changed since it was read (11.6 and newer), waited for too long, deadlock.
_NUMBERS = frozenset({1020, 1205, 1213})
_TRIES = 6


def is_contention(error: BaseException) -> bool:
    """Whether the same transaction may well succeed when it is tried again."""
    cause = error.orig if isinstance(error, DBAPIError) else None
    if cause is None:
        return False
    if getattr(cause, "sqlstate", None) in _SQLSTATES:
        return True
    # Extended codes of SQLite keep the plain one in their last byte: 5 is busy, 6 is locked.
    if (getattr(cause, "sqlite_errorcode", 0) & 0xFF) in (5, 6):
        return True
    return bool(cause.args) and cause.args[0] in _NUMBERS


def retry(session: scoped_session[S], transaction: Callable[[], T]) -> T:
    """Run a transaction, and run it again when it lost against another one.

    :param transaction: it commits, or leaves that to the caller, who has nothing pending before.
    :returns: what it returns.
    """
    for _ in range(_TRIES - 1):
        try:
            return transaction()
        except DBAPIError as error:
            session.rollback()
            if not is_contention(error):
                raise
    return transaction()
