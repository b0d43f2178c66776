"""Write to the database for a try: what is not to stay is taken back."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from flask import g, has_app_context, session
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event

from ...core import security_log
from ...core.state import current_state

_MARK = "lback_admin_dry_run"
_FLASHES = "_flashes"


def is_dry_run() -> bool:
    """Whether what is written now is taken back: send no mail, call nobody.

    Hooks of a ModelAdmin and receivers of signals run in the dry run of an import as well.
    """
    return has_app_context() and bool(g.get(_MARK, False))


@contextmanager
def dry_run() -> Iterator[None]:
    """Within the block everything happens; at its end nothing has.

    The database is as before, no message is flashed, and no line of the security log says that
    something was done.
    """
    quiet = _Quiet()
    said = list(session.get(_FLASHES, ()))
    setattr(g, _MARK, True)
    security_log.logger.addFilter(quiet)
    try:
        with steps():
            yield
    finally:
        current_state()[SQLAlchemy].session.rollback()
        security_log.logger.removeFilter(quiet)
        setattr(g, _MARK, False)
        if list(session.get(_FLASHES, ())) != said:
            session[_FLASHES] = said


@contextmanager
def steps() -> Iterator[None]:
    """A new transaction whose savepoints work on SQLite too.

    Its driver begins none for a savepoint, and then commits at the end of the first one.
    """
    scoped = current_state()[SQLAlchemy].session
    scoped.rollback()
    own = scoped()
    event.listen(own, "after_begin", _begin)
    try:
        yield
    finally:
        event.remove(own, "after_begin", _begin)


def _begin(own: Any, transaction: Any, connection: sa.Connection) -> None:
    if connection.dialect.name == "sqlite":
        driver: Any = connection.connection.dbapi_connection
        if not driver.in_transaction:
            connection.exec_driver_sql("BEGIN IMMEDIATE")


class _Quiet(logging.Filter):
    """Drops what this request would log, and nothing of other ones."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a line is written."""
        return not is_dry_run()
