"""Nobody edits the audit log: entries are added, and otherwise left as they are."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import Mapper, object_session
from sqlalchemy.sql.dml import Delete, Update

from ...db.prepared import IGNORES_SELECT
from ...exceptions import LbackError
from .models import AuditEntryMixin

#: Execution option of the statements that may change entries all the same: those that take out
#: the names of a deleted account, and those that remove what is old.
AMENDS = "lback_amends_audit"
_EDITED = "lback_audit_edited"


class AuditEntryError(LbackError):
    """An entry of the audit log was to be changed or deleted."""

    def __init__(self) -> None:
        super().__init__(
            "Entries of the audit log are not changed, and not deleted one by one.",
            "`flask lback clean-audit` removes old ones; `flask lback delete-due-accounts` takes "
            "out the names of accounts that are deleted.",
        )


def watch(engine: Engine, table: sa.Table) -> None:
    """Refuse ``update(AuditEntry)`` and ``delete(AuditEntry)``, in whichever session.

    Statements on the bare table pass: who can write those can write any SQL.
    """
    tables = {table}  # a statement may hold it annotated, which is equal to it and another object

    def after_execute(
        connection: Connection,
        statement: Any,
        multiparams: Any,
        params: Any,
        execution_options: Any,
        result: Any,
    ) -> None:
        if not isinstance(statement, Update | Delete) or statement.table not in tables:
            return
        if execution_options.get(AMENDS) or not _names_class(statement):
            return
        # It has run. Whoever catches the error must not be able to commit it.
        connection.info[_EDITED] = True
        raise AuditEntryError

    setattr(after_execute, IGNORES_SELECT, True)
    event.listen(engine, "after_execute", after_execute)

    @event.listens_for(engine, "commit")
    def refuse_commit(connection: Connection) -> None:
        if connection.info.get(_EDITED):
            raise AuditEntryError

    @event.listens_for(engine, "rollback")
    def settled(connection: Connection) -> None:
        connection.info.pop(_EDITED, None)


def _names_class(statement: Any) -> bool:
    """Whether a statement was written with the mapped class."""
    return bool(statement._propagate_attrs.get("compile_state_plugin") == "orm")


@event.listens_for(AuditEntryMixin, "before_update", propagate=True)
def _refuse_update(mapper: Mapper[Any], connection: Connection, entry: Any) -> None:
    session = object_session(entry)
    if session is not None and session.is_modified(entry):
        raise AuditEntryError


@event.listens_for(AuditEntryMixin, "before_delete", propagate=True)
def _refuse_delete(mapper: Mapper[Any], connection: Connection, entry: Any) -> None:
    raise AuditEntryError
