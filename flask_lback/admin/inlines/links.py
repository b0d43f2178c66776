"""What ties the rows of an inline to their record: one foreign key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import Mapper
from sqlalchemy.orm.interfaces import MANYTOONE

from ...core.state import current_state
from ...exceptions import ConfigError


@dataclass(frozen=True)
class Link:
    """A foreign key from rows to their record.

    :ivar column: the attribute of a row that holds it.
    :ivar remote: the attribute of the record that it points to.
    :ivar relation: the relation of a row that it stands for, "" when none is mapped.
    :ivar names: everything on a row that would write it.
    """

    column: str
    remote: str
    relation: str
    names: frozenset[str]

    def belongs(self, model: type[Any], record: Any) -> Any:
        """The condition that a row belongs to a record."""
        return getattr(model, self.column) == getattr(record, self.remote)

    def tie(self, row: Any, record: Any) -> None:
        """Make a new row belong to a record, which may be new itself."""
        if self.relation:
            setattr(row, self.relation, record)
            return
        current_state()[SQLAlchemy].session.flush()
        setattr(row, self.column, getattr(record, self.remote))


def link_between(name: str, model: type[Any], parent: type[Any], fk_name: str) -> Link:
    """The foreign key that ties rows of a model to records of another.

    :param name: of the inline, for errors.
    :param fk_name: which one, by its column or its relation; "" when there is one only.
    :raises ConfigError: there is none, or it is not clear which.
    """
    found = list(_links(sa.inspect(model), sa.inspect(parent)))
    if fk_name:
        for link in found:
            if fk_name in link.names:
                return link
        raise ConfigError(
            f"{name}.fk_name is {fk_name!r}, which is no foreign key of {model.__name__} to "
            f"{parent.__name__}.",
            _choose(found),
        )
    if not found:
        raise ConfigError(
            f"{name}: {model.__name__} has no foreign key to {parent.__name__}.",
            "An inline shows rows that belong to the record. Relations to many are fields.",
        )
    if len(found) > 1:
        raise ConfigError(
            f"{name}: {model.__name__} has several foreign keys to {parent.__name__}.",
            _choose(found),
        )
    if sa.inspect(model).common_parent(sa.inspect(parent)):
        raise ConfigError(
            f"{name}: {model.__name__} leads to itself, so it must be said by which way.",
            _choose(found),
        )
    return found[0]


def _links(rows: Mapper[Any], record: Mapper[Any]) -> Iterator[Link]:
    for prop in rows.column_attrs:
        column: Any = prop.columns[0]
        for key in getattr(column, "foreign_keys", ()):
            is_single = len(key.constraint.elements) == 1
            if key.column.table in record.tables and is_single:
                relations = [one for one in rows.relationships if column in one.local_columns]
                leading = [
                    one.key
                    for one in relations
                    if one.direction is MANYTOONE
                    and not one.viewonly
                    and record.isa(one.mapper)
                    and one.local_columns == {column}
                ]
                yield Link(
                    prop.key,
                    record.get_property_by_column(key.column).key,
                    next(iter(leading), ""),
                    frozenset(
                        [prop.key, *(one.key for one in relations if one.direction is MANYTOONE)]
                    ),
                )


def _choose(found: list[Link]) -> str:
    if not found:
        return ""
    return "Name one of them in fk_name: " + ", ".join(repr(one.column) for one in found) + "."
