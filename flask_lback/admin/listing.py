"""One page of a list: what the address asks for, and the statement that answers it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import aliased
from werkzeug.datastructures import MultiDict

from .attributes import Path, find
from .columns import Column, column, default_names, loading
from .filters import LONGEST, Filter, behind, make
from .options import ModelAdmin

#: Longer questions are cut, and so are questions of more words.
_LONGEST_SEARCH = 200
_MOST_WORDS = 8
#: The last page of a list whose rows are too many to be counted.
LAST = "last"


@dataclass(frozen=True)
class Query:
    """What the address of a list asks for; what it cannot mean is left out.

    :ivar filters: values by the key of the filter.
    :ivar said: the same values in words.
    :ivar page: from 1, or :data:`LAST`.
    """

    search: str = ""
    order: str = ""
    page: int | str = 1
    filters: Mapping[str, str] = field(default_factory=dict)
    said: Mapping[str, str] = field(default_factory=dict)

    def address(self, **changes: Any) -> dict[str, str]:
        """The parameters of this query with some of them changed."""
        changed = replace(self, **{"page": 1, **changes})
        page = "" if changed.page == 1 else str(changed.page)
        known = {"q": changed.search, "o": changed.order, "page": page}
        return {name: value for name, value in {**changed.filters, **known}.items() if value}

    def without(self, key: str) -> dict[str, str]:
        """The parameters without one filter."""
        rest = {name: value for name, value in self.filters.items() if name != key}
        return self.address(filters=rest)

    def with_filter(self, key: str, value: str) -> dict[str, str]:
        """The parameters with one filter more."""
        return self.address(filters={**self.filters, key: value})

    @property
    def is_narrow(self) -> bool:
        """Whether it asks for fewer than all rows."""
        return bool(self.search or self.filters)


class Listing:
    """The list of one model."""

    def __init__(self, admin: ModelAdmin) -> None:
        self.model = admin.model
        self.admin = admin
        names = admin.list_display or default_names(admin.model)
        self.columns: list[Column] = [column(admin, name) for name in names]
        self.filters: list[Filter] = [
            make(path) for name in admin.list_filter if (path := find(admin.model, name))
        ]
        self._search = [_search_path(admin.model, name) for name in admin.search_fields]
        self._loading = loading(self.columns, admin.list_select_related, admin.model)

    @property
    def searches(self) -> bool:
        """Whether there is anything to search."""
        return bool(self._search)

    def read(self, args: MultiDict[str, str]) -> Query:
        """What an address asks for. Unknown parameters and impossible values count as none."""
        filters, said = {}, {}
        for one in self.filters:
            value = args.get(one.key, "")
            usable = value and len(value) <= LONGEST and "\x00" not in value
            if usable and one.is_visible and (shown := one.shown(value)) is not None:
                filters[one.key], said[one.key] = value, shown
        order = args.get("o", "")
        if self._sort(order) is None:
            order = ""
        page: int | str = LAST if args.get("page") == LAST else args.get("page", 1, type=int)
        if isinstance(page, int):
            page = max(1, min(page, 10**9))
        search = args.get("q", "").replace("\x00", "").strip()[:_LONGEST_SEARCH]
        return Query(search if self.searches else "", order, page, filters, said)

    def every(self) -> sa.Select[Any]:
        """The rows that the panel reaches: every handler begins here."""
        return sa.select(self.model)

    def statement(self, query: Query) -> sa.Select[Any]:
        """The rows that a query asks for, without order."""
        statement = self.every()
        for word in query.search.split()[:_MOST_WORDS]:
            statement = statement.where(
                sa.or_(*(_holds(how, path, word) for how, path in self._search))
            )
        for one in self.filters:
            if one.key in query.filters:
                statement = statement.where(one.condition(query.filters[one.key]))
        return statement

    def rows(self, db: SQLAlchemy, query: Query, count: int) -> Sequence[Any]:
        """The rows of one page.

        :param count: how many rows there are, or were counted.
        """
        size = self.admin.list_per_page
        is_last = query.page == LAST
        statement = self._ordered(self.statement(query), query, reverse=is_last)
        if isinstance(query.page, int) and query.page > 1:
            last = max(1, -(-count // size))
            statement = statement.offset((min(query.page, last) - 1) * size)
        statement = statement.limit(size).options(*self._loading)
        found = db.session.scalars(statement).unique().all()
        return found[::-1] if is_last else found

    def next_order(self, one: Column, query: Query) -> str:
        """The order that the heading of a column leads to."""
        return f"-{one.name}" if query.order == one.name else one.name

    def direction(self, one: Column, query: Query) -> str:
        """``ascending``, ``descending`` or ``none``, for ``aria-sort``."""
        order = query.order or next(iter(self.admin.ordering), "")
        if order.lstrip("-") != one.name:
            return "none"
        return "descending" if order.startswith("-") else "ascending"

    def _sort(self, order: str) -> Path | None:
        name = order.removeprefix("-")
        return next((one.sort for one in self.columns if one.name == name and one.sort), None)

    def _ordered(self, statement: sa.Select[Any], query: Query, *, reverse: bool) -> sa.Select[Any]:
        wanted = [query.order] if query.order else list(self.admin.ordering)
        for order in wanted:
            path = self._sort(order) or find(self.model, order.removeprefix("-"))
            if path is None or path.column is None:
                continue
            statement, sorted_by = _reach(statement, path)
            down = order.startswith("-") != reverse
            statement = statement.order_by(sorted_by.desc() if down else sorted_by.asc())
        primary = sa.inspect(self.model).primary_key
        newest_first = not wanted
        for key in primary:
            down = newest_first != reverse
            statement = statement.order_by(key.desc() if down else key.asc())
        return statement


def _reach(statement: sa.Select[Any], path: Path) -> tuple[sa.Select[Any], Any]:
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


def _search_path(model: type[Any], name: str) -> tuple[str, Path]:
    how = name[0] if name[0] in "^=" else ""
    path = find(model, name.lstrip("^="))
    if path is None:
        raise LookupError(name)
    return how, path


def _holds(how: str, path: Path, word: str) -> Any:
    def test(attribute: Any) -> Any:
        kind = getattr(path.column.type, "impl", path.column.type)
        text = attribute
        if not isinstance(kind, sa.String) or isinstance(kind, sa.Enum):
            text = sa.cast(attribute, sa.String)
        if how == "=":
            return sa.func.lower(text) == word.lower()
        if how == "^":
            return text.istartswith(word, autoescape=True)
        return text.icontains(word, autoescape=True)

    return behind(path, test)
