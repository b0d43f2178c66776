"""Write the audit log."""

from __future__ import annotations

import logging
from typing import Any

from flask import Response, after_this_request, g, has_app_context, has_request_context
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from ...core import clock, security_log
from ..models import Models, table_of
from ..sessions.principal import USER
from ..users.mixins import key_of

logger = logging.getLogger(__name__)

_LENGTHS = {"actor_name": 254, "target_name": 254, "target_id": 255, "target_kind": 100}


class Audit:
    """The audit log of one application.

    What was done is written in the transaction that does it, so that neither is there without the
    other. A refusal changes nothing, so it is written by itself, once the response has left.
    Each event is a line of the log ``flask_lback.audit`` as well, in JSON (ASVS 16.2, 16.4).
    """

    def __init__(self, db: SQLAlchemy, models: Models) -> None:
        self._db = db
        self._kind = models.AuditEntry

    def record(self, action: str, target: Any = None, *, actor: Any = None, **details: Any) -> None:
        """Write an event into the present transaction; the caller commits.

        :param action: such as ``auth.password_changed``.
        :param target: the row that it happened to.
        :param actor: who did it; the present account when left out.
        :param details: more about it; never a secret.
        """
        values = _values(action, "ok", target, actor, details)
        self._db.session.add(self._kind(**values))

    def refuse(self, action: str, target: Any = None, *, actor: Any = None, **details: Any) -> None:
        """Write that something was refused: after the response, in a transaction of its own."""
        self._afterwards(_values(action, "refused", target, actor, details))

    def note(self, action: str, target: Any = None, *, actor: Any = None, **details: Any) -> None:
        """Write an event that changed nothing, as :meth:`refuse` does."""
        self._afterwards(_values(action, "ok", target, actor, details))

    def _afterwards(self, values: dict[str, Any]) -> None:
        if not has_request_context():
            self._db.session.add(self._kind(**values))
            return
        table = table_of(self._kind)
        engine = self._db.engines[table.metadata.info.get("bind_key")]

        def insert(**more: Any) -> None:
            with engine.begin() as connection:
                connection.execute(table.insert().values({**values, **more}))

        def write() -> None:
            try:
                try:
                    insert()
                except IntegrityError:  # the account has gone since; its name stays
                    insert(actor_id=None)
            except SQLAlchemyError:  # the answer has left, and the log has the event
                logger.warning("An event was not written to the audit log", exc_info=True)

        @after_this_request
        def later(response: Response) -> Response:
            response.call_on_close(write)
            return response


def _values(
    action: str, outcome: str, target: Any, actor: Any, details: dict[str, Any]
) -> dict[str, Any]:
    if actor is None and has_app_context():
        actor = g.get(USER)
    is_account = actor is not None and getattr(actor, "is_authenticated", False)
    values: dict[str, Any] = {
        "action": action,
        "outcome": outcome,
        "happened_at": clock.now(),
        "actor_id": key_of(actor) if is_account else None,
        "actor_name": str(actor) if is_account else "",
        "target_kind": "" if target is None else type(target).__name__,
        "target_id": "" if target is None else _identity(target),
        "target_name": "" if target is None else str(target),
        "details": details,
    }
    for name, length in _LENGTHS.items():
        values[name] = values[name][:length]
    values["ip_address"], values["user_agent"] = security_log.origin()
    security_log.write_event(**values)
    return values


def _identity(target: Any) -> str:
    key = key_of(target)
    return "" if key is None else str(key)
