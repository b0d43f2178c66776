"""Accounts that become staff, or join a group, while they are signed in.

Whoever must have a second factor from now on has been let in without one. Those sessions end, with
their tokens, in the transaction that promotes: the next sign-in asks (ASVS 7.2.4). The rule is
asked of what a database session writes; a bulk statement promotes without it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from flask import has_app_context
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event

from ...core.state import current_state
from ..models import Models
from ..sessions.service import SessionManager
from .enforcement import Enforcement

_FLAGS = ("is_staff", "is_superuser")


class Promotions:
    """Looks at what a database session of one application has written."""

    def __init__(self, models: Models, sessions: SessionManager, enforcement: Enforcement) -> None:
        self._models = models
        self._sessions = sessions
        self._enforcement = enforcement

    def follow(self, session: Any) -> None:
        """End what was opened without the second factor that is needed from now on."""
        for user, is_raised, groups in self._gains([*session.new, *session.dirty]):
            if self._enforcement.begins_to_concern(user, is_raised=is_raised, groups=groups):
                self._sessions.end_unproved(user)

    def _gains(self, rows: list[Any]) -> Iterator[tuple[Any, bool, list[str]]]:
        """Who has become staff or a superuser, and the names of the groups that they joined."""
        for row in rows:
            if isinstance(row, self._models.User):
                raised = any(True in _added(row, name) for name in _FLAGS)
                joined = [group.name for group in _added(row, "groups")]
                if raised or joined:
                    yield row, raised, joined
            elif isinstance(row, self._models.Group):
                for user in _added(row, "users"):
                    yield user, False, [row.name]


def watch(db: SQLAlchemy) -> None:
    """Look at each flush of a database; once, however many applications use it."""
    if not event.contains(db.session, "after_flush", _after_flush):
        event.listen(db.session, "after_flush", _after_flush)


def _after_flush(session: Any, context: Any) -> None:
    promotions = current_state().get(Promotions) if has_app_context() else None
    if promotions is not None:
        promotions.follow(session)


def _added(row: Any, name: str) -> tuple[Any, ...] | list[Any]:
    """What an attribute has gained in this flush."""
    attributes: Any = sa.inspect(row).attrs
    return attributes[name].history.added or () if name in attributes else ()
