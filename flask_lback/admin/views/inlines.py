"""The inlines of a record's page, ready for a template."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import request

from .. import versions
from ..inlines.formset import BLANK, DELETE, KEY, Formset
from ..inlines.rows import Row

if TYPE_CHECKING:
    from .records import RecordView

#: The button that adds an empty row without script.
MORE = "_more"


def drawn(view: RecordView, formset: Formset) -> dict[str, Any]:
    """What ``_inlines.html`` draws."""
    inline = formset.inline
    target = view.site.view_of(inline.admin.model)
    rows = [_row(formset, row, _change_url(target, formset, row)) for row in formset.rows]
    return {
        "layout": inline.admin.layout,
        "title": inline.title,
        "noun": inline.noun,
        "prefix": inline.prefix,
        "headings": formset.headings,
        "rows": rows,
        "blank": _row(formset, Row(BLANK, formset.blank), "") if formset.may_add else None,
        "errors": formset.errors if request.method == "POST" else [],
        "note": formset.note,
        "more": MORE,
        "list_url": target.get_url(".index_view") if target and target.is_accessible() else "",
        "room": formset.room,
        "stored": sum(1 for row in formset.rows if row.obj is not None),
        "has_deletion": any(row["may_delete"] for row in rows),
        "has_tools": formset.may_add or any(row["may_delete"] or row["change_url"] for row in rows),
    }


def _row(formset: Formset, row: Row, change_url: str) -> dict[str, Any]:
    is_sent = row.form is not None or row.may_delete
    start = f"{formset.inline.prefix}-{row.number}-"
    beside = []
    if row.obj is not None and is_sent:
        beside.append((f"{start}{KEY}", row.key))
        if row.form is not None:
            beside.append((f"{start}{versions.SEEN}", formset.seen(row)))
    return {
        "name": str(row.obj) if row.obj is not None else "",
        "is_new": row.obj is None,
        "items": formset.items(row),
        "beside": beside,
        "may_delete": row.may_delete,
        "delete_name": f"{start}{DELETE}",
        "goes": row.goes,
        "change_url": change_url,
    }


def _change_url(target: RecordView | None, formset: Formset, row: Row) -> str:
    if not formset.admin.show_change_link or target is None or row.obj is None:
        return ""
    if target.may("change"):
        return target.get_url(".edit_view", id=row.key)
    return target.get_url(".details_view", id=row.key)
