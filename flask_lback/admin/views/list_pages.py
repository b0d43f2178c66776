"""What stands below and above a list: its pages, and its years, months and days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ...core.translation import gettext
from .. import words
from ..cells import number
from ..counting import count, spoken
from ..hierarchy import Span
from ..listing import Page
from ..paging import sizes
from ..query import LAST, Query

if TYPE_CHECKING:
    from .records import RecordView

#: The names of two values and of counts in the statement that counts.
_FIRST, _LATEST, _PART = "first day", "last day", "rows of "


def pager(view: RecordView, query: Query, page: Page, count: int) -> dict[str, Any]:
    """Which rows these are, and the addresses of the other pages.

    Pages have numbers as far as rows are counted. Beyond that an address says after which row its
    page begins, so that no page costs more than another.
    """
    listing, limit = view.listing, view.site.settings.count_limit
    size, is_capped = listing.size(query), count > limit
    known = max(1, -(-min(count, limit) // size))
    at = min(query.page, known) if isinstance(query.page, int) and page.precedes is None else None
    if at is None:
        before, after = _beside(view, query, page)
    else:
        before = _url(view, query.address(page=at - 1)) if at > 1 else ""
        after = _url(view, query.address(page=at + 1)) if at < known else ""
        if at == known and is_capped:
            after = _beside(view, query, Page(page.rows, follows=True))[1]
    return {
        "span": _span(query, len(page.rows), at, size, spoken(count, limit)),
        "before": before,
        "after": after,
        "numbers": [(n, _url(view, query.address(page=n)) if n else "") for n in _shown(at, known)],
        "at": at,
        "last": _url(view, query.address(page=LAST)) if is_capped else "",
        "is_last": query.page == LAST,
        "size": size,
        "sizes": [
            (n, _url(view, query.address(size=n if n != view.options.list_per_page else 0)))
            for n in sizes(view.options.list_per_page, view.options.list_max_show_all)
        ]
        if count > 1
        else [],
    }


def asked(view: RecordView, query: Query) -> dict[str, Any]:
    """What the date hierarchy wants counted in the statement that counts everything else."""
    hierarchy = view.listing.hierarchy
    if hierarchy is None:
        return {}
    span = Span.read(query.day)
    if span is not None:
        return _parts(view, query, list(span.parts()))
    first, last = hierarchy.ends(view.listing.statement(query))
    return {_FIRST: (view.model, first), _LATEST: (view.model, last)}


def days(view: RecordView, query: Query, counts: Mapping[str, Any]) -> dict[str, Any] | None:
    """The links of the date hierarchy, None without one; a statement at most."""
    hierarchy, limit = view.listing.hierarchy, view.site.settings.count_limit
    if hierarchy is None:
        return None
    span = Span.read(query.day)
    if span is not None:
        spans = list(span.parts())
    else:
        first, last = counts[_FIRST], counts[_LATEST]
        if first is None:
            return None
        spans = hierarchy.spans(first, last)
        counts = count(view.site.db, _parts(view, query, spans), limit)
    return {
        "label": hierarchy.label,
        "all": _url(view, query.address(day="")) if span is not None else "",
        "way": [(_said(one), _url(view, query.address(day=one.text))) for one in _way(span)],
        "here": _said(span) if span is not None else "",
        "parts": [
            (_said(one), _url(view, query.address(day=one.text)), spoken(found, limit))
            for one in spans
            if (found := counts[_PART + one.text])
        ],
    }


def _way(span: Span | None) -> list[Span]:
    return span.way() if span is not None else []


def _parts(view: RecordView, query: Query, spans: list[Span]) -> dict[str, Any]:
    listing = view.listing
    return {
        _PART + span.text: (view.model, listing.statement(replace(query, day=span.text)))
        for span in spans
    }


def _said(span: Span) -> str:
    month = words.month(span.first.month)
    if span.level == 1:
        return f"{span.first.year}"
    if span.level == 2:
        return gettext("%(month)s %(year)s", month=month, year=span.first.year)
    return gettext("%(day)s %(month)s", day=span.first.day, month=month)


def _url(view: RecordView, parameters: dict[str, str]) -> str:
    return view.get_url(".index_view", **parameters)


def _beside(view: RecordView, query: Query, page: Page) -> tuple[str, str]:
    """The pages before and after the rows of a page, from the places of its ends."""
    keyset = view.listing.keyset(query)
    if not keyset.is_usable or not page.rows:
        return "", ""
    before = keyset.written(page.rows[0]) if page.precedes else ""
    after = keyset.written(page.rows[-1]) if page.follows else ""
    return (
        _url(view, query.address(before=before)) if before else "",
        _url(view, query.address(after=after)) if after else "",
    )


def _shown(at: int | None, known: int) -> list[int]:
    """The numbers that are written, 0 for a gap."""
    here = at or known
    near = {1, known, *range(max(1, here - 1), min(known, here + 1) + 1)}
    if known == 1:
        return []
    found: list[int] = []
    for n in sorted(near):
        if found and n - found[-1] > 1:
            found.append(0)
        found.append(n)
    return found


def _span(query: Query, shown: int, at: int | None, size: int, total: str) -> str:
    if not shown:
        return gettext("none")
    if query.page == LAST:
        return gettext("the last %(n)s of %(total)s", n=shown, total=total)
    if at is None:
        return gettext("%(n)s of %(total)s", n=shown, total=total)
    first = (at - 1) * size + 1
    values = {"first": number(first), "last": number(first + shown - 1), "total": total}
    return gettext("%(first)s\N{EN DASH}%(last)s of %(total)s", **values)
