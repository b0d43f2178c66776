"""Signals of the rows of accounts, whoever writes them: pages, the admin panel, your own code.

They are sent within the flush of a session, as SQLAlchemy's mapper events are; a receiver must
not use the session then. Bulk statements send none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from ..core.signals import Signal
from .signals import (
    user_post_create,
    user_post_delete,
    user_post_update,
    user_pre_create,
    user_pre_delete,
    user_pre_update,
)

Receiver = Callable[[Any, Any, Any], None]


def _telling(signal: Signal) -> Receiver:
    def tell(mapper: Any, connection: Any, user: Any) -> None:
        signal.emit(type(user), user=user)

    return tell


def _telling_changes(signal: Signal) -> Receiver:
    def tell(mapper: Any, connection: Any, user: Any) -> None:
        if not signal.receivers:
            return
        state: Any = sa.inspect(user)
        changed = {
            attribute.key for attribute in state.attrs if attribute.history.has_changes()
        } & set(mapper.column_attrs.keys())
        if changed:
            signal.emit(type(user), user=user, fields=sorted(changed))

    return tell


_RECEIVERS = {
    "before_insert": _telling(user_pre_create),
    "after_insert": _telling(user_post_create),
    "before_update": _telling_changes(user_pre_update),
    "after_update": _telling_changes(user_post_update),
    "before_delete": _telling(user_pre_delete),
    "after_delete": _telling(user_post_delete),
}


def watch(user_class: type[Any]) -> None:
    """Send the signals of a user class; once, however many applications use it."""
    for name, receiver in _RECEIVERS.items():
        if not event.contains(user_class, name, receiver):
            event.listen(user_class, name, receiver, propagate=True)
