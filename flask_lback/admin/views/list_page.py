"""The page with the rows of one model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from flask import request

from ...core.translation import gettext
from .. import keys, words
from ..cells import number
from ..counting import spoken
from ..editing import Sent
from ..filters import MOST_CHOICES, Choice
from ..listing import Page
from ..offers import offered
from ..query import Query
from . import list_pages, list_rows

if TYPE_CHECKING:
    from .records import RecordView

#: The name under which the rows of this page are counted.
_HERE = "rows of this page"


def show(view: RecordView, sent: Sent | None = None, problem: str = "") -> str:
    """Draw the list that the address asks for.

    :param sent: cells that could not be saved; then their rows are shown, with what was sent.
    :param problem: why, when it is the fault of no cell.
    """
    listing, limit = view.listing, view.site.settings.count_limit
    query = listing.read(request.args)
    extra = list_pages.asked(view, query)
    if query.is_narrow:
        extra[_HERE] = (view.model, listing.statement(query))
    counts = view.site.count(extra)
    total = counts[view.endpoint]
    count = counts.get(_HERE, total)
    offers = offered(view.site.db, listing.filters, query)
    query = _named(query, offers)
    if sent is None:
        page = listing.page(view.site.db, query, min(count, limit))
        if not page.rows and (query.after or query.before):  # the rows there are gone
            query = replace(query, after="", before="")
            page = listing.page(view.site.db, query, min(count, limit))
        edits = view.cells.of(page.rows)
    else:
        edits = {keys.encode_values(sa.inspect(one.row).identity): one for one in sent.edits}
        page = Page(listing.again(view.site.db, list(edits)))
    cells = [[one.cell(row) for one in listing.columns] for row in page.rows]
    where = list_rows.places(listing.columns, cells[0] if cells else [], edits)
    lines = list_rows.lines(view, page.rows, cells, where, edits)
    return view.render(
        "lback/admin/list.html",
        counts=counts,
        view=view,
        query=query,
        heading=_heading(query, count, total, limit),
        columns=list_rows.headings(view, query, where),
        rows=lines,
        edits=edits,
        problem=problem,
        wrong=list_rows.problems(edits, lines) if sent is not None else [],
        cells_url=view.get_url(".update_view", **query.here()),
        chips=_chips(view, query),
        filters=_filters(view, query, offers),
        days=list_pages.days(view, query, counts) if count else None,
        clear_url=_url(view, query.address(filters={}, day="")),
        search_label=gettext("Search %(models)s", models=view.nouns),
        search_hint=_search_hint(view),
        actions=view.allowed_actions(),
        action_url=view.get_url(".action_view", **query.address()),
        every=_every(view, count, len(page.rows)),
        pages=list_pages.pager(view, query, page, count),
        here=_url(view, query.here()),
        is_empty=not query.is_narrow,
        empty_title=_empty_title(view, query),
    )


def _named(query: Query, offers: Mapping[str, Sequence[Choice]]) -> Query:
    """The query with the names of the records that it is narrowed by."""
    names = {key: offers[key][0].label for key in query.filters if offers.get(key)}
    return replace(query, said={**query.said, **names}) if names else query


def _every(view: RecordView, count: int, shown: int) -> dict[str, Any] | None:
    """The choice of every row that matches, None when all of them are on the page."""
    if count <= shown:
        return None
    limit = view.site.settings.bulk_limit
    if count > limit:
        return {"count": 0, "most": number(limit)}
    return {"count": count, "spoken": number(count)}


def _url(view: RecordView, parameters: dict[str, str]) -> str:
    return view.get_url(".index_view", **parameters)


def _heading(query: Query, count: int, total: int, limit: int) -> str:
    if query.is_narrow:
        values = {"n": spoken(count, limit), "total": spoken(total, limit)}
        return gettext("%(n)s of %(total)s", **values)
    return spoken(total, limit)


def _chips(view: RecordView, query: Query) -> list[dict[str, str]]:
    return [
        {
            "label": one.label,
            "value": query.said[one.key],
            "url": _url(view, query.without(one.key)),
        }
        for one in view.listing.filters
        if one.key in query.filters
    ]


def _filters(
    view: RecordView, query: Query, offers: Mapping[str, Sequence[Choice]]
) -> list[dict[str, Any]]:
    found = []
    for one in view.listing.filters:
        if one.key in query.filters or not one.is_visible:
            continue
        offer = offers.get(one.key) or one.choices()
        inputs = one.inputs()
        if one.key in offers and len(offer) <= MOST_CHOICES:
            inputs = []
        choices = [
            (choice.label, _url(view, query.with_filter(one.key, choice.value)))
            for choice in offer[:MOST_CHOICES]
        ]
        if choices or inputs:
            found.append(
                {
                    "label": one.label,
                    "choices": choices,
                    "inputs": inputs,
                    "kept": query.address().items(),
                }
            )
    return found


def _search_hint(view: RecordView) -> str:
    """What the search looks in, as far as there is room for it."""
    names = [
        name.lstrip("^=").replace("__", ".").split(".")[0] for name in view.options.search_fields
    ]
    named = [words.label(name).lower() for name in dict.fromkeys(names)]
    return gettext("Search %(fields)s", fields=", ".join(named[:3]))


def _empty_title(view: RecordView, query: Query) -> str:
    if not query.is_narrow:
        return gettext("No %(models)s yet", models=view.nouns)
    if query.search:
        return gettext("No %(models)s with “%(text)s”", models=view.nouns, text=query.search)
    parts = [
        f"{one.label}: {query.said[one.key]}"
        for one in view.listing.filters
        if one.key in query.said
    ]
    said = ", ".join([*parts, query.day] if query.day else parts)
    return gettext("No %(models)s with %(filters)s", models=view.nouns, filters=said)
