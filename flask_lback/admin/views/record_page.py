"""The page of one record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import request

from ...core.translation import gettext
from .. import keys
from ..actions import Action
from ..layout import cards

if TYPE_CHECKING:
    from .records import RecordView


def show(view: RecordView, form: Any, row: Any) -> str:
    """Draw a record.

    :param form: None prints it only.
    :param row: None when it is added.
    """
    back = view.back(view.get_url(".index_view"))
    name = str(row) if row is not None else ""
    every = cards(view.options, request, row, form)
    return view.render(
        "lback/admin/record.html",
        view=view,
        form=form,
        row=row,
        name=name or gettext("Add %(model)s", model=view.noun),
        main=[card for card in every if not card.is_side],
        side=[card for card in every if card.is_side],
        key=keys.encode(row) if row is not None else "",
        actions=_actions(view, row),
        here=request.full_path.rstrip("?"),
        back_url=back,
        can_change=view.may("change"),
        can_delete=row is not None and view.may("delete"),
        can_add=view.may("add"),
    )


def after_saving(view: RecordView, row: Any) -> str:
    """Where a saved form leads: by its button, and by what the account may see."""
    key = keys.encode(row)
    if "_another" in request.form and view.may("add"):
        return view.get_url(".create_view", next=request.form.get("next"))
    if "_stay" in request.form and view.may("change"):
        return view.get_url(".edit_view", id=key, next=request.form.get("next"))
    if view.may("view"):
        return view.back(view.get_url(".index_view"))
    return view.site.home_url()


def _actions(view: RecordView, row: Any) -> list[Action]:
    if row is None:
        return []
    return [one for one in view.allowed_actions() if view.options.offers(one.name, row)]
