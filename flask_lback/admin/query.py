"""What the address of a list asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

#: The last page of a list whose rows are too many to be counted.
LAST = "last"
#: Parameters of a list that are no filter.
RESERVED = frozenset({"q", "o", "page", "size", "after", "before", "day", "all", "next", "format"})


@dataclass(frozen=True)
class Query:
    """What an address asks for; what it cannot mean is left out.

    :ivar order: names of columns with commas between them, ``-`` before those that descend.
    :ivar page: from 1, or :data:`LAST`.
    :ivar size: rows on a page; 0 means as the list has it.
    :ivar after: where a page begins, or ends with ``before``: see
        :class:`~flask_lback.admin.paging.Keyset`.
    :ivar day: a year, a month or a day of the date hierarchy.
    :ivar filters: values by the key of the filter.
    :ivar said: the same values in words.
    """

    search: str = ""
    order: str = ""
    page: int | str = 1
    size: int = 0
    after: str = ""
    before: str = ""
    day: str = ""
    filters: Mapping[str, str] = field(default_factory=dict)
    said: Mapping[str, str] = field(default_factory=dict)

    def address(self, **changes: Any) -> dict[str, str]:
        """The parameters of this query with some of them changed; a page is never kept."""
        changed = replace(self, **{"page": 1, "after": "", "before": "", **changes})
        known = {
            "q": changed.search,
            "o": changed.order,
            "page": "" if changed.page == 1 else str(changed.page),
            "size": str(changed.size or ""),
            "after": changed.after,
            "before": changed.before,
            "day": changed.day,
        }
        return {name: value for name, value in {**changed.filters, **known}.items() if value}

    def here(self) -> dict[str, str]:
        """The parameters of this very page."""
        return self.address(page=self.page, after=self.after, before=self.before)

    def without(self, key: str) -> dict[str, str]:
        """The parameters without one filter."""
        rest = {name: value for name, value in self.filters.items() if name != key}
        return self.address(filters=rest)

    def with_filter(self, key: str, value: str) -> dict[str, str]:
        """The parameters with one filter more."""
        return self.address(filters={**self.filters, key: value})

    @property
    def orders(self) -> list[str]:
        """The columns that it is sorted by, first one first."""
        return self.order.split(",") if self.order else []

    @property
    def is_narrow(self) -> bool:
        """Whether it asks for fewer than all rows."""
        return bool(self.search or self.filters or self.day)
