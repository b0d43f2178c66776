"""What goes with a record, what stays behind, and what forbids to delete it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import Mapper, RelationshipProperty
from sqlalchemy.orm.interfaces import MANYTOONE

from ..auth.models import Models, table_of
from ..core.state import current_state
from . import words
from .counting import count

#: What becomes of rows that point to a deleted one.
DELETED, EMPTIED, BLOCKED = "deleted", "emptied", "blocked"


@dataclass(frozen=True)
class Edge:
    """Rows of one table that point to rows that go.

    :ivar constraint: the foreign key.
    :ivar outcome: what becomes of them.
    :ivar by_orm: whether SQLAlchemy sees to it; otherwise the rule stands in the database.
    :ivar rows: which rows, as a condition.
    :ivar parent: the table they point to.
    """

    constraint: sa.ForeignKeyConstraint
    outcome: str
    by_orm: bool
    rows: Any
    parent: sa.Table

    @property
    def table(self) -> sa.Table:
        """The table whose rows they are."""
        return self.constraint.table


@dataclass(frozen=True)
class Line:
    """One line of the confirmation page."""

    title: str
    reason: str
    count: int
    model: type[Any] | None


@dataclass
class Outcome:
    """What deleting does.

    :ivar gone: rows that go, the chosen ones first.
    :ivar kept: rows that stay and lose what they point to.
    :ivar blocking: rows that forbid it.
    """

    gone: list[Line] = field(default_factory=list)
    kept: list[Line] = field(default_factory=list)
    blocking: list[Line] = field(default_factory=list)

    @property
    def total(self) -> int:
        """How many rows go."""
        return sum(line.count for line in self.gone)


class Deletion:
    """Deleting chosen rows of one model, thought through."""

    def __init__(self, model: type[Any], rows: Sequence[Any]) -> None:
        self.model = model
        self.rows = rows
        self._mapper: Mapper[Any] = sa.inspect(model)
        self._every_mapper = list(_mappers())
        self._versions = table_of(current_state()[Models].AccessVersion)
        self._mappers = {one.local_table: one for one in self._every_mapper if one.inherits is None}
        self.edges = list(self._walk())

    def outcome(self, db: SQLAlchemy, limit: int) -> Outcome:
        """Count what happens, in one statement.

        :param limit: see :func:`~flask_lback.admin.counting.capped`.
        """
        merged = self._merged()
        selects = {
            str(at): (
                self.model,
                sa.select(sa.literal(1)).select_from(table).where(sa.or_(*conditions)),
            )
            for at, ((table, _), (conditions, _)) in enumerate(merged.items())
        }
        counts = count(db, selects, limit) if selects else {}
        name = words.spoken(self.model.__name__)
        chosen = len(self.rows)
        outcome = Outcome()
        lists = {DELETED: outcome.gone, EMPTIED: outcome.kept, BLOCKED: outcome.blocking}
        outcome.gone.append(
            Line(words.heading(name if chosen == 1 else words.plural(name)), "", chosen, self.model)
        )
        for at, ((table, kind), (_, parents)) in enumerate(merged.items()):
            if not counts[str(at)]:
                continue
            lists[kind].append(self._line(table, parents, counts[str(at)]))
        return outcome

    def prepare(self, db: SQLAlchemy) -> None:
        """Do what the rules of the database say where it does not enforce them: SQLite."""
        bind = db.session.get_bind(self._mapper)
        if bind.dialect.name != "sqlite":
            return
        for edge in reversed(self.edges):
            if edge.by_orm or edge.outcome == BLOCKED:
                continue
            statement: Any = sa.delete(edge.table)
            if edge.outcome == EMPTIED:
                empty = {column: None for column in edge.constraint.columns if column.nullable}
                statement = sa.update(edge.table).values(empty)
            statement = statement.where(edge.rows)
            db.session.execute(statement, bind_arguments={"mapper": self._mapper})

    def _walk(self) -> Iterator[Edge]:
        """Every foreign key that leads to the chosen rows, nearest first."""
        queue: list[tuple[Any, Any, bool]] = [
            (table, self._chosen(table), True) for table in self._mapper.tables
        ]
        seen: set[tuple[Any, bool]] = set()
        while queue:
            parent, condition, by_orm = queue.pop(0)
            for constraint in self._pointing_to(parent):
                outcome, next_by_orm = self._fate(parent, constraint, by_orm)
                if outcome is None or (constraint, next_by_orm) in seen:
                    continue
                seen.add((constraint, next_by_orm))
                rows = _pointing(constraint, parent, condition, deep=outcome == DELETED)
                yield Edge(constraint, outcome, next_by_orm, rows, parent)
                if outcome == DELETED and constraint.table is parent:
                    condition = sa.or_(condition, rows)
                elif outcome == DELETED:
                    queue.append((constraint.table, rows, next_by_orm))

    def _chosen(self, table: Any) -> Any:
        columns = list(table.primary_key.columns)
        chosen = [self._mapper.primary_key_from_instance(row) for row in self.rows]
        if len(columns) == 1:
            return columns[0].in_([key[0] for key in chosen])
        matches = (zip(columns, key, strict=True) for key in chosen)
        return sa.or_(*(sa.and_(*(column == value for column, value in one)) for one in matches))

    def _pointing_to(self, parent: sa.Table) -> list[sa.ForeignKeyConstraint]:
        """The foreign keys to a table; those of its own rows first."""
        found = [
            constraint
            for table in parent.metadata.tables.values()
            for constraint in table.foreign_key_constraints
            if constraint.referred_table is parent and not self._is_inheritance(table, parent)
        ]
        return sorted(
            found, key=lambda one: (one.table is not parent, one.table.name, one.column_keys)
        )

    def _fate(
        self, parent: sa.Table, constraint: sa.ForeignKeyConstraint, by_orm: bool
    ) -> tuple[str | None, bool]:
        """What becomes of the rows, and whether SQLAlchemy sees to it."""
        mapper = self._mappers.get(parent) if by_orm else None
        for relation in mapper.relationships if mapper is not None else ():
            if relation.viewonly or relation.direction is MANYTOONE:
                continue
            if relation.secondary is constraint.table:
                return None, True  # only the pair goes: nobody counts those
            if _is_of(relation, constraint) and (fate := _fate_by_orm(relation, constraint)):
                return fate, True
        rule = (constraint.ondelete or "").upper()
        if rule == "CASCADE":
            return DELETED, False
        return (EMPTIED, False) if rule in ("SET NULL", "SET DEFAULT") else (BLOCKED, False)

    def _merged(self) -> dict[tuple[sa.Table, str], tuple[list[Any], list[sa.Table]]]:
        """Conditions by table and outcome, so that no row is counted twice."""
        merged: dict[tuple[sa.Table, str], tuple[list[Any], list[sa.Table]]] = {}
        for edge in self.edges:
            if edge.table not in self._mappers and edge.outcome != BLOCKED:
                continue  # pairs of a relation: nobody counts those
            if edge.table is self._versions:
                continue
            conditions, parents = merged.setdefault((edge.table, edge.outcome), ([], []))
            conditions.append(edge.rows)
            parents.append(edge.parent)
        return merged

    def _line(self, table: sa.Table, parents: Iterable[sa.Table], number: int) -> Line:
        mapper = self._mappers.get(table)
        spoken = self._spoken(table)
        title = words.heading(spoken if number == 1 else words.plural(spoken))
        others = [one for one in parents if one is not table] or [table]
        reason = ", ".join(dict.fromkeys(map(self._spoken, others)))
        return Line(title, reason, number, mapper.class_ if mapper else None)

    def _spoken(self, table: sa.Table) -> str:
        mapper = self._mappers.get(table)
        return words.spoken(mapper.class_.__name__) if mapper else table.name.replace("_", " ")

    def _is_inheritance(self, table: sa.Table, parent: sa.Table) -> bool:
        return any(
            one.local_table is table and one.inherits is not None and parent in one.tables
            for one in self._every_mapper
        )


def _mappers() -> Iterator[Mapper[Any]]:
    """Every class that this application maps; Lback's own stand on a registry apart."""
    state = current_state()
    models = state[Models]
    kinds = [state[SQLAlchemy].Model, models.User, models.Group]
    registries = {kind.registry for kind in kinds}
    for registry in registries:
        yield from registry.mappers


def _fate_by_orm(
    relation: RelationshipProperty[Any], constraint: sa.ForeignKeyConstraint
) -> str | None:
    """What SQLAlchemy does to the rows of a relation; None leaves them to the database."""
    if relation.cascade.delete:
        return DELETED
    if relation.passive_deletes == "all":
        return None
    if all(column.nullable for column in constraint.columns):
        return EMPTIED
    return None if relation.passive_deletes else BLOCKED


def _is_of(relation: RelationshipProperty[Any], constraint: sa.ForeignKeyConstraint) -> bool:
    remote = {column for _, column in relation.local_remote_pairs or ()}
    return remote == set(constraint.columns)


def _pointing(
    constraint: sa.ForeignKeyConstraint, parent: sa.Table, condition: Any, *, deep: bool
) -> Any:
    """That a row points to one that goes; through its own table also to one that goes with it."""
    local = [element.parent for element in constraint.elements]
    remote = [element.column for element in constraint.elements]
    chosen = sa.select(*remote).where(condition)
    if deep and constraint.table is parent:
        tree = chosen.cte(recursive=True)
        tree = tree.union(
            sa.select(*remote).where(
                sa.and_(
                    *(own == tree.c[other.key] for own, other in zip(local, remote, strict=True))
                )
            )
        )
        chosen = sa.select(*tree.c)
    if len(local) == 1:
        return local[0].in_(chosen)
    return sa.tuple_(*local).in_(chosen)
