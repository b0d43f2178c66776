"""Access versions: raised in the transaction that changes rights, bulk statements included."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from flask import g, has_app_context
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.sql import operators
from sqlalchemy.sql.dml import Delete, Insert, Update
from sqlalchemy.sql.elements import BinaryExpression, BindParameter, BooleanClauseList

from ..db.prepared import IGNORES_SELECT
from .models import Models, table_of
from .sessions.principal import OBJECT_RIGHTS, RIGHTS

EVERYBODY = "all"
CHANGED = "lback_access_changed"
_RAISED = "lback_access_raised"
_HIGHEST_START = 2**40


class _Tables:
    """What of a database says who may do what."""

    def __init__(self, models: Models) -> None:
        self._for_everybody = {
            models.group_permissions,
            table_of(models.Group),
            table_of(models.Permission),
        }
        self._for_one = {models.members, models.user_permissions}
        self._on_objects = {table_of(models.ObjectPermission)}
        self._accounts = {table_of(models.User)}

    def owners(
        self, statement: Insert | Update | Delete, given: Iterable[Any], result: Any
    ) -> set[Any]:
        """Whose version a statement raises; None among them stands for everybody.

        :param given: the parameters of the call.
        """
        table = statement.table
        if table in self._for_everybody:
            return {None}
        if table in self._for_one:
            users = _users_of(given) if _names_owner(statement) else None
            return {None} if users is None else users
        if table in self._on_objects:
            return _owners_of_objects(statement, result)
        # The versions of an account go with it: an account that is given its key again would
        # start to count where what is remembered of the first one may stand.
        is_deletion = isinstance(statement, Delete) and table in self._accounts
        return {None} if is_deletion else set()


def watch(engine: Engine, models: Models) -> None:
    """Raise versions whenever a statement of this engine writes to a table of rights."""
    tables = _Tables(models)

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
        given = [*(multiparams or ()), params or {}]
        for user in tables.owners(statement, given, result):
            raise_version(connection, models, user)

    setattr(after_execute, IGNORES_SELECT, True)
    event.listen(engine, "after_execute", after_execute)

    @event.listens_for(engine, "commit")
    @event.listens_for(engine, "rollback")
    def settled(connection: Connection) -> None:
        connection.info.pop(_RAISED, None)

    @event.listens_for(engine, "commit_twophase")
    @event.listens_for(engine, "rollback_twophase")
    def settled_in_two(connection: Connection, xid: Any, is_prepared: bool) -> None:
        settled(connection)


def raise_version(connection: Connection, models: Models, user_key: Any = None) -> None:
    """Add one to the version of an account, or of everybody."""
    table = table_of(models.AccessVersion)
    scope = EVERYBODY if user_key is None else f"user:{user_key}"
    connection.info[_RAISED] = True
    _forget()
    # It never starts at the same number: an account may be given the key of one that is gone, and
    # somebody may empty this table.
    values = {"scope": scope, "user_id": user_key, "value": secrets.randbelow(_HIGHEST_START) + 1}
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


def _forget() -> None:
    """Let the rest of this request ask for rights anew."""
    if has_app_context():
        setattr(g, CHANGED, True)
        g.pop(RIGHTS, None)
        g.pop(OBJECT_RIGHTS, None)


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


def _owners_of_objects(statement: Insert | Update | Delete, result: Any) -> set[Any]:
    """Whose version rises with rights on objects: that there are some is remembered."""
    if not isinstance(statement, Delete):
        return _users_of(result.context.compiled_parameters) or {None}
    if result.rowcount != 0:
        _forget()  # which ones there are nobody remembers for longer than a request
    return set()


def _names_owner(statement: Insert | Update | Delete) -> bool:
    """Whether the parameter ``user_id`` of a statement says whose rows it writes, and all of them.

    So it is with what SQLAlchemy writes for a relation. The values of an UPDATE name the new owner,
    and other statements may call something else so.
    """
    if isinstance(statement, Insert):
        return statement.compare(sa.insert(statement.table))
    condition = statement.whereclause if isinstance(statement, Delete) else None
    if condition is None:
        return False
    is_and = isinstance(condition, BooleanClauseList) and condition.operator is operators.and_
    owner = statement.table.c.user_id
    return any(
        isinstance(part, BinaryExpression)
        and part.operator is operators.eq
        and part.left is owner
        and isinstance(part.right, BindParameter)
        and part.right.key == owner.key
        for part in (condition.clauses if is_and else [condition])
    )


def _users_of(sets: Iterable[Any]) -> set[Any] | None:
    """Whose memberships a statement writes, None when its values do not say."""
    rows = [row for row in sets if row]
    flat = [one for row in rows for one in (row if isinstance(row, list | tuple) else [row])]
    if not flat or not all(isinstance(one, Mapping) and "user_id" in one for one in flat):
        return None
    return {one["user_id"] for one in flat}
