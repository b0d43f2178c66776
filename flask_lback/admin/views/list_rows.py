"""The table of a list: headings, rows, and the cells that can be changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from wtforms import BooleanField, Field

from ...core.translation import gettext
from .. import words
from ..cells import Cell
from ..columns import Column
from ..editing import FORM, RowEdit
from ..fields import PickField
from ..query import Query
from ..relation_field import RelationField

if TYPE_CHECKING:
    from .records import RecordView

#: The classes of a cell, by its place on a phone.
_PLACES = {
    "first": "sm:min-w-48",
    "state": "",
    "under": "max-sm:hidden",
    "wide": "max-md:hidden",
}
#: Kinds of cells that stay on one line.
_SHORT = frozenset({"moment", "day", "badge", "tag"})


@dataclass(frozen=True)
class Control:
    """A cell that can be changed.

    :ivar kind: how it is drawn: ``switch``, ``state``, ``relation`` or ``input``.
    :ivar label: what it is, and of which row.
    :ivar badge: the colour of a state.
    :ivar is_changed: whether it shows what was sent and is not stored.
    """

    field: Field
    kind: str
    label: str
    badge: str = ""
    is_changed: bool = False

    @property
    def attributes(self) -> dict[str, str]:
        """What its input is given."""
        given = {"form": FORM, "aria-label": self.label}
        if self.field.errors:
            given["aria-invalid"] = "true"
            given["aria-describedby"] = f"{self.field.id}-d"
        return given


def headings(view: RecordView, query: Query, places: Sequence[str]) -> list[dict[str, Any]]:
    """The columns, with the addresses that sort by them."""
    listing = view.listing
    return [
        {
            "label": one.label,
            "direction": listing.direction(one, query),
            "url": view.get_url(
                ".index_view", **query.address(order=listing.next_order(one, query))
            )
            if one.sort
            else None,
            "cls": " ".join(filter(None, (_PLACES[place], "r" if one.is_right else ""))),
        }
        for one, place in zip(listing.columns, places, strict=True)
    ]


def places(
    columns: Sequence[Column], cells: Sequence[Cell], edits: Mapping[str, RowEdit]
) -> list[str]:
    """Where each column stands on a phone: ``first``, ``state``, ``under`` or ``wide``.

    The first one stays, and one state; the first of the others goes under the first one. So does
    every column with a cell that needs a change.
    """
    found = ["first", *["wide"] * (len(columns) - 1)]
    state = next((at for at, one in enumerate(cells) if at and one.kind == "badge"), None)
    if state is not None:
        found[state] = "state"
    under = next((at for at, place in enumerate(found) if place == "wide"), None)
    if under is not None:
        found[under] = "under"
    wrong = {
        name for edit in edits.values() for name, field in edit.form._fields.items() if field.errors
    }
    return [
        "state" if one.name in wrong else place for one, place in zip(columns, found, strict=True)
    ]


def lines(
    view: RecordView,
    rows: Sequence[Any],
    cells: Sequence[Sequence[Cell]],
    where: Sequence[str],
    edits: Mapping[str, RowEdit],
) -> list[dict[str, Any]]:
    """The rows: key, name, address, and what stands in each cell."""
    changed = edits.keys() if view.cells.names else view.reached(rows, "change")
    columns = view.listing.columns
    links = {*(view.options.list_display_links or [columns[0].name])}
    under = where.index("under") if "under" in where else None
    # Working out each address by itself took a tenth of the page.
    forms, details = view.get_url(".edit_view"), view.get_url(".details_view")
    made = []
    for row, line in zip(rows, cells, strict=True):
        key = view.get_pk_value(row)
        edit, name = edits.get(key), line[0].text
        below = line[under] if under is not None and line[under].kind != "none" else None
        target = forms if key in changed else details
        made.append(
            {
                "key": key,
                "name": name,
                "url": f"{target}?{urlencode({'id': key})}",
                "under": below,
                "edit": edit,
                "cells": [
                    (one, column.name in links, _control(edit, column, name), one.kind in _SHORT)
                    for one, column in zip(line, columns, strict=True)
                ],
            }
        )
    return made


def problems(edits: Mapping[str, RowEdit], lines: Sequence[Mapping[str, Any]]) -> list[Control]:
    """The cells that need a change."""
    return [
        control
        for line in lines
        for _, _, control, _ in line["cells"]
        if edits and control is not None and control.field.errors
    ]


def _control(edit: RowEdit | None, column: Column, name: str) -> Control | None:
    field = edit.form._fields.get(column.name) if edit is not None else None
    if field is None or edit is None or (isinstance(field, RelationField) and field.is_fixed):
        return None
    label = gettext("%(column)s of “%(row)s”", column=column.label, row=name)
    kind, badge = "input", ""
    if isinstance(field, BooleanField):
        kind = "switch"
    elif isinstance(field, PickField):
        kind, badge = "state", words.state_kind(str(field.data or ""))
    elif isinstance(field, RelationField):
        kind = "relation"
    return Control(field, kind, label, badge, column.name in edit.changed)
