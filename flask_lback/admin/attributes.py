"""What the names in the options stand for: columns, relations, and those of related models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import ColumnProperty, Mapper, RelationshipProperty
from sqlalchemy.orm.interfaces import MANYTOONE

from .secrets import is_secret

#: Columns that a record is called by, best first.
_NAMES = ("name", "title", "username", "email", "label", "subject", "slug")


@dataclass(frozen=True)
class Path:
    """A column or a relation of a model, or of one that it leads to.

    :ivar name: as it is written in an option, with dots.
    :ivar relations: the relations on the way.
    :ivar prop: what stands at its end.
    """

    name: str
    relations: tuple[RelationshipProperty[Any], ...]
    prop: ColumnProperty[Any] | RelationshipProperty[Any]

    @property
    def is_relation(self) -> bool:
        """Whether a relation stands at the end."""
        return isinstance(self.prop, RelationshipProperty)

    @property
    def column(self) -> Any:
        """The column at the end; of a relation, the one that its records are called by."""
        if isinstance(self.prop, RelationshipProperty):
            return label_column(self.prop.mapper)
        return self.prop.columns[0]

    @property
    def target(self) -> type[Any]:
        """The model at the end of a relation."""
        return self.prop.mapper.class_

    @property
    def is_single(self) -> bool:
        """Whether every step leads to one record at most."""
        steps = [*self.relations, *([self.prop] if self.is_relation else [])]
        return all(not step.uselist for step in steps)

    @property
    def is_secret(self) -> bool:
        """Whether it ends at a secret column."""
        return isinstance(self.prop, ColumnProperty) and is_secret(self.prop.columns[0])


def normalized(name: str) -> str:
    """``author__username`` as ``author.username``."""
    if name.startswith("__"):
        return name
    return name.replace("__", ".")


def find(model: type[Any], name: str) -> Path | None:
    """The column or relation of that name, None when there is none."""
    name = normalized(name)
    mapper: Mapper[Any] = sa.inspect(model)
    relations: list[RelationshipProperty[Any]] = []
    *steps, last = name.split(".")
    for step in steps:
        prop = mapper.attrs.get(step)
        if not isinstance(prop, RelationshipProperty):
            return None
        relations.append(prop)
        mapper = prop.mapper
    prop = mapper.attrs.get(last)
    if isinstance(prop, ColumnProperty | RelationshipProperty):
        return Path(name, tuple(relations), prop)
    return None


def label_column(mapper: Mapper[Any]) -> Any | None:
    """The column that records are called by: a name, or the first text; None without one."""
    texts = {
        prop.key: prop.columns[0]
        for prop in mapper.column_attrs
        if isinstance(prop.columns[0], sa.Column)
        and isinstance(prop.columns[0].type, sa.String)
        and not prop.columns[0].foreign_keys
        and not is_secret(prop.columns[0])
    }
    for name in _NAMES:
        if name in texts:
            return texts[name]
    return next(iter(texts.values()), None)


def is_stamp(prop: ColumnProperty[Any]) -> bool:
    """Whether the code writes a column by itself: times of making and changing, defaults."""
    column: Any = prop.columns[0]
    if not isinstance(column, sa.Column) or column.onupdate or column.server_onupdate:
        return True
    if not is_time(column):
        return False
    made = column.default is not None and column.default.is_callable
    return bool(made or column.server_default is not None)


def is_time(column: Any) -> bool:
    """Whether a column holds a day or a moment."""
    kind = getattr(column.type, "impl", column.type)
    return isinstance(kind, sa.Date | sa.DateTime)


def is_twin(name: str, mapper: Mapper[Any]) -> bool:
    """Whether a column is the canonical twin of another one, which writes it."""
    return name.endswith("_canonical") and name.removesuffix("_canonical") in mapper.attrs


def editable(model: type[Any]) -> list[str]:
    """The names that a form has when the options say nothing, in the order of the columns.

    Without keys, secrets, stamps and twins. A relation to one record stands in the place of its
    foreign key; relations to many, through a table of pairs, come last.
    """
    mapper: Mapper[Any] = sa.inspect(model)
    relations = [
        prop
        for prop in mapper.relationships
        if not prop.viewonly and not prop.key.startswith(("_", "lback_"))
    ]
    single = {
        column: prop.key
        for prop in relations
        if prop.direction is MANYTOONE
        for column in prop.local_columns
    }
    names = []
    for prop in mapper.column_attrs:
        column: Any = prop.columns[0]
        if column in single:
            names.append(single[column])
        elif _is_written(prop, mapper):
            names.append(prop.key)
    names += single.values()
    names += [
        prop.key
        for prop in relations
        if prop.secondary is not None and not _is_made_by_backref(prop)
    ]
    return list(dict.fromkeys(names))


def _is_written(prop: ColumnProperty[Any], mapper: Mapper[Any]) -> bool:
    column: Any = prop.columns[0]
    if not isinstance(column, sa.Column) or column.primary_key or column.foreign_keys:
        return False
    if prop.key.startswith(("_", "lback_")) or is_secret(column):
        return False
    return not is_twin(prop.key, mapper) and not is_stamp(prop)


def _is_made_by_backref(prop: RelationshipProperty[Any]) -> bool:
    """Whether ``relationship(backref=…)`` on the other model made it: its form shows it."""
    other = prop.mapper.attrs.get(prop.back_populates or "")
    return isinstance(other, RelationshipProperty) and other.backref is not None


def printable(model: type[Any]) -> list[str]:
    """The key and the stamps: what the facts beside a form show."""
    mapper: Mapper[Any] = sa.inspect(model)
    return [
        prop.key
        for prop in mapper.column_attrs
        if isinstance(prop.columns[0], sa.Column)
        and not is_secret(prop.columns[0])
        and not prop.key.startswith("_")
        and (prop.columns[0].primary_key or is_stamp(prop))
    ]
