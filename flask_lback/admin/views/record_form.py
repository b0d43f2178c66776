"""The form of one record with the rows of its inlines: made, filled, saved, looked up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import abort, request

from ...auth.denials import refuse_forbidden
from ...core.translation import gettext
from ...permissions.names import permission_name
from .. import keys, versions
from ..forms import RecordForm
from ..grants import RightsRefused
from ..inlines.formset import Formset
from ..layout import written_names
from ..prepopulating import connect, fill
from ..relation_field import RelationField
from ..relations import MOST_FOUND

if TYPE_CHECKING:
    from .records import RecordView


def make(view: RecordView, row: Any) -> RecordForm:
    """The form of a record, with only the fields that this request may write.

    :param row: None when one is added; then the address may say what it begins with.
    """
    form = empty(view, row)
    connect(view.options, form)
    if request.method == "POST":
        form.process(request.form, obj=row)
        form.seen = request.form.get(versions.SEEN, "")
        fill(view.options, form)
    elif row is None:
        initial = view.options.get_form_initial(request)
        form.begin({name: initial[name] for name in initial if name not in form.extra})
    form.formsets = formsets(view, row, is_written=True)
    return form


def empty(view: RecordView, row: Any) -> RecordForm:
    """The same as the record is now, whatever was sent."""
    kind = view.new_record_form if row is None else view.record_form
    form = kind(formdata=None, obj=row)
    form.instance = row
    form.keep(written_names(view.options, request, row))
    for name, field in form._fields.items():
        if isinstance(field, RelationField):
            field.lookup_url = view.get_url(".ajax_lookup", field=name)
    view.options.prepare(form, row)
    return form


def formsets(view: RecordView, row: Any, *, is_written: bool) -> list[Formset]:
    """The rows of the inlines that the present account may view.

    :param is_written: whether the page has a form, which may have been sent.
    """
    made = []
    for kind in view.options.get_inlines(request, row):
        formset = Formset(
            view.inlines[kind],
            row,
            lambda name: view.get_url(".ajax_lookup", field=name),
            is_written=is_written,
        )
        if request.method == "POST" and is_written:
            formset.read(request.form)
        else:
            formset.show()
        if formset.rights.view:
            made.append(formset)
    return made


def save(view: RecordView, form: RecordForm, *, change: bool) -> None:
    """Write the record of a form and its rows, without committing."""
    view.options.save_model(request, form.instance, form, change)
    view.options.save_related(request, form, form.formsets, change)
    _refuse_out_of_reach(view, form.instance, "change" if change else "add")


def _refuse_out_of_reach(view: RecordView, row: Any, action: str) -> None:
    """Refuse to write a record into a state in which it would not be this account's to write.

    What SQL calls ``WITH CHECK OPTION``: who may change his own posts cannot give one away.

    :raises RightsRefused: a policy, or the ModelAdmin, keeps it out of reach.
    """
    if not view.site.scopes.narrows(view.model):
        return
    view.site.db.session.flush()
    if not view.holds(row, action):
        raise RightsRefused(gettext("Like this, the record would be out of your reach."))


def lookup(view: RecordView) -> Any:
    """Records for a look-up field of the form or of a row, for people who may view them."""
    prefix, dash, name = request.args.get("field", "").rpartition("-")
    forms = {inline.prefix: inline.form_class for inline in view.inlines.values()}
    kind = forms.get(prefix) if dash else view.record_form
    unbound = dict(kind._unbound_fields or ()).get(name) if kind is not None else None
    if unbound is None or unbound.field_class is not RelationField:
        abort(404)
    target = unbound.kwargs["target"]
    if not target.is_visible:
        refuse_forbidden(permission_name(target.model, "view"))
    rows = target.search(request.args.get("q", ""), MOST_FOUND)
    return {"results": [{"key": keys.encode(row), "name": str(row)} for row in rows]}
