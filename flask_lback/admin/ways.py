"""The way from a row to a column of another model: joined to sort by it, EXISTS to ask for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from .attributes import Path
from .relations import Target


def reach(statement: sa.Select[Any], path: Path) -> tuple[sa.Select[Any], Any]:
    """Join the way to a column that rows are sorted by."""
    steps = [*path.relations, *([path.prop] if path.is_relation else [])]
    place: Any = None
    for step in steps:
        attribute = step.class_attribute if place is None else getattr(place, step.key)
        place = aliased(step.mapper.class_)
        statement = statement.outerjoin(place, attribute)
    if place is None:
        return statement, path.prop.class_attribute
    mapper = sa.inspect(place).mapper
    return statement, getattr(place, mapper.get_property_by_column(path.column).key)


def behind(path: Path, test: Callable[[Any], Any]) -> Any:
    """A test of the end of a path, as a condition on the rows at its beginning.

    Written with EXISTS, so that no row comes twice.
    """
    condition = test(path.prop.class_attribute)
    for relation in reversed(path.relations):
        attribute = relation.class_attribute
        condition = attribute.any(condition) if relation.uselist else attribute.has(condition)
    return condition


def in_sight(path: Path, test: Callable[[Any], Any]) -> Any:
    """As :func:`behind`, by way of records that the present account may see only."""
    condition = test(path.prop.class_attribute)
    for relation in reversed(path.relations):
        condition = Target(relation.mapper.class_).within(condition)
        attribute = relation.class_attribute
        condition = attribute.any(condition) if relation.uselist else attribute.has(condition)
    return condition


def is_visible(path: Path) -> bool:
    """Whether the present account may view every model on the way."""
    return all(Target(relation.mapper.class_).is_visible for relation in path.relations)
