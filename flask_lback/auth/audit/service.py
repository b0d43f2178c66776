"""Write the audit log."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from flask import Response, after_this_request, g, has_app_context, has_request_context
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from ...core import clock, security_log
from ..models import Models, table_of
from ..sessions.principal import LOGIN, USER
from ..users.mixins import key_of

logger = logging.getLogger(__name__)

_LENGTHS = {
    "actor_name": 254,
    "impersonator_id": 255,
    "impersonator_name": 254,
    "target_name": 254,
    "target_id": 255,
    "target_kind": 100,
}


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

    def record_many(self, events: Iterable[Mapping[str, Any]], *, is_gone: bool = False) -> None:
        """Write events into the present transaction with one statement; the caller commits.

        :param events: ``action``, ``target_kind``, ``target_id``, ``target_name`` and ``details``
            of each. The log is told which fields have changed, not their values.
        :param is_gone: whether the transaction deletes the present account.
        """
        who = _actor(None)
        rows = [_entry(event["action"], "ok", {**who, **event}) for event in events]
        for row in rows:
            _log(row | {"details": _without_values(row["details"])})
            if is_gone:
                row["actor_id"] = None
        if rows:
            self._db.session.execute(sa.insert(table_of(self._kind)), rows)

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
    aimed = {
        "target_kind": "" if target is None else type(target).__name__,
        "target_id": "" if target is None else _identity(target),
        "target_name": "" if target is None else str(target),
        "details": details,
    }
    values = _entry(action, outcome, {**_actor(actor), **aimed})
    _log(values)
    return values


def _actor(actor: Any) -> dict[str, Any]:
    """Who acts, and in whose place.

    :param actor: None for the present account.
    """
    present = g.get(USER) if has_app_context() else None
    actor = present if actor is None else actor
    if actor is None or not getattr(actor, "is_authenticated", False):
        return {"actor_id": None, "actor_name": "", "impersonator_id": "", "impersonator_name": ""}
    is_present = getattr(present, "is_authenticated", False) and key_of(actor) == key_of(present)
    key, name = _impersonator() if is_present else ("", "")
    return {
        "actor_id": key_of(actor),
        "actor_name": str(actor),
        "impersonator_id": key,
        "impersonator_name": name,
    }


def _impersonator() -> tuple[str, str]:
    """Key and name of the account that has put itself in the place of the present one."""
    login = g.get(LOGIN) if has_app_context() else None
    who = getattr(login, "impersonator", None)
    return ("", "") if who is None else (str(who.key), str(who.name))


def _entry(action: str, outcome: str, values: dict[str, Any]) -> dict[str, Any]:
    values = {**values, "action": action, "outcome": outcome, "happened_at": clock.now()}
    for name, length in _LENGTHS.items():
        values[name] = values[name][:length]
    values["ip_address"], values["user_agent"] = security_log.origin()
    return values


def _log(values: dict[str, Any]) -> None:
    security_log.write_event(**values)


def _without_values(details: Mapping[str, Any]) -> dict[str, Any]:
    """Names of fields in place of what they hold, which nobody could take out of a log again."""
    return {
        name: sorted(value) if isinstance(value, Mapping) else value
        for name, value in details.items()
        if name != "where"
    }


def _identity(target: Any) -> str:
    key = key_of(target)
    return "" if key is None else str(key)
