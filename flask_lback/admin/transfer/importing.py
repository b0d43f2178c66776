"""The page that imports: a file is tried first, and written once a person has seen what it does."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from flask import Response, flash, redirect, request
from flask_sqlalchemy import SQLAlchemy

from ...auth.audit.service import Audit
from ...auth.current import resolve
from ...auth.denials import refuse_forbidden
from ...core.state import current_state
from ...core.translation import gettext
from ...permissions.names import permission_name
from ..cells import number
from ..saving import NotSavedError, committed
from . import values
from .formats import MARK
from .headings import Headings
from .outcome import Outcome, Problem
from .reading import FileRefused, Table, read
from .running import Run
from .storing import Uploads, is_same, prove, proven
from .trial import dry_run, steps

if TYPE_CHECKING:
    from ..views.records import RecordView

#: What an import needs: one of these.
_ACTIONS = ("add", "change")


class _Overtaken(Exception):
    """What a file does is no longer what was shown."""


def needed(view: RecordView) -> tuple[str, ...] | None:
    """The permissions of which one opens the page."""
    actions = [one for one in _ACTIONS if one not in view.options.without]
    return tuple(permission_name(view.model, one) for one in actions) or None


def is_offered(view: RecordView) -> bool:
    """Whether the present account can import anything."""
    return any(map(view.may, _ACTIONS))


def handle(view: RecordView) -> Any:
    """Show the page on GET; on POST try a file, or write the one that was tried."""
    if not is_offered(view):
        refuse_forbidden(permission_name(view.model, "add"))
    if request.method != "POST":
        return _template(view) if "template" in request.args else _page(view)
    if proof := request.form.get("proof"):
        return _confirmed(view, proof)
    return _tried(view)


def _tried(view: RecordView) -> Any:
    """The dry run of a file that was sent."""
    upload = request.files.get("file")
    if upload is None or not upload.filename:
        return _page(view, problem=gettext("Choose a file.")), 400
    most = view.site.settings.import_max_bytes
    content = upload.stream.read(most + 1)
    if len(content) > most:
        said = gettext(
            "The file is larger than %(size)s. Split it into several files.", size=_size(most)
        )
        return _page(view, problem=said), 400
    return _shown(view, content, upload.filename)


def _shown(view: RecordView, content: bytes, name: str, problem: str = "") -> Any:
    """Try a file, and draw what it does."""
    try:
        run = _run_of(view, content)
        with dry_run():
            outcome = run.run()
    except FileRefused as refused:
        return _page(view, problem=str(refused), name=name), 400
    if outcome.problems:
        return _page(view, outcome=outcome, name=name), 400
    proof = ""
    if outcome.added or outcome.changed:
        kept = Uploads().keep(content)
        proof = prove(resolve(), view.endpoint, kept, content, _digest(outcome))
    page = _page(view, outcome=outcome, name=name, proof=proof, problem=problem)
    return (page, 409) if problem else page


def _confirmed(view: RecordView, proof: str) -> Any:
    """Write the file that was tried, in one transaction; nothing when it would do other things."""
    said = proven(proof)
    content = Uploads().take(said[0]) if said else None
    if said is None or content is None or not is_same(said[1], resolve(), view.endpoint, content):
        text = gettext(
            "This file is no longer here: it was imported, or an hour is over. Send it again."
        )
        return _page(view, problem=text), 409
    name = request.form.get("name", "")[:200]

    def work() -> Outcome:
        outcome = _run_of(view, content).run()
        if outcome.problems or _digest(outcome) != said[2]:
            raise _Overtaken
        current_state()[Audit].record(
            "admin.imported",
            model=view.model.__name__,
            file=name,
            added=outcome.added,
            changed=outcome.changed,
            unchanged=outcome.unchanged,
        )
        return outcome

    try:
        with steps():
            outcome = committed(work)
    except (_Overtaken, FileRefused):
        current_state()[SQLAlchemy].session.rollback()
        changed = gettext("Something has changed since the page was shown. Look again.")
        return _shown(view, content, name, changed)
    except NotSavedError as error:
        return _page(view, problem=error.message, name=name), 409
    flash(_told(outcome), "ok")
    return redirect(view.get_url(".index_view") if view.may("view") else view.site.home_url())


def _run_of(view: RecordView, content: bytes) -> Run:
    """The rows of a file, ready to be written.

    :raises FileRefused: it cannot be read, or has columns that the model has not.
    """
    table: Table = read(content, view.site.settings.import_max_rows)
    headings, problems = Headings(view).read(table.names)
    if problems:
        raise FileRefused(" ".join(problems))
    if all(one.is_key for one in headings):
        raise FileRefused(gettext("The file has no column that could be written."))
    return Run(view, table, headings)


def _digest(outcome: Outcome) -> str:
    return f"{outcome.added}.{outcome.changed}.{outcome.unchanged}.{outcome.digest.hexdigest()}"


def _told(outcome: Outcome) -> str:
    return gettext(
        "Imported: %(added)s added, %(changed)s changed, %(unchanged)s as they were.",
        added=number(outcome.added),
        changed=number(outcome.changed),
        unchanged=number(outcome.unchanged),
    )


def _page(
    view: RecordView,
    *,
    outcome: Outcome | None = None,
    name: str = "",
    proof: str = "",
    problem: str = "",
) -> str:
    settings = view.site.settings
    problems: list[Problem] = outcome.problems if outcome is not None else []
    return view.render(
        "lback/admin/import.html",
        view=view,
        outcome=outcome,
        problems=problems,
        wrong_rows=len({one.line for one in problems}),
        name=name,
        proof=proof,
        problem=problem,
        headings=[(name, label) for name, label in _writable(view)],
        most_rows=number(settings.import_max_rows),
        most_bytes=_size(settings.import_max_bytes),
        can_add=view.may("add"),
        can_change=view.may("change"),
    )


def _size(count: int) -> str:
    kilobytes = count // 1024
    if kilobytes and kilobytes % 1024 == 0:
        return gettext("%(n)s MB", n=number(kilobytes // 1024))
    return gettext("%(n)s kB", n=number(kilobytes))


def _writable(view: RecordView) -> list[tuple[str, str]]:
    headings = Headings(view)
    return [(name, headings.known[name]) for name in headings.writable()]


def _template(view: RecordView) -> Response:
    """An empty file: its first line."""
    line = io.StringIO()
    csv.writer(line).writerow(values.guarded(name) for name in Headings(view).writable())
    mark = MARK if view.site.settings.export_mark else ""
    response = Response(mark + line.getvalue(), content_type="text/csv; charset=utf-8")
    response.headers.set(
        "Content-Disposition", "attachment", filename=f"{view.model.__name__.lower()}-import.csv"
    )
    response.headers["Cache-Control"] = "no-store"
    return response
