"""What an account holds: four questions, and their answers in the statement that loads it.

The process sends the access versions that it remembers; the database compares them with the
present ones, and gathers the names of groups and permissions only when they differ, and whether
there are rights on single objects at all.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from ..models import Models, table_of

#: Stands between names, and between the four answers; no name holds a control character.
SEPARATOR, BREAK = "\x1f", "\x1e"
#: Versions that no account has: the rights come along.
UNKNOWN = (-1, -1)
#: MySQL cuts gathered text at 1,024 bytes unless told otherwise; then it is not used.
_LONGEST_ON_MYSQL = 1_000

Names = tuple[frozenset[str], frozenset[str], bool]


def questions(models: Models, account: Any) -> tuple[sa.Select[Any], ...]:
    """The names of an account's permissions by groups, of those held directly, of its groups.

    :param account: its key: a column of the statement around, or a parameter.
    """
    permission, group = table_of(models.Permission), table_of(models.Group)
    members, grants, direct = models.members, models.group_permissions, models.user_permissions
    by_groups = (
        sa.select(permission.c.name)
        .select_from(members)
        .join(grants, grants.c.group_id == members.c.group_id)
        .join(permission, permission.c.id == grants.c.permission_id)
        .where(members.c.user_id == account)
    )
    directly = (
        sa.select(permission.c.name)
        .select_from(direct)
        .join(permission, permission.c.id == direct.c.permission_id)
        .where(direct.c.user_id == account)
    )
    groups = (
        sa.select(group.c.name)
        .select_from(members)
        .join(group, group.c.id == members.c.group_id)
        .where(members.c.user_id == account)
    )
    return by_groups, directly, groups


def has_objects(models: Models, account: Any) -> sa.ColumnElement[bool]:
    """Whether an account, or one of its groups, holds a right on some single object.

    :param account: as for :func:`questions`.
    """
    rows, members = table_of(models.ObjectPermission), models.members
    groups = sa.select(members.c.group_id).where(members.c.user_id == account)
    if isinstance(account, sa.Column):
        groups = groups.correlate(account.table)
    found = sa.select(constant(1)).where(
        sa.or_(rows.c.user_id == account, rows.c.group_id.in_(groups))
    )
    return (found.correlate(account.table) if isinstance(account, sa.Column) else found).exists()


def column(models: Models, key: Any, every: Any, own: Any) -> sa.ColumnElement[Any]:
    """The answers in one text; NULL when the process knows them.

    :param key: the key column of the user's table.
    :param every: the present version of everybody.
    :param own: the present version of the account.
    """
    differs = sa.or_(
        every != sa.bindparam("known_every", type_=sa.BigInteger()),
        own != sa.bindparam("known_own", type_=sa.BigInteger()),
    )
    nothing, between = constant(""), constant(BREAK)
    by_groups, directly, groups = (
        sa.func.coalesce(_gathered(names).correlate(key.table).scalar_subquery(), nothing)
        for names in questions(models, key)
    )
    objects = sa.case((has_objects(models, key), constant("1")), else_=nothing)
    answers = by_groups + between + directly + between + groups + between + objects
    return sa.case((differs, answers))


def constant(value: str | int) -> sa.ColumnElement[Any]:
    """A value of this package that stands in the statement's text: no execution pays for it."""
    text = str(value) if isinstance(value, int) else f"'{value}'"
    return sa.literal_column(text, sa.Text() if isinstance(value, str) else sa.BigInteger())


def read(text: str, dialect: str) -> Names | None:
    """Permissions and groups of a row, and whether there are rights on single objects.

    None when they may have been cut.
    """
    answers = text.split(BREAK)
    if dialect in ("mysql", "mariadb") and any(
        len(answer.encode()) > _LONGEST_ON_MYSQL for answer in answers
    ):
        return None
    by_groups, directly, groups, objects = (
        frozenset(filter(None, answer.split(SEPARATOR))) for answer in answers
    )
    return by_groups | directly, groups, bool(objects)


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


def _gathered(names: sa.Select[Any]) -> sa.Select[Any]:
    return names.with_only_columns(_Gathered(*names.selected_columns))
