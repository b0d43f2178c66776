"""The page of one record."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flask import abort, flash, redirect, request

from ...auth.current import resolve
from ...core.translation import gettext
from .. import keys, once, versions
from ..actions import Action
from ..layout import cards
from ..saving import NotSavedError, committed
from ..saving import show as show_errors
from . import record_form
from .inlines import MORE, drawn

if TYPE_CHECKING:
    from .records import RecordView


def add(view: RecordView) -> Any:
    """The form of a new record, and what it sends."""
    form = view.form_for(None)
    if request.method != "POST" or asks_for_row(form):
        return show(view, form, None)
    if not form.validate():
        return show(view, form, None), 400
    if not once.take(resolve()):
        flash(gettext("This was sent twice and is added once."), "info")
        return redirect(after_saving(view, None))
    try:
        row = _saved(form, lambda: view.create_model(form))
    except BaseException:
        once.give_back(resolve())
        raise
    if row is None:
        once.give_back(resolve())
        return show(view, form, None), 400
    flash(gettext("%(name)s is added.", name=str(row)), "ok")
    return redirect(after_saving(view, row))


def change(view: RecordView, row: Any) -> Any:
    """The form of a record, and what it sends."""
    if request.method == "POST" and not versions.lock(view.site.db, row):
        abort(404)
    form = view.form_for(row)
    if request.method != "POST" or asks_for_row(form):
        return show(view, form, row)
    is_right = form.validate()
    if _is_overtaken(view, form, row):
        return show(view, form, row), 409
    if is_right and _saved(form, lambda: view.update_model(form, row)) is not None:
        flash(gettext("%(name)s is saved.", name=str(row)), "ok")
        return redirect(after_saving(view, row))
    return show(view, form, row), 400


def asks_for_row(form: Any) -> bool:
    """Whether the button for one row more was pressed; it adds one, and nothing is saved."""
    for formset in form.formsets:
        if request.form.get(MORE) == formset.inline.prefix:
            formset.add_row()
            return True
    return False


def _saved(form: Any, work: Callable[[], Any]) -> Any:
    """The row that was saved, None when it could not be."""
    try:
        return committed(work)
    except NotSavedError as error:
        show_errors(form, error)
        for formset in form.formsets:
            formset.reload()
        return None


def _is_overtaken(view: RecordView, form: Any, row: Any) -> bool:
    """Whether somebody else has saved other values; from now on the person knows."""
    is_own = versions.conflicts(form, record_form.empty(view, row), form.seen)
    if not any([is_own, *(one.conflicts() for one in form.formsets)]):
        return False
    form.form_errors.append(gettext("Somebody has changed this meanwhile."))
    form.seen = ""
    for formset in form.formsets:
        formset.renew()
    return True


def show(view: RecordView, form: Any, row: Any) -> str:
    """Draw a record.

    :param form: None prints it only.
    :param row: None when it is added.
    """
    back = view.back(view.get_url(".index_view"))
    name = str(row) if row is not None else ""
    every = cards(view.options, request, row, form)
    printed = record_form.formsets(view, row, is_written=False) if form is None else []
    formsets = printed if form is None else form.formsets
    return view.render(
        "lback/admin/record.html",
        view=view,
        form=form,
        row=row,
        name=name or gettext("Add %(model)s", model=view.noun),
        main=[card for card in every if not card.is_side],
        side=[card for card in every if card.is_side],
        key=keys.encode(row) if row is not None else "",
        seen=_seen(view, form, row),
        once=once.new_text() if form is not None and row is None else "",
        inlines=[drawn(view, formset) for formset in formsets],
        problems=_problems(form, formsets),
        actions=_actions(view, row),
        here=request.full_path.rstrip("?"),
        back_url=back,
        can_change=_reaches(view, row, "change"),
        can_delete=_reaches(view, row, "delete"),
        can_add=view.may("add"),
    )


def after_saving(view: RecordView, row: Any) -> str:
    """Where a saved form leads: by its button, and by what the account may see.

    :param row: None when it is not known.
    """
    if "_another" in request.form and view.may("add"):
        return view.get_url(".create_view", next=request.form.get("next"))
    if row is not None and "_stay" in request.form and view.may("change"):
        return view.get_url(".edit_view", id=keys.encode(row), next=request.form.get("next"))
    if view.may("view"):
        return view.back(view.get_url(".index_view"))
    return view.site.home_url()


def _actions(view: RecordView, row: Any) -> list[Action]:
    if row is None:
        return []
    return [one for one in view.allowed_actions() if view.options.offers(one.name, row)]


def _reaches(view: RecordView, row: Any, action: str) -> bool:
    return row is not None and bool(view.reached([row], action))


def _seen(view: RecordView, form: Any, row: Any) -> str:
    """The digests of the values that the form is drawn with."""
    if form is None or row is None:
        return ""
    return form.seen or versions.seen(record_form.empty(view, row))


def _problems(form: Any, formsets: list[Any]) -> dict[str, Any]:
    """What is wrong, for the head of the form: sentences, and fields by their id."""
    if form is None:
        return {"sentences": [], "fields": []}
    sentences = list(form.form_errors)
    fields = []
    for name, field in form._fields.items():
        if field.errors and name == "csrf_token":
            sentences.extend(field.errors)
        elif field.errors:
            fields.append((field.id, field.label.text))
    for formset in formsets:
        sentences += [f"{formset.inline.title}: {text}" for text in formset.errors]
        fields += formset.wrong()
    return {"sentences": sentences, "fields": fields}
