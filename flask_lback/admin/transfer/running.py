"""Write the rows of a file, each as the form of a record would, and tell what happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from flask import request
from werkzeug.datastructures import MultiDict

from ...core.translation import gettext
from .. import keys
from ..layout import written_names
from ..prepopulating import fill
from ..saving import _spoken as spoken
from ..views import record_form
from . import values
from .adapting import Adapter, CellRefused, untouched
from .headings import Heading
from .outcome import Change, Outcome, Problem
from .reading import Line, Table

if TYPE_CHECKING:
    from ..views.records import RecordView

#: The columns of a line and their cells, by name of the attribute.
Cells = Mapping[str, tuple[Heading, Any]]
#: Rows that are loaded at once.
_BATCH = 200


class _RowRefused(Exception):
    """A row cannot be written.

    :ivar errors: messages by name of the column, those of the whole row under None.
    """

    def __init__(self, errors: Mapping[str | None, Sequence[str]]) -> None:
        super().__init__()
        self.errors = errors


class Run:
    """One file for one model, by the rights of the present account.

    Every row is written within a savepoint: :func:`~.trial.steps` is around it.
    """

    def __init__(self, view: RecordView, table: Table, headings: list[Heading]) -> None:
        self._view = view
        self._table = table
        self._headings = headings
        self._session = view.site.db.session
        self._adapter = Adapter()
        self._may_add = view.may("add")
        self._may_change = view.may("change")
        self._keys = [one for one in headings if one.is_key]
        self._seen: dict[str, int] = {}
        self.outcome = Outcome()

    def run(self) -> Outcome:
        """Write every row that can be; the caller commits, or takes everything back."""
        lines = self._table.lines
        for start in range(0, len(lines), _BATCH):
            batch = lines[start : start + _BATCH]
            rows = self._rows(batch)
            for line in batch:
                self._one(line, rows)
        return self.outcome

    def _rows(self, lines: Sequence[Line]) -> dict[str, Any]:
        """The records that lines name, as far as they may be changed."""
        if not self._may_change:
            return {}
        wanted = [key for line in lines if (key := self._key(line))]
        return {keys.encode(row): row for row in self._view.get_many(wanted, "change")}

    def _key(self, line: Line) -> str:
        """The key in a line, "" when there is none."""
        cells = [line.cells.get(one.said) for one in self._keys]
        texts = ["" if cell is None else str(cell).strip() for cell in cells]
        if not texts or not any(texts):
            return ""
        text = keys.encode_values(texts)
        decoded = keys.decode(self._view.model, text)
        return text if decoded is None else keys.encode_values(decoded)

    def _one(self, line: Line, rows: Mapping[str, Any]) -> None:
        try:
            change = self._written(line, rows)
        except _RowRefused as refused:
            labels = {one.name: one.said for one in self._headings}
            for name, texts in refused.errors.items():
                said = labels.get(name or "") or self._label(name)
                self.outcome.problems += [Problem(line.number, said, text) for text in texts]
        else:
            self.outcome.note(change)

    def _label(self, name: str | None) -> str:
        return "" if name is None else name

    def _written(self, line: Line, rows: Mapping[str, Any]) -> Change | None:
        if line.problem:
            raise _RowRefused({None: [line.problem]})
        key = self._key(line)
        if key in self._seen and key:
            text = gettext("Row %(n)s has the same key.", n=self._seen[key])
            raise _RowRefused({self._keys[0].name: [text]})
        self._seen[key] = line.number
        row = self._found(key, rows) if key else None
        if row is None and not self._may_add:
            raise _RowRefused(
                {None: [gettext("You may not add %(models)s.", models=self._view.nouns)]}
            )
        cells = {
            one.name: (one, line.cells[one.said])
            for one in self._headings
            if one.said in line.cells and not one.is_key
        }
        if row is None:
            given = {name for name, (_, cell) in cells.items() if not _is_empty(cell)}
            return self._saved(line, cells, None, given)
        touched = {name for name, (one, cell) in cells.items() if not self._is_same(one, cell, row)}
        return self._saved(line, cells, row, touched) if touched else None

    def _found(self, key: str, rows: Mapping[str, Any]) -> Any:
        if not self._may_change:
            text = gettext("You may not change %(models)s.", models=self._view.nouns)
            raise _RowRefused({None: [text]})
        if key not in rows:
            text = gettext("There is no such record, or you may not change it.")
            raise _RowRefused({self._keys[0].name: [text]})
        return rows[key]

    # --- one record ---------------------------------------------------------------------------

    def _saved(self, line: Line, cells: Cells, row: Any, touched: set[str]) -> Change | None:
        """Write one record; nothing, when it would be as it is.

        :param touched: the columns whose cells say something new.
        """
        before = {} if row is None else self._shown(cells, row)
        form = self._filled(cells, row, touched)
        step = self._session.begin_nested()
        try:
            if not form.validate():
                raise _RowRefused(_errors_of(form))
            saved = self._write(form, row)
            self._session.flush()
            change = self._change(line, row, saved, before, self._shown(cells, saved))
        except Exception as error:
            step.rollback()
            raise self._refused(error) from error
        if change is None:
            step.rollback()
        else:
            step.commit()
        return change

    def _write(self, form: Any, row: Any) -> Any:
        if row is None:
            return self._view.create_model(form)
        return self._view.update_model(form, row)

    def _change(
        self,
        line: Line,
        row: Any,
        saved: Any,
        before: Mapping[str, str],
        after: Mapping[str, str],
    ) -> Change | None:
        if row is not None and before == after:
            return None
        key = "" if row is None else keys.encode(row)
        differing = [name for name in after if before.get(name) != after[name]]
        return Change(
            line.number,
            key,
            str(saved),
            {name: before[name] for name in differing if name in before},
            {name: after[name] for name in differing},
        )

    def _refused(self, error: Exception) -> Exception:
        """The error in words; itself when it is a fault of the code."""
        if isinstance(error, _RowRefused):
            return error
        errors = spoken(error)
        return error if errors is None else _RowRefused(errors)

    def _filled(self, cells: Cells, row: Any, touched: set[str]) -> Any:
        """The form of the record, as a browser would send it with these cells typed in.

        :raises _RowRefused: a cell cannot be written, or not be read.
        """
        form = record_form.empty(self._view, row)
        if row is not None:
            form.keep(cells)
        form._fields.pop("csrf_token", None)  # the upload was checked; a row carries none
        self._adapter.share(form._fields.values())
        sent: MultiDict[str, str] = MultiDict()
        errors: dict[str | None, list[str]] = {}
        for name in sorted(touched):
            bound = form._fields.get(name)
            if bound is None:
                errors[name] = [self._fixed(name, row)]
                continue
            try:
                sent.setlist(bound.name, self._adapter.sent(bound, self._plain(cells[name][1])))
            except CellRefused as refused:
                errors[name] = [str(refused)]
        for bound in form._fields.values():
            if bound.name not in sent:
                sent.setlist(bound.name, untouched(bound))
        form.process(sent, obj=row)
        if row is None:
            fill(self._view.options, form)
        if errors:
            form.validate()
            raise _RowRefused({**_errors_of(form), **errors})
        return form

    def _fixed(self, name: str, row: Any) -> str:
        options = self._view.options
        if row is not None and name in written_names(options, request, None):
            return gettext("You may not change this of this record.")
        return gettext("This is read-only: leave it as it is, or the column out.")

    def _plain(self, cell: Any) -> Any:
        return values.unguarded(cell) if self._table.is_text else cell

    def _is_same(self, heading: Heading, cell: Any, row: Any) -> bool:
        """Whether the cell says what an export of the record would."""
        if heading.field is None:
            return False
        value = heading.field.value(row)
        if not self._table.is_text:
            return bool(values.plain(value) == cell)
        return bool(str(values.text(value)).strip() == cell.strip())

    def _shown(self, cells: Cells, row: Any) -> dict[str, str]:
        """What the columns of a line hold, in words."""
        found = {}
        for heading, _ in cells.values():
            if heading.field is not None:
                found[heading.label] = str(values.text(heading.field.value(row)))
        return found


def _is_empty(cell: Any) -> bool:
    return cell is None or cell == [] or (isinstance(cell, str) and not cell.strip())


def _errors_of(form: Any) -> dict[str | None, list[str]]:
    errors: dict[str | None, list[str]] = {
        name: list(map(str, bound.errors)) for name, bound in form._fields.items() if bound.errors
    }
    if form.form_errors:
        errors[None] = list(map(str, form.form_errors))
    return errors
