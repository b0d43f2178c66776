"""The columns of a list."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import ColumnProperty, RelationshipProperty, joinedload, selectinload
from sqlalchemy.orm.interfaces import MANYTOONE

from . import words
from .attributes import Path, editable, find, is_time, normalized, printable
from .base import BaseModelAdmin
from .cells import Cell, cell, is_numeric, state

#: Columns of a list whose options say nothing.
_MOST = 6


@dataclass(frozen=True)
class Column:
    """One column of a list.

    :ivar name: as the option has it.
    :ivar label: its heading.
    :ivar sort: what it is sorted by, None when it cannot be.
    :ivar path: the mapped column or relation that it shows, None for a method or a property.
    :ivar read: takes a row and gives its value.
    """

    name: str
    label: str
    sort: Path | None
    path: Path | None
    read: Callable[[Any], Any]
    empty: str

    @property
    def is_right(self) -> bool:
        """Whether it stands at the right: numbers and times."""
        path = self.path
        if path is None or path.is_relation:
            return False
        return is_numeric(path.column) or is_time(path.column)

    @property
    def is_state(self) -> bool:
        """Whether its values are badges."""
        path = self.path
        return path is not None and not path.is_relation and is_choice(path.column)

    def cell(self, row: Any, *, short: bool = True) -> Cell:
        """The value of a row."""
        value = self.read(row)
        if isinstance(value, str) and value and self.is_state:
            return state(value)
        return cell(value, self.empty, short=short)


def is_choice(column: Any) -> bool:
    """Whether a column holds one of a few words, or yes and no."""
    kind = getattr(column.type, "impl", column.type)
    return isinstance(kind, sa.Enum | sa.Boolean)


def column(admin: BaseModelAdmin, name: str) -> Column:
    """The column that a name of ``list_display`` or ``readonly_fields`` stands for."""
    model, empty = admin.model, admin.empty_value_display
    if name == "__str__":
        title = words.heading(admin.verbose_name or words.spoken(model.__name__))
        return Column(name, title, None, None, str, empty)
    path = find(model, name)
    if path is not None:
        return Column(
            name, label_of(path), path if _sorts(path) else None, path, _reader(path.name), empty
        )
    method = getattr(admin, name, None)
    if callable(method):
        return _computed(admin, name, method)
    return Column(name, words.label(name), None, None, _reader(normalized(name)), empty)


def _computed(admin: BaseModelAdmin, name: str, method: Callable[[Any], Any]) -> Column:
    """The column that a method fills."""
    heading = getattr(method, "display_description", None) or words.label(name)
    ordering = getattr(method, "display_ordering", None)
    given = getattr(method, "display_empty_value", None)
    empty = admin.empty_value_display if given is None else str(given)
    read = method
    if getattr(method, "display_boolean", False):

        def read(row: Any) -> Any:
            value = method(row)
            return None if value is None else bool(value)

    sort = find(admin.model, ordering) if ordering else None
    return Column(name, heading, sort, None, read, empty)


def label_of(path: Path) -> str:
    """What a column is called: its ``info["label"]``, or its name in words."""
    given = path.prop.info.get("label")
    if given is None and isinstance(path.prop, ColumnProperty):
        given = getattr(path.prop.columns[0], "info", {}).get("label")
    return str(given) if given else words.label(path.name)


def default_names(model: type[Any]) -> list[str]:
    """The columns of a list whose option is empty: what a record is called, then short facts."""
    speaks = any("__str__" in vars(kind) for kind in model.__mro__[:-1])
    names = editable(model) + printable(model)
    first = "__str__" if speaks else next(filter(_is_short_text(model), names), None)
    if first is None:
        first = sa.inspect(model).primary_key[0].key
    rest = [name for name in names if name != first and _is_fact(model, name)]
    if speaks and (shown := next(filter(_is_short_text(model), names), None)):
        rest = [name for name in rest if name != shown]
    return [str(first), *rest][:_MOST]


def loading(columns: list[Column], related: Iterator[str] | Any, model: type[Any]) -> list[Any]:
    """Loader options, so that a list costs the same statements however many rows it has."""
    options: dict[str, Any] = {}
    names = [one.path.name for one in columns if one.path is not None]
    for name in [*names, *map(normalized, related)]:
        path = find(model, name)
        if path is None:
            continue
        steps = [*path.relations, *([path.prop] if path.is_relation else [])]
        option: Any = None
        for at, step in enumerate(steps):
            how: Any = selectinload if step.uselist else joinedload
            more = how if option is None else getattr(option, how.__name__)
            option = more(step.class_attribute)
            options[".".join(one.key for one in steps[: at + 1])] = option
    return list(options.values())


def _sorts(path: Path) -> bool:
    return path.is_single and path.column is not None and not path.is_secret


def _reader(name: str) -> Callable[[Any], Any]:
    steps = name.split(".")

    def read(row: Any) -> Any:
        for step in steps:
            row = getattr(row, step, None)
            if row is None:
                return None
        return row

    return read


def _is_short_text(model: type[Any]) -> Callable[[str], bool]:
    def test(name: str) -> bool:
        path = find(model, name)
        if path is None or path.is_relation:
            return False
        kind = path.column.type
        return isinstance(kind, sa.String) and not isinstance(kind, sa.Text | sa.Enum)

    return test


def _is_fact(model: type[Any], name: str) -> bool:
    path = find(model, name)
    if path is None:
        return False
    if isinstance(path.prop, RelationshipProperty):
        return path.prop.direction is MANYTOONE
    kind = getattr(path.column.type, "impl", path.column.type)
    return not (path.column.primary_key or isinstance(kind, sa.Text | sa.LargeBinary | sa.JSON))
