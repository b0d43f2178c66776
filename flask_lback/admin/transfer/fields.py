"""The columns of a file: which there are, and how a row's values are read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from .. import keys, words
from ..attributes import Path, normalized
from ..columns import column
from ..validation.names import readable
from . import values

if TYPE_CHECKING:
    from ..views.records import RecordView


@dataclass(frozen=True)
class Field:
    """One column of a file.

    :ivar name: as it stands in the first line.
    :ivar label: as the list calls it.
    :ivar path: the mapped column or relation, None for a method or a property.
    :ivar read: takes a record and gives the value.
    :ivar convert: makes of a value what :func:`values.text` and :func:`values.plain` know.
    """

    name: str
    label: str
    path: Path | None
    read: Callable[[Any], Any]
    convert: Callable[[Any], Any] | None

    @property
    def is_plain(self) -> bool:
        """Whether it is one column of the database, so that no record has to be made for it."""
        path = self.path
        return path is not None and path.is_single and path.column is not None

    def value(self, row: Any) -> Any:
        """The value of a record, converted."""
        value = self.read(row)
        return value if self.convert is None else self.convert(value)


def exported(view: RecordView, request: Any) -> list[Field]:
    """The columns that an export of a model has.

    :raises ConfigError: one of them is nothing that can be shown, or a secret.
    """
    names = list(view.options.get_export_fields(request)) or default_names(view)
    for name in names:
        readable(view.options, "export_fields", name)
    return [field(view, name) for name in names]


def default_names(view: RecordView) -> list[str]:
    """The key, then the columns of the list."""
    shown = [normalized(one.name) for one in view.listing.columns]
    return list(dict.fromkeys([*key_names(view.model), *shown]))


def key_names(model: type[Any]) -> list[str]:
    """The attributes that make up the key of a record."""
    mapper = sa.inspect(model)
    return [mapper.get_property_by_column(one).key for one in mapper.primary_key]


def field(view: RecordView, name: str) -> Field:
    """The column of a file that a name stands for."""
    shown = column(view.options, normalized(name))
    return Field(shown.name, shown.label, shown.path, _reader(shown), _converter(shown.path))


def _reader(shown: Any) -> Callable[[Any], Any]:
    path: Path | None = shown.path
    if path is None or not path.is_relation or not path.is_single or path.column is None:
        return shown.read  # type: ignore[no-any-return]
    label = _label(path)

    def read(row: Any) -> Any:
        other = shown.read(row)
        return None if other is None else getattr(other, label)

    return read


def _converter(path: Path | None) -> Callable[[Any], Any] | None:
    if path is None:
        return None
    if path.is_relation and not path.is_single:
        return _names(path)
    if path.column is None:
        return lambda row: None if row is None else keys.encode(row)
    kind = getattr(path.column.type, "impl", path.column.type)
    if isinstance(kind, sa.JSON):
        return values.Document
    if isinstance(kind, sa.Enum):
        by_value = {value: word for word, value in words.enumerated(kind).items()}
        return lambda value: by_value.get(value, value)
    return None


def _names(path: Path) -> Callable[[Any], Any]:
    """What several records are called, or their keys."""
    if path.column is None:
        return lambda rows: [keys.encode(row) for row in rows or ()]
    label = _label(path)
    return lambda rows: [getattr(row, label) for row in rows or ()]


def _label(path: Path) -> str:
    """The attribute that the records at the end of a relation are called by."""
    return str(sa.inspect(path.target).get_property_by_column(path.column).key)


class Selection:
    """The statement that reads plain columns only, without making records."""

    def __init__(self, model: type[Any], fields: Iterable[Field]) -> None:
        self._model = model
        self._places: dict[tuple[str, ...], Any] = {}
        self._joins: list[tuple[Any, Any]] = []
        self._columns = [self._column(one.path) for one in fields if one.path is not None]

    def of(self, statement: sa.Select[Any]) -> sa.Select[Any]:
        """The same rows: the key, then a value for each column."""
        for place, attribute in self._joins:
            statement = statement.outerjoin(place, attribute)
        own = [getattr(self._model, name) for name in key_names(self._model)]
        return statement.with_only_columns(*own, *self._columns, maintain_column_froms=True)

    def _column(self, path: Path) -> Any:
        steps = [*path.relations, *([path.prop] if path.is_relation else [])]
        place: Any = self._model
        way: tuple[str, ...] = ()
        for step in steps:
            way = (*way, step.key)
            if way not in self._places:
                self._places[way] = aliased(step.mapper.class_)
                self._joins.append((self._places[way], getattr(place, step.key)))
            place = self._places[way]
        return getattr(place, _label(path) if path.is_relation else path.prop.key)


def converted(fields: Sequence[Field], rows: Iterable[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    """Plain rows with what needs it converted."""
    changing = [(at, one.convert) for at, one in enumerate(fields) if one.convert is not None]
    if not changing:
        yield from rows
        return
    for row in rows:
        line = list(row)
        for at, convert in changing:
            line[at] = convert(line[at])
        yield line
