"""The page with the rows of one model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import request

from ...core.translation import gettext
from .. import words
from ..cells import Cell, number
from ..columns import Column
from ..counting import spoken
from ..filters import MOST_CHOICES
from ..listing import LAST, Query

if TYPE_CHECKING:
    from .records import RecordView

#: The name under which the rows of this page are counted.
_HERE = "rows of this page"


def show(view: RecordView) -> str:
    """Draw the list that the address asks for."""
    listing, limit = view.listing, view.site.settings.count_limit
    query = listing.read(request.args)
    extra = {_HERE: (view.model, listing.statement(query))} if query.is_narrow else {}
    counts = view.site.count(extra)
    total = counts[view.endpoint]
    count = counts.get(_HERE, total)
    rows = listing.rows(view.site.db, query, min(count, limit))
    cells = [[one.cell(row) for one in listing.columns] for row in rows]
    places = _places(listing.columns, cells[0] if cells else [])
    return view.render(
        "lback/admin/list.html",
        counts=counts,
        view=view,
        query=query,
        heading=_heading(query, count, total, limit),
        columns=_columns(view, query, places),
        rows=[_row(view, row, line, places) for row, line in zip(rows, cells, strict=True)],
        chips=_chips(view, query),
        filters=_filters(view, query),
        clear_url=_url(view, query.address(filters={})),
        search_label=gettext("Search %(models)s", models=view.nouns),
        search_hint=_search_hint(view),
        actions=view.allowed_actions(),
        pages=_pages(view, query, len(rows), count),
        here=_url(view, query.address(page=query.page)),
        is_empty=not query.is_narrow,
        empty_title=_empty_title(view, query),
    )


def _url(view: RecordView, parameters: dict[str, str]) -> str:
    return view.get_url(".index_view", **parameters)


def _heading(query: Query, count: int, total: int, limit: int) -> str:
    if query.is_narrow:
        values = {"n": spoken(count, limit), "total": spoken(total, limit)}
        return gettext("%(n)s of %(total)s", **values)
    return spoken(total, limit)


def _columns(view: RecordView, query: Query, places: list[str]) -> list[dict[str, Any]]:
    listing = view.listing
    return [
        {
            "label": one.label,
            "direction": listing.direction(one, query),
            "url": _url(view, query.address(order=listing.next_order(one, query)))
            if one.sort
            else None,
            "is_right": one.is_right,
            "place": place,
        }
        for one, place in zip(listing.columns, places, strict=True)
    ]


def _places(columns: list[Column], cells: list[Cell]) -> list[str]:
    """Where each column stands on a phone: ``first``, ``state``, ``under`` or ``wide``.

    The first one stays, and one state; the first of the others goes under the first one.
    """
    places = ["first", *["wide"] * (len(columns) - 1)]
    state = next((at for at, one in enumerate(cells) if at and one.kind == "badge"), None)
    if state is not None:
        places[state] = "state"
    under = next((at for at, place in enumerate(places) if place == "wide"), None)
    if under is not None:
        places[under] = "under"
    return places


def _row(view: RecordView, row: Any, cells: list[Cell], places: list[str]) -> dict[str, Any]:
    key = view.get_pk_value(row)
    target = ".edit_view" if view.may("change") else ".details_view"
    links = view.options.list_display_links or [view.listing.columns[0].name]
    under = cells[places.index("under")] if "under" in places else None
    return {
        "key": key,
        "name": cells[0].text,
        "url": view.get_url(target, id=key),
        "cells": cells,
        "under": under if under is not None and under.kind != "none" else None,
        "links": [one.name in links for one in view.listing.columns],
    }


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


def _filters(view: RecordView, query: Query) -> list[dict[str, Any]]:
    found = []
    for one in view.listing.filters:
        if one.key in query.filters or not one.is_visible:
            continue
        offered = one.choices()
        choices = [
            (choice.label, _url(view, query.with_filter(one.key, choice.value)))
            for choice in offered[:MOST_CHOICES]
        ]
        is_typed = one.is_typed or len(offered) > MOST_CHOICES
        if choices or is_typed:
            found.append(
                {
                    "key": one.key,
                    "label": one.label,
                    "choices": choices,
                    "is_typed": is_typed,
                    "kept": query.address().items(),
                }
            )
    return found


def _pages(view: RecordView, query: Query, shown: int, count: int) -> dict[str, Any]:
    size, limit = view.options.list_per_page, view.site.settings.count_limit
    is_capped = count > limit
    known = max(1, -(-min(count, limit) // size))
    is_last = query.page == LAST
    page = known if is_last else min(int(query.page), known)
    first = (page - 1) * size + 1
    if is_last and is_capped:
        span = gettext("the last %(n)s of %(total)s", n=shown, total=spoken(count, limit))
    elif not shown:
        span = gettext("none")
    else:
        values = {
            "first": number(first),
            "last": number(first + shown - 1),
            "total": spoken(count, limit),
        }
        span = gettext("%(first)s\N{EN DASH}%(last)s of %(total)s", **values)
    return {
        "span": span,
        "page": page,
        "known": known,
        "is_last": is_last and is_capped,
        "last_url": _url(view, query.address(page=LAST)) if is_capped else None,
        "url": lambda number: _url(view, query.address(page=number)),
    }


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
    said = ", ".join(
        f"{one.label}: {query.said[one.key]}"
        for one in view.listing.filters
        if one.key in query.said
    )
    return gettext("No %(models)s with %(filters)s", models=view.nouns, filters=said)
