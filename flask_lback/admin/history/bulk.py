"""Statements that write many rows at once, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapper, ORMExecuteState
from sqlalchemy.sql import ClauseElement, visitors

from ...auth.audit.guard import AMENDS, AuditEntryError
from ...auth.audit.models import AuditEntryMixin
from ..secrets import is_secret
from .changes import ADDED, CHANGED, DELETED
from .kinds import Kinds
from .values import MASK, kept

_LONGEST_WHERE, _LONGEST_VALUE = 2_000, 100


@dataclass
class Bulk:
    """One statement that adds, changes or deletes rows.

    :ivar rows: how many; None when the database does not say.
    :ivar where: which ones, as SQL.
    """

    what: str
    model: type[Any]
    values: dict[str, Any] = field(default_factory=dict)
    where: str = ""
    rows: int | None = None

    def count(self, state: ORMExecuteState, result: Any) -> None:
        """Take the number of rows from what the driver answered."""
        if self.rows is not None:
            return
        number: Any = getattr(result, "rowcount", -1)
        if number < 0:
            connection = state.session.connection(bind_arguments=state.bind_arguments)
            if connection.dialect.name == "sqlite":
                # Its driver counts no rows of a statement that begins with WITH.
                number = connection.exec_driver_sql("SELECT changes()").scalar()
        self.rows = number if number >= 0 else None


def bulk_of(state: ORMExecuteState, kinds: Kinds) -> Bulk | None:
    """What a statement does to the rows of a model; None when nobody is told of it.

    :raises AuditEntryError: it edits the audit log.
    """
    if not (state.is_update or state.is_delete or state.is_insert):
        return None
    statement: Any = state.statement
    is_orm = state.is_orm_statement
    mapper = state.bind_mapper if is_orm else _mapper_of(statement.table, kinds)
    if mapper is None:
        return None
    if issubclass(mapper.class_, AuditEntryMixin):
        _refuse_edit(state, statement)
        return None
    if not kinds.is_kept(mapper.class_):
        return None
    what = ADDED if state.is_insert else CHANGED if state.is_update else DELETED
    given = state.parameters
    several = list(given) if isinstance(given, Sequence) else []
    found = Bulk(what, mapper.class_, _written(statement, mapper, given))
    if several:
        found.rows = len(several)
    if not state.is_insert:
        found.where = _words(statement.whereclause)
    return found


def _mapper_of(table: Any, kinds: Kinds) -> Mapper[Any] | None:
    """The model of a table, for statements that were written without it."""
    return next((one for one in kinds.mappers() if one.local_table is table), None)


def _refuse_edit(state: ORMExecuteState, statement: Any) -> None:
    """Let nothing pass that edits an entry, but that a deleted account is no actor any longer."""
    if state.is_insert or state.execution_options.get(AMENDS):
        return
    names = {getattr(name, "key", name) for name in getattr(statement, "_values", None) or ()}
    if not (state.is_update and names == {"actor_id"}):
        raise AuditEntryError


def _written(statement: Any, mapper: Mapper[Any], given: Any) -> dict[str, Any]:
    """The values that a statement writes, by column; SQL stands as it is."""
    values = dict(getattr(statement, "_values", None) or {})
    values |= dict(getattr(statement, "_ordered_values", None) or {})
    if isinstance(given, Mapping):
        values |= given
    elif isinstance(given, Sequence) and given:
        values |= given[0] if len(given) == 1 else dict.fromkeys(given[0])
    found = {}
    for place, value in values.items():
        name = str(getattr(place, "key", place))
        column = _column(mapper, name)
        if column is None:
            continue
        if isinstance(value, sa.BindParameter):
            value = value.effective_value
        if isinstance(value, ClauseElement):
            value = MASK if is_secret(column) else str(value)
        found[mapper.get_property_by_column(column).key] = kept(column, value)
    return found


def _column(mapper: Mapper[Any], name: str) -> Any:
    if name in mapper.column_attrs:
        return mapper.column_attrs[name].columns[0]
    return mapper.columns.get(name) if name in mapper.columns else _by_name(mapper, name)


def _by_name(mapper: Mapper[Any], name: str) -> Any:
    return next((one for one in mapper.local_table.c if one.name == name), None)


def _words(where: Any) -> str:
    """A condition as SQL with its values; without them when it names a secret."""
    if where is None:
        return ""
    compiled = where.compile()
    hides = any(isinstance(one, sa.Column) and is_secret(one) for one in visitors.iterate(where))
    text = str(compiled)
    # The longest names first: ``:id_1`` is the beginning of ``:id_10``.
    for name in sorted(compiled.params, key=len, reverse=True):
        value = compiled.params[name]
        several = value if isinstance(value, list | tuple) else [value]
        shown = MASK if hides else ", ".join(map(_short, several))
        text = text.replace(f"__[POSTCOMPILE_{name}]", shown).replace(f":{name}", shown)
    return text if len(text) <= _LONGEST_WHERE else text[:_LONGEST_WHERE] + "…"


def _short(value: Any) -> str:
    text = repr(value) if isinstance(value, str) else str(getattr(value, "name", value))
    return text if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE] + "…"
