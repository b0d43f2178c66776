"""Access versions: raised in the transaction that changes rights, bulk statements included."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from flask import g, has_app_context
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.sql.dml import Delete, Insert, Update

from ..db.prepared import IGNORES_SELECT
from .models import Models, table_of
from .sessions.principal import RIGHTS

EVERYBODY = "all"
CHANGED = "lback_access_changed"
_RAISED = "lback_access_raised"


def watch(engine: Engine, models: Models) -> None:
    """Raise versions whenever a statement of this engine writes to a table of rights."""
    for_everybody = {
        models.group_permissions,
        table_of(models.Group),
        table_of(models.Permission),
    }
    for_one = {models.members, models.user_permissions}
    accounts = {table_of(models.User)}

    def after_execute(
        connection: Connection,
        statement: Any,
        multiparams: Any,
        params: Any,
        execution_options: Any,
        result: Any,
    ) -> None:
        if not isinstance(statement, Insert | Update | Delete):
            return
        # The versions of an account go with it: an account that is given its key again would
        # start to count where what is remembered of the first one may stand.
        is_deletion = isinstance(statement, Delete) and statement.table in accounts
        if statement.table in for_everybody or is_deletion:
            raise_version(connection, models)
        elif statement.table in for_one:
            # The values of an UPDATE name the new owner, not the old one.
            by_values = not isinstance(statement, Update)
            users = _users_of([*(multiparams or ()), params or {}]) if by_values else None
            if users is None:
                raise_version(connection, models)
            else:
                for user in users:
                    raise_version(connection, models, user)

    setattr(after_execute, IGNORES_SELECT, True)
    event.listen(engine, "after_execute", after_execute)

    @event.listens_for(engine, "commit")
    @event.listens_for(engine, "rollback")
    def settled(connection: Connection) -> None:
        connection.info.pop(_RAISED, None)


def raise_version(connection: Connection, models: Models, user_key: Any = None) -> None:
    """Add one to the version of an account, or of everybody."""
    table = table_of(models.AccessVersion)
    scope = EVERYBODY if user_key is None else f"user:{user_key}"
    connection.info[_RAISED] = True
    if has_app_context():
        setattr(g, CHANGED, True)
        g.pop(RIGHTS, None)
    values = {"scope": scope, "user_id": user_key, "value": 1}
    risen = {"value": table.c.value + 1}
    if connection.dialect.name in ("mysql", "mariadb"):
        from sqlalchemy.dialects.mysql import insert as mysql_insert

        connection.execute(mysql_insert(table).values(values).on_duplicate_key_update(risen))
    else:
        from sqlalchemy.dialects.postgresql import insert as postgresql_insert
        from sqlalchemy.dialects.sqlite import insert as sqlite_insert

        kind = sqlite_insert if connection.dialect.name == "sqlite" else postgresql_insert
        connection.execute(
            kind(table)
            .values(values)
            .on_conflict_do_update(index_elements=[table.c.scope], set_=risen)
        )


def has_raised(connection: Connection) -> bool:
    """Whether this transaction has changed rights: what it reads must not be remembered."""
    return bool(connection.info.get(_RAISED))


def read_versions(connection: Connection, models: Models, user_key: Any) -> tuple[int, int]:
    """The versions of everybody and of one account, 0 where nothing was ever changed."""
    table = table_of(models.AccessVersion)
    rows = connection.execute(
        sa.select(table.c.scope, table.c.value).where(
            sa.or_(table.c.scope == EVERYBODY, table.c.user_id == user_key)
        )
    ).all()
    found = {row.scope == EVERYBODY: row.value for row in rows}
    return found.get(True, 0), found.get(False, 0)


def _users_of(sets: Iterable[Any]) -> set[Any] | None:
    """Whose memberships a statement writes, None when its values do not say."""
    rows = [row for row in sets if row]
    flat = [one for row in rows for one in (row if isinstance(row, list | tuple) else [row])]
    if not flat or not all(isinstance(one, Mapping) and "user_id" in one for one in flat):
        return None
    return {one["user_id"] for one in flat}
