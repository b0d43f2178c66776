"""What is sent from the cells of a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import abort, flash, redirect, request

from ...core.translation import gettext
from ..saving import NotSavedError
from . import list_page

if TYPE_CHECKING:
    from .records import RecordView


def save(view: RecordView) -> Any:
    """Write every changed cell, or none and show the page with what was sent."""
    if not view.cells.names:
        abort(404)
    here = view.back(view.get_url(".index_view", **view.listing.read(request.args).address()))
    sent = view.cells.sent()
    if sent.is_gone:
        gone = gettext("A row that you changed is gone, or is not yours to change.")
        return list_page.show(view, sent, gone), 409
    if not sent.is_valid:
        return list_page.show(view, sent), 400
    count = sent.count
    if not count:
        flash(gettext("Nothing was changed."), "info")
        return redirect(here)
    try:
        sent.save()
    except NotSavedError as error:
        is_told = not sent.is_valid
        return list_page.show(view, sent, "" if is_told else error.message), 400
    many = gettext("%(n)s changes are saved.", n=count)
    flash(gettext("1 change is saved.") if count == 1 else many, "ok")
    return redirect(here)
