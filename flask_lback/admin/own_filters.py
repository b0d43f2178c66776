"""Filters that an application writes, and which filters a list has."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import sqlalchemy as sa
from flask import request

from .attributes import Path, find
from .base import BaseModelAdmin
from .cells import is_numeric
from .filters import Choice, ChoiceFilter, Filter, RelationFilter, TextFilter, YesNoFilter
from .ranges import NumberFilter, TimeFilter


class SimpleListFilter:
    """A filter of an application's own, with Django's words.

    ::

        class Decade(admin.SimpleListFilter):
            title = "decade"
            parameter_name = "decade"

            def lookups(self, request, model_admin):
                return [("80s", "The eighties"), ("90s", "The nineties")]

            def queryset(self, request, queryset):
                year = 1980 if self.value() == "80s" else 1990
                return queryset.where(Post.year.between(year, year + 9))

    :param value: what the address asks for, None while nothing is chosen.
    """

    title: ClassVar[str] = ""
    parameter_name: ClassVar[str] = ""

    def __init__(self, value: str | None = None) -> None:
        self._value = value

    def value(self) -> str | None:
        """What is chosen: one of the values of :meth:`lookups`."""
        return self._value

    def lookups(self, request: Any, model_admin: BaseModelAdmin) -> Iterable[tuple[Any, str]]:
        """Values and their words; without any, the filter is not shown."""
        raise NotImplementedError

    def queryset(self, request: Any, queryset: sa.Select[Any]) -> sa.Select[Any] | None:
        """The statement of the list, narrowed; asked only when a value is chosen."""
        raise NotImplementedError


class OwnFilter(Filter):
    """A :class:`SimpleListFilter` among the others."""

    def __init__(self, admin: BaseModelAdmin, kind: type[SimpleListFilter]) -> None:
        self._admin = admin
        self._kind = kind
        self.label = kind.title[:1].upper() + kind.title[1:]
        self.key = kind.parameter_name

    @property
    def is_visible(self) -> bool:
        """Everybody who sees the list may use it."""
        return True

    def choices(self) -> list[Choice]:
        """What the class offers."""
        found = self._kind().lookups(request, self._admin)
        return [Choice(str(value), str(label)) for value, label in found or ()]

    def narrowed(self, statement: sa.Select[Any], value: str) -> sa.Select[Any]:
        """What the class makes of the statement."""
        narrowed = self._kind(value).queryset(request, statement)
        return statement if narrowed is None else narrowed


def make(path: Path) -> Filter:
    """The filter that suits a column or a relation."""
    if path.is_relation:
        return RelationFilter(path)
    kind = getattr(path.column.type, "impl", path.column.type)
    for wanted, made in (
        (sa.Boolean, YesNoFilter),
        (sa.Enum, ChoiceFilter),
        (sa.Date | sa.DateTime, TimeFilter),
    ):
        if isinstance(kind, wanted):
            return made(path)
    return NumberFilter(path) if is_numeric(path.column) else TextFilter(path)


def filters_of(admin: Any) -> list[Filter]:
    """The filters of a list, as its option names them."""
    found: list[Filter] = []
    for entry in admin.list_filter:
        if isinstance(entry, type):
            found.append(OwnFilter(admin, entry))
            continue
        name, kind = (entry, make) if isinstance(entry, str) else entry
        path: Path | None = find(admin.model, name)
        if path is not None:
            found.append(kind(path))
    return found
