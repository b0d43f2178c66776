"""Cells of a list that can be changed: a small form for each row, and what it sends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flask import request

from ..exceptions import ConfigError, InvalidFieldsError
from . import keys, versions
from .forms import RecordForm
from .relation_field import Offer, RelationField
from .saving import committed

if TYPE_CHECKING:
    from .views.records import RecordView

#: The id of the form that the cells belong to; the table stands in another one.
FORM = "cells"
#: More rows than a page can have are not read.
_MOST_ROWS = 500
#: Above so many records, a relation is looked up: every row repeats what it offers.
_MOST_OPTIONS = 30


@dataclass
class RowEdit:
    """The cells of one row.

    :ivar at: the place of the row on the page.
    :ivar form: the fields as they stand in the database; those that are changed, as they were sent.
    :ivar seen: what the row showed, by which a change of somebody else is noticed.
    :ivar changed: the names of the changed cells.
    """

    row: Any
    at: int
    form: RecordForm
    changed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.seen = versions.seen(self.form)

    @property
    def prefix(self) -> str:
        """What the names of its inputs begin with."""
        return _prefix(self.at)

    def compare(self, written: RecordForm, shown: str) -> None:
        """Check what was sent, and take it over; who sends what is stored has changed nothing."""
        present, sent = dict(self.form._fields), written._fields
        written.validate()
        same = [
            name
            for name, mine in sent.items()
            if not mine.errors and versions.sent(mine) == versions.sent(present[name])
        ]
        for name in same:
            sent.pop(name)
        self.form.keep(sent)
        versions.conflicts(written, self.form, shown)
        self.form._fields = {**present, **sent}
        self.changed = list(sent)


class Cells:
    """The cells of one model's list that can be changed.

    :param view: the pages of the model.
    :raises ConfigError: a name of ``list_editable`` has no field.
    """

    def __init__(self, view: RecordView) -> None:
        self._view = view
        self.names: tuple[str, ...] = tuple(view.options.list_editable)
        form: Any = view.record_form
        unbound = dict(form._unbound_fields or ())
        for name in self.names:
            if name not in unbound or unbound[name].kwargs.get("multiple"):
                raise ConfigError(
                    f"{type(view.options).__name__}.list_editable names {name!r}, "
                    "which has no field for a cell.",
                    "Name columns that a form can write, and relations to one record.",
                )
        kind: Any = type(f"{view.model.__name__}Cells", (RecordForm,), {})
        kind._unbound_fields = [(name, unbound[name]) for name in self.names]
        self._form = kind

    def of(self, rows: Sequence[Any]) -> dict[str, RowEdit]:
        """The cells of those rows that the present account may change, by key."""
        if not self.names:
            return {}
        reached = self._view.reached(rows, "change")
        chosen = [row for row in rows if keys.encode(row) in reached]
        offers = self._offers(chosen)
        return {
            keys.encode(row): RowEdit(row, at, self._bound(row, at, offers))
            for at, row in enumerate(chosen)
        }

    def sent(self) -> Sent:
        """What this request sends, compared with what its page showed and with the database."""
        found: dict[int, str] = {}
        for at in range(_MOST_ROWS):
            if key := request.form.get(f"{_prefix(at)}key"):
                found[at] = key
        view = self._view
        rows = view.listing.again(view.site.db, list(found.values()))
        reached = view.reached(rows, "change")
        by_key = {key: row for row in rows if (key := keys.encode(row)) in reached}
        offers = self._offers(list(by_key.values()))
        sent = Sent(view)
        for at, key in found.items():
            row = by_key.get(key)
            written = self._bound(row, at, offers)
            written.process(request.form, obj=row)
            shown = request.form.get(f"{_prefix(at)}seen", "")
            written.keep(_changed(written, shown))
            is_changed = bool(written._fields)
            if row is None or (is_changed and not versions.lock(view.site.db, row)):
                sent.is_gone = sent.is_gone or is_changed
                continue
            edit = RowEdit(row, at, self._bound(row, at, offers))
            edit.compare(written, shown)
            sent.edits.append(edit)
            sent.forms[at] = written
        return sent

    def _offers(self, rows: Sequence[Any]) -> dict[str, Offer]:
        """What the relations lead to, read once for all rows."""
        view, offers = self._view, {}
        most = min(view.site.settings.choice_limit, _MOST_OPTIONS)
        for name, one in self._bound(None, 0, {})._fields.items():
            if isinstance(one, RelationField):
                always = name in view.options.autocomplete_fields
                offers[name] = Offer(one.target, most, always_lookup=always)
                present = [getattr(row, name) for row in rows]
                offers[name].learn(keys.encode(row) for row in present if row is not None)
        return offers

    def _bound(self, row: Any, at: int, offers: Mapping[str, Offer]) -> RecordForm:
        options = self._view.options
        form: RecordForm = self._form(
            formdata=None, obj=row, prefix=_prefix(at), meta={"csrf": False}
        )
        fixed = {*options.get_readonly_fields(request, row), *options.left_out(request, row)}
        form.keep([name for name in self.names if name not in fixed])
        for name, one in form._fields.items():
            if isinstance(one, RelationField):
                one.offer = offers.get(name, one.offer)
                one.lookup_url = self._view.get_url(".ajax_lookup", field=name)
        options.prepare(form, row)
        return form


@dataclass
class Sent:
    """What somebody has sent for the cells of a page.

    :ivar view: the pages of the model.
    :ivar forms: the changed fields alone, by the place of their row.
    :ivar is_gone: whether a row that was changed is gone, or out of reach.
    """

    view: Any
    edits: list[RowEdit] = field(default_factory=list)
    forms: dict[int, RecordForm] = field(default_factory=dict)
    is_gone: bool = False

    @property
    def count(self) -> int:
        """How many cells are changed."""
        return sum(len(edit.changed) for edit in self.edits)

    @property
    def is_valid(self) -> bool:
        """Whether everything may be written; all of it is, or nothing."""
        return not self.is_gone and not any(
            one.errors for form in self.forms.values() for one in form._fields.values()
        )

    def save(self) -> None:
        """Write what is changed, in one transaction.

        :raises NotSavedError: it could not be; what is wrong with a row stands beside its cells.
        """
        committed(self._write)

    def _write(self) -> None:
        for edit in self.edits:
            if not edit.changed:
                continue
            form = self.forms[edit.at]
            try:
                self.view.update_model(form, edit.row)
                self.view.site.db.session.flush()
            except InvalidFieldsError as error:
                for name, texts in error.errors.items():
                    place = form._fields.get(name or "", form._fields[edit.changed[0]])
                    place.errors = [*place.errors, *texts]
                raise


def _changed(form: RecordForm, shown: str) -> list[str]:
    """The fields that say something else than the page did."""
    said = set(shown.split())
    known = {token.partition("=")[0] for token in said}
    now = {token.partition("=")[0]: token for token in versions.seen(form).split()}
    return [
        name
        for name, one in form._fields.items()
        if name in known and (one.process_errors or now.get(name) not in said)
    ]


def _prefix(at: int) -> str:
    return f"c{at}-"
