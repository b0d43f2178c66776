"""The rights of an account in the statement that loads it, when this process does not know them.

The process sends the access versions that it remembers; the database compares them with the
present ones, and gathers the names of groups and permissions only when they differ.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from .models import Models, table_of

#: Stands between names; no name holds a control character.
SEPARATOR = "\x1f"
#: Versions that no account has: the rights come along.
UNKNOWN = (-1, -1)
#: MySQL cuts gathered text at 1,024 bytes unless told otherwise; then it is not used.
_LONGEST_ON_MYSQL = 1_000

Names = tuple[frozenset[str], frozenset[str]]


def columns(models: Models, key: Any, every: Any, own: Any) -> tuple[sa.ColumnElement[Any], ...]:
    """Permissions by groups, permissions held directly, and groups: text, or NULL when known.

    :param key: the key column of the user's table.
    :param every: the present version of everybody.
    :param own: the present version of the account.
    """
    differs = sa.or_(
        sa.func.coalesce(every, 0) != sa.bindparam("known_every", type_=sa.BigInteger()),
        sa.func.coalesce(own, 0) != sa.bindparam("known_own", type_=sa.BigInteger()),
    )
    permission, group = table_of(models.Permission), table_of(models.Group)
    members, grants, direct = models.members, models.group_permissions, models.user_permissions
    by_groups = (
        _gathered(permission.c.name)
        .select_from(members)
        .join(grants, grants.c.group_id == members.c.group_id)
        .join(permission, permission.c.id == grants.c.permission_id)
        .where(members.c.user_id == key)
    )
    directly = (
        _gathered(permission.c.name)
        .select_from(direct)
        .join(permission, permission.c.id == direct.c.permission_id)
        .where(direct.c.user_id == key)
    )
    groups = (
        _gathered(group.c.name)
        .select_from(members)
        .join(group, group.c.id == members.c.group_id)
        .where(members.c.user_id == key)
    )
    user = key.table
    return tuple(
        sa.case((differs, sa.func.coalesce(names.correlate(user).scalar_subquery(), "")))
        for names in (by_groups, directly, groups)
    )


def read(texts: tuple[str | None, ...], dialect: str) -> Names | None:
    """Permissions and groups of a row; None when they did not come, or may have been cut."""
    if any(text is None for text in texts):
        return None
    if dialect in ("mysql", "mariadb") and any(
        len(text or "") > _LONGEST_ON_MYSQL for text in texts
    ):
        return None
    by_groups, directly, groups = (
        frozenset(filter(None, (text or "").split(SEPARATOR))) for text in texts
    )
    return by_groups | directly, groups


class _Gathered(FunctionElement[str]):
    """The values of a column in one text, without a parameter that each execution pays for."""

    type = sa.Text()
    inherit_cache = True


@compiles(_Gathered)
def _standard(element: _Gathered, compiler: Any, **options: Any) -> str:
    return f"string_agg({compiler.process(element.clauses, **options)}, chr(31))"


@compiles(_Gathered, "sqlite")
def _sqlite(element: _Gathered, compiler: Any, **options: Any) -> str:
    return f"group_concat({compiler.process(element.clauses, **options)}, char(31))"


@compiles(_Gathered, "mysql")
@compiles(_Gathered, "mariadb")
def _mysql(element: _Gathered, compiler: Any, **options: Any) -> str:
    return f"GROUP_CONCAT({compiler.process(element.clauses, **options)} SEPARATOR '{SEPARATOR}')"


def _gathered(column: sa.Column[Any]) -> sa.Select[Any]:
    return sa.select(_Gathered(column))
