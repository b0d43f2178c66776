"""The rows of one inline on one page: read, checked, saved."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from flask import request
from werkzeug.datastructures import MultiDict

from ...core.translation import gettext
from ...exceptions import InvalidFieldsError
from .. import keys, versions
from ..columns import column
from ..forms import RecordForm
from ..layout import Item, item_of, names_of, written_names
from ..relation_field import RelationField
from .built import Inline
from .rights import Rights, check_row, reached, refuse, rights_to
from .rows import Row

#: The number of a row that the script fills in.
BLANK = "__n__"
#: What is sent beside the fields of a row: its key, and that it goes.
KEY, DELETE = "_key", "_delete"
_BESIDE = {KEY, DELETE, versions.SEEN}


class Formset:
    """The rows of one inline that belong to one record.

    :param record: None when it is new itself.
    :param lookup_url: gives the address that a relation asks, by its name.
    :param is_written: whether the page has a form at all.
    """

    def __init__(
        self, inline: Inline, record: Any, lookup_url: Callable[[str], str], *, is_written: bool
    ) -> None:
        self.inline = inline
        self.admin = inline.admin
        self.rights: Rights = rights_to(inline, record)
        self.errors: list[str] = []
        self.note = ""
        self.rows: list[Row] = []
        self._record = record
        self._lookup_url = lookup_url
        self._is_written = is_written
        self._names = written_names(self.admin, request, record)
        self.blank = self._form(None, BLANK)

    # --- reading ------------------------------------------------------------------------------

    def show(self) -> None:
        """Take the rows of the database, and as many empty ones as the options say."""
        if not self.rights.view:
            return
        found = [] if self._record is None else self.inline.load(self._record)
        objects = found[: self.inline.limit]
        if len(objects) < len(found):
            self.note = gettext(
                "The first %(n)s. The others are on their own list.", n=len(objects)
            )
        changeable, deletable = self._reached(objects, "change"), self._reached(objects, "delete")
        for number, obj in enumerate(objects):
            text = keys.encode(obj)
            form = self._form(obj, str(number)) if text in changeable else None
            self.rows.append(Row(str(number), form, obj, may_delete=text in deletable))
        least = (self.admin.get_min_num(request, self._record) or 0) - len(objects)
        for _ in range(max(self.admin.get_extra(request, self._record), least)):
            self.add_row()

    def read(self, data: MultiDict[str, str]) -> None:
        """Take what a request sends.

        :raises Problem: 403, it sends what the page of this account has no field for.
        """
        parts = self._parts(data)
        if not self.rights.view and parts:
            refuse(self.inline, "view")
        if len(parts) > self.inline.limit + self._room(0):
            self.errors.append(gettext("These are too many."))
            return
        texts = {number: data.get(self._name(number, KEY), "") for number in parts}
        objects = self._load(texts.values())
        found = {keys.encode(obj): obj for obj in objects}
        changeable, deletable = self._reached(objects, "change"), self._reached(objects, "delete")
        self._learn(data, parts)
        for number, names in parts.items():
            text = texts[number]
            if not text:
                self._read_new(number, names, data)
            elif text not in found:
                self.errors.append(gettext("One of these is gone. The page shows what is there."))
            else:
                goes = bool(data.get(self._name(number, DELETE)))
                if goes and text not in deletable:
                    refuse(self.inline, "delete")
                if names - _BESIDE and text not in changeable:
                    refuse(self.inline, "change")
                row = Row(number, None, found[text], may_delete=text in deletable, goes=goes)
                if text in changeable:
                    row.form = self._form(row.obj, number)
                self._append(row, data)

    def add_row(self) -> None:
        """Add an empty row, when there is room for one."""
        if self.may_add:
            number = str(max([-1, *(int(row.number) for row in self.rows)]) + 1)
            self.rows.append(Row(number, self._form(None, number)))

    # --- checking -----------------------------------------------------------------------------

    def validate(self) -> bool:
        """Whether every row that will be written is right, and their number too."""
        right = [form.validate() for _, form in self._written()]
        self._check_number()
        return all(right) and not self.errors

    def conflicts(self) -> bool:
        """Whether somebody has changed meanwhile what a row would write."""
        told = [
            versions.conflicts(form, self._form(row.obj, row.number), row.seen)
            for row, form in self._written()
            if row.obj is not None
        ]
        return any(told)

    def renew(self) -> None:
        """Draw the rows with what they are now: whoever saves again has been told."""
        for row in self.rows:
            row.seen = ""

    # --- writing ------------------------------------------------------------------------------

    def save(self, record: Any) -> None:
        """Write the rows of a record, without committing.

        :raises InvalidFieldsError: a rule behind a form refuses a value; it stands in its row.
        """
        for row in self.rows:
            if row.goes and row.obj is not None:
                check_row(self.inline, "delete", row.obj)
                self.admin.delete_model(request, row.obj)
        for row, form in self._written():
            try:
                self._write(row, form, record)
            except InvalidFieldsError as error:
                form.add_errors(error.errors)
                raise InvalidFieldsError({}) from error

    def reload(self) -> None:
        """Read the rows again after nothing was saved, all at once."""
        self._load([row.key for row in self.rows])

    # --- drawing ------------------------------------------------------------------------------

    @property
    def may_add(self) -> bool:
        """Whether there may be one row more."""
        return self._is_written and self.rights.add and self._room(len(self.rows)) > 0

    @functools.cached_property
    def columns(self) -> list[str]:
        """The names of everything that is shown of a row."""
        out = self.admin.left_out(request, self._record)
        names = [
            *names_of(self.admin, request, self._record),
            *self.admin.get_readonly_fields(request, self._record),
        ]
        return [name for name in dict.fromkeys(names) if name not in out]

    @property
    def headings(self) -> list[str]:
        """What the columns are called."""
        return [column(self.admin, name).label for name in self.columns]

    @property
    def room(self) -> int:
        """How many rows more the page has room for."""
        return self._room(len(self.rows))

    def seen(self, row: Row) -> str:
        """The digests of the values that a row was drawn with."""
        return row.seen or versions.seen(self._form(row.obj, row.number))

    def items(self, row: Row) -> list[Item]:
        """The fields of a row, printed or not, in the order of the columns."""
        fields = row.form._fields if row.form is not None else {}
        return [item_of(self.admin, row.obj, name, fields.get(name)) for name in self.columns]

    def wrong(self) -> Iterator[tuple[str, str]]:
        """Where something is wrong: the id of a field, and what it is called."""
        for at, row in enumerate(self.rows, 1):
            for field in row.form._fields.values() if row.form is not None else ():
                if field.errors:
                    yield field.id, f"{self.inline.title} {at}, {field.label.text}"

    # --- parts --------------------------------------------------------------------------------

    def _load(self, texts: Iterable[str]) -> list[Any]:
        return [] if self._record is None else self.inline.load(self._record, texts)

    def _read_new(self, number: str, names: set[str], data: MultiDict[str, str]) -> None:
        if self.rights.add:
            self._append(Row(number, self._form(None, number)), data)
        elif any(data.get(self._name(number, name)) for name in names):
            refuse(self.inline, "add")

    def _append(self, row: Row, data: MultiDict[str, str]) -> None:
        if row.form is not None:
            before = _values(row.form)
            row.form.process(data, obj=row.obj)
            wrong = any(field.process_errors for field in row.form._fields.values())
            row.is_changed = wrong or _values(row.form) != before
            row.seen = data.get(self._name(row.number, versions.SEEN), "")
        self.rows.append(row)

    def _write(self, row: Row, form: RecordForm, record: Any) -> None:
        is_new = row.obj is None
        if is_new:
            form.instance = self.admin.construct(form)
            self.admin.link.tie(form.instance, record)
            check_row(self.inline, "add", form.instance)
        else:
            check_row(self.inline, "change", row.obj)
            self.admin.populate(form, row.obj)
        self.admin.save_model(request, form.instance, form, not is_new)

    def _written(self) -> Iterator[tuple[Row, RecordForm]]:
        """The rows that were filled in or changed."""
        for row in self.rows:
            if row.is_changed and not row.goes and row.form is not None:
                yield row, row.form

    def _form(self, obj: Any, number: str) -> RecordForm:
        form = self.inline.form_class(
            formdata=None, obj=obj, prefix=self._name(number, ""), meta={"csrf": False}
        )
        form.instance = obj
        form.keep(self._names)
        for name, field in form._fields.items():
            if isinstance(field, RelationField):
                if number == BLANK:
                    field.lookup_url = self._lookup_url(f"{self.inline.prefix}-{name}")
                else:
                    shared: Any = self.blank[name]
                    field.lookup_url, field.offer = shared.lookup_url, shared.offer
        self.admin.prepare(form, obj)
        return form

    def _learn(self, data: MultiDict[str, str], numbers: Iterable[str]) -> None:
        """Read what the relations of all rows lead to, in one statement each."""
        for name, field in self.blank._fields.items():
            if isinstance(field, RelationField) and not field.is_fixed:
                chosen = [data.getlist(self._name(number, name)) for number in numbers]
                field.offer.learn(text for texts in chosen for text in texts)

    def _parts(self, data: MultiDict[str, str]) -> dict[str, set[str]]:
        """What was sent for each row, by its number."""
        pattern = re.compile(rf"{re.escape(self.inline.prefix)}-(\d{{1,5}})-(\w+)", re.ASCII)
        parts: dict[str, set[str]] = {}
        for name in data:
            if match := pattern.fullmatch(name):
                parts.setdefault(match[1], set()).add(match[2])
        return {number: parts[number] for number in sorted(parts, key=int)}

    def _name(self, number: str, name: str) -> str:
        return f"{self.inline.prefix}-{number}-{name}"

    def _reached(self, rows: list[Any], action: str) -> set[str]:
        if not self._is_written or not getattr(self.rights, action):
            return set()
        return reached(self.inline, self._record, rows, action)

    def _room(self, present: int) -> int:
        """How many rows more there may be."""
        most = self.admin.get_max_num(request, self._record)
        return max(0, (self.inline.limit if most is None else most) - present)

    def _check_number(self) -> None:
        """Complain about too few rows and too many; old ones alone are never too many."""
        least = self.admin.get_min_num(request, self._record) or 0
        most = self.admin.get_max_num(request, self._record)
        if not self.rights.add or (not least and most is None):
            return
        new = sum(1 for row, _ in self._written() if row.obj is None)
        goes = sum(1 for row in self.rows if row.goes)
        present = 0 if self._record is None else self.inline.count(self._record)
        after = present - goes + new
        if after < least:
            self.errors.append(gettext("There must be %(n)s at least.", n=least))
        if most is not None and new and after > most:
            self.errors.append(gettext("There can be %(n)s at most.", n=most))


def _values(form: RecordForm) -> dict[str, str]:
    return {name: versions.sent(field) for name, field in form._fields.items()}
