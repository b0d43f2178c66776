"""Accounts that a manager has been asked for: looked up when they are needed."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any, Generic, TypeVar, overload

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import QueryableAttribute

from ...core.state import current_state
from ..sessions.principal import key_attribute
from .identity import twin_of
from .names import canonical

U = TypeVar("U")


class Selection(Generic[U]):
    """The accounts of one class with certain values, by key unless told otherwise.

    Nothing is asked before it is looped over, counted or sliced; then the rows are kept.

    :param model: the user class.
    :param query: a select of it; all accounts when left out.
    """

    def __init__(self, model: type[U], query: sa.Select[Any] | None = None) -> None:
        self._model = model
        self._query = sa.select(model) if query is None else query

    def filter(self, **values: Any) -> Selection[U]:
        """Those of them with these values; names and addresses however they are written.

        :raises AttributeError: the class has no such column; Django's ``name__contains`` is
            ``sa.select(User).where(User.name.contains(...))`` here.
        """
        query = self._query
        for name, value in values.items():
            if (twin := twin_of(self._model, name)) and isinstance(value, str):
                name, value = twin, canonical(value)
            query = query.where(self._column(name) == value)
        return Selection(self._model, query)

    def order_by(self, *names: str) -> Selection[U]:
        """The same in another order; ``-date_joined`` is the latest first."""
        columns = [
            self._column(name.removeprefix("-")).desc() if name[0] == "-" else self._column(name)
            for name in names
        ]
        return Selection(self._model, self._query.order_by(None).order_by(*columns))

    def first(self) -> U | None:
        """The first of them, None when there is none."""
        return next(iter(self[:1]), None)

    def count(self) -> int:
        """How many there are."""
        query = sa.select(sa.func.count()).select_from(self._query.order_by(None).subquery())
        return int(_session().scalar(query) or 0)

    def exists(self) -> bool:
        """Whether there is any."""
        return _session().scalar(sa.select(self._query.exists())) is True

    def __iter__(self) -> Iterator[U]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> U: ...
    @overload
    def __getitem__(self, index: slice) -> list[U]: ...
    def __getitem__(self, index: int | slice) -> U | list[U]:
        """One of them, or as many as a slice asks the database for."""
        if isinstance(index, int) or index.step or (index.stop or 0) < 0 or (index.start or 0) < 0:
            return self._rows[index]
        start = index.start or 0
        query = self._ordered.offset(start)
        if index.stop is not None:
            query = query.limit(max(index.stop - start, 0))
        return list(_session().scalars(query))

    @functools.cached_property
    def _rows(self) -> list[U]:
        return list(_session().scalars(self._ordered))

    @property
    def _ordered(self) -> sa.Select[Any]:
        """By key at last, so that the same slice is the same accounts."""
        return self._query.order_by(self._column("pk"))

    def _column(self, name: str) -> Any:
        mapper: Any = sa.inspect(self._model)
        if name == "pk" and "pk" not in mapper.all_orm_descriptors:
            name = key_attribute(mapper)
        column = getattr(self._model, name, None)
        if not isinstance(column, QueryableAttribute):
            raise AttributeError(f"{self._model.__name__} has no column {name!r}.")
        return column


def _session() -> Any:
    return current_state()[SQLAlchemy].session
