"""One page of a list: what the address asks for, and the statement that answers it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from werkzeug.datastructures import MultiDict

from . import keys
from .attributes import Path, find
from .columns import Column, column, default_names, loading
from .filters import LONGEST, Filter
from .hierarchy import DateHierarchy, Span
from .options import ModelAdmin
from .own_filters import filters_of
from .paging import Keyset, read_size
from .query import LAST, Query
from .scope import every
from .ways import behind, reach

#: Longer questions are cut, and so are questions of more words.
_LONGEST_SEARCH = 200
_MOST_WORDS = 8
#: By so many columns a list is sorted at once.
_MOST_ORDERS = 3


@dataclass(frozen=True)
class Page:
    """The rows of one page.

    :ivar follows: whether rows come after it; None when its number tells.
    :ivar precedes: whether rows come before it; None when its number tells.
    """

    rows: Sequence[Any]
    precedes: bool | None = None
    follows: bool | None = None


class Listing:
    """The list of one model."""

    def __init__(self, admin: ModelAdmin) -> None:
        self.model = admin.model
        self.admin = admin
        names = admin.list_display or default_names(admin.model)
        self.columns: list[Column] = [column(admin, name) for name in names]
        self.filters: list[Filter] = filters_of(admin)
        days = find(admin.model, admin.date_hierarchy) if admin.date_hierarchy else None
        self.hierarchy = DateHierarchy(days) if days is not None else None
        self._search = [_search_path(admin.model, name) for name in admin.search_fields]
        self._loading = loading(self.columns, admin.list_select_related, admin.model)

    @property
    def searches(self) -> bool:
        """Whether there is anything to search."""
        return bool(self._search)

    def size(self, query: Query) -> int:
        """Rows on a page."""
        return query.size or self.admin.list_per_page

    # --- what is asked for --------------------------------------------------------------------

    def read(self, args: MultiDict[str, str]) -> Query:
        """What an address asks for. Unknown parameters and impossible values count as none."""
        filters, said = {}, {}
        for one in self.filters:
            value = one.read(args)
            usable = value and len(value) <= LONGEST and "\x00" not in value
            if usable and one.is_visible and (shown := one.shown(value)) is not None:
                filters[one.key], said[one.key] = value, shown
        page: int | str = LAST if args.get("page") == LAST else args.get("page", 1, type=int)
        if isinstance(page, int):
            page = max(1, min(page, 10**9))
        search = args.get("q", "").replace("\x00", "").strip()[:_LONGEST_SEARCH]
        day = args.get("day", "")
        query = Query(
            search if self.searches else "",
            self._read_order(args.get("o", "")),
            page,
            read_size(args.get("size", ""), self.admin.list_per_page, self.admin.list_max_show_all),
            day="" if self.hierarchy is None or Span.read(day) is None else day,
            filters=filters,
            said=said,
        )
        return self._placed(query, args)

    def _read_order(self, text: str) -> str:
        names = dict.fromkeys(text[:_LONGEST_SEARCH].split(",")[:_MOST_ORDERS])
        known = [name for name in names if self._sort(name) is not None]
        return ",".join(known)

    def _placed(self, query: Query, args: MultiDict[str, str]) -> Query:
        """The query with the place where its page begins or ends, when the address has one."""
        if query.page == LAST:
            return query
        for name in ("after", "before"):
            text = args.get(name, "")
            if text and self.keyset(query).read(text) is not None:
                return Query(**{**vars(query), "page": 1, name: text})
        return query

    # --- statements ---------------------------------------------------------------------------

    def every(self, action: str = "view") -> sa.Select[Any]:
        """The rows that the present account reaches: every handler begins here.

        :param action: what is to be done with them.
        """
        return every(self.admin, action)

    def statement(self, query: Query) -> sa.Select[Any]:
        """The rows that a query asks for, without order."""
        statement = self.every()
        for word in query.search.split()[:_MOST_WORDS]:
            statement = statement.where(
                sa.or_(*(_holds(how, path, word) for how, path in self._search))
            )
        for one in self.filters:
            if one.key in query.filters:
                statement = one.narrowed(statement, query.filters[one.key])
        if self.hierarchy is not None and (span := Span.read(query.day)) is not None:
            statement = statement.where(self.hierarchy.condition(span))
        return statement

    def ordered(
        self, statement: sa.Select[Any], query: Query, *, reverse: bool = False
    ) -> sa.Select[Any]:
        """The rows in the order that a query asks for; the key comes last, so that it is one."""
        statement = statement.order_by(None)
        for path, is_down in self._orders(query):
            statement, sorted_by = reach(statement, path)
            down = is_down != reverse
            statement = statement.order_by(sorted_by.desc() if down else sorted_by.asc())
        for key in sa.inspect(self.model).primary_key:
            down = self._is_newest_first(query) != reverse
            statement = statement.order_by(key.desc() if down else key.asc())
        return statement

    def keyset(self, query: Query) -> Keyset:
        """The places of rows in the order of a query."""
        return Keyset(self.model, self._orders(query), is_down=self._is_newest_first(query))

    # --- rows ---------------------------------------------------------------------------------

    def page(self, db: SQLAlchemy, query: Query, count: int) -> Page:
        """The rows of one page.

        By its number as far as rows are counted; beyond that, from the place of a row.

        :param count: how many rows there are, or were counted.
        """
        size = self.size(query)
        statement = self.statement(query)
        if query.page == LAST or query.after or query.before:
            return self._page_from(db, query, statement, size)
        statement = self.ordered(statement, query).limit(size)
        if isinstance(query.page, int) and query.page > 1:
            last = max(1, -(-count // size))
            statement = statement.offset((min(query.page, last) - 1) * size)
        return Page(self._load(db, statement))

    def _page_from(
        self, db: SQLAlchemy, query: Query, statement: sa.Select[Any], size: int
    ) -> Page:
        is_back = query.page == LAST or bool(query.before)
        keyset = self.keyset(query)
        if (values := keyset.read(query.before or query.after)) is not None:
            statement = statement.where(keyset.condition(values, is_before=is_back))
        found = self._load(db, self.ordered(statement, query, reverse=is_back).limit(size + 1))
        rows, is_more = found[:size], len(found) > size
        if is_back:
            return Page(rows[::-1], precedes=is_more, follows=query.page != LAST)
        return Page(rows, precedes=True, follows=is_more)

    def again(self, db: SQLAlchemy, texts: Sequence[str]) -> list[Any]:
        """The rows of these keys, in their order, with everything that the list shows of them."""
        decoded = [key for text in texts if (key := keys.decode(self.model, text)) is not None]
        if not decoded:
            return []
        found = self._load(db, self.every().where(keys.condition(self.model, decoded)))
        by_key = {keys.encode(row): row for row in found}
        return [by_key[text] for text in texts if text in by_key]

    def _load(self, db: SQLAlchemy, statement: sa.Select[Any]) -> Sequence[Any]:
        return db.session.scalars(statement.options(*self._loading)).unique().all()

    # --- order --------------------------------------------------------------------------------

    def next_order(self, one: Column, query: Query) -> str:
        """The order that the heading of a column leads to; the columns before it break ties."""
        name = f"-{one.name}" if query.orders[:1] == [one.name] else one.name
        rest = [order for order in query.orders if order.lstrip("-") != one.name]
        return ",".join([name, *rest][:_MOST_ORDERS])

    def direction(self, one: Column, query: Query) -> str:
        """``ascending``, ``descending`` or ``none``, for ``aria-sort``."""
        order = next(iter(query.orders or self.admin.ordering), "")
        if order.lstrip("-") != one.name:
            return "none"
        return "descending" if order.startswith("-") else "ascending"

    def _orders(self, query: Query) -> list[tuple[Path, bool]]:
        """What is sorted by, and whether it descends."""
        found = []
        for order in query.orders or self.admin.ordering:
            path = self._sort(order) or find(self.model, order.removeprefix("-"))
            if path is not None and path.column is not None:
                found.append((path, order.startswith("-")))
        return found

    def _is_newest_first(self, query: Query) -> bool:
        return not query.orders and not self.admin.ordering

    def _sort(self, order: str) -> Path | None:
        name = order.removeprefix("-")
        return next((one.sort for one in self.columns if one.name == name and one.sort), None)


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
