"""The page that asks before something is deleted, and the deletion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import abort, flash, redirect, request

from ...auth.current import resolve
from ...core.translation import gettext
from .. import keys
from ..actions import DELETE
from ..cells import number
from ..confirmation import MANY, is_proven, prove
from ..counting import spoken
from ..deleting import Deletion, Line, Outcome
from ..saving import NotSavedError, committed

if TYPE_CHECKING:
    from .records import RecordView


def delete(view: RecordView) -> Any:
    """Ask on GET; on POST delete what the page was shown for, and nothing else."""
    texts = request.values.getlist("id")
    if len(texts) > view.site.settings.bulk_limit:
        abort(400)
    rows = view.get_many(texts, DELETE)
    if not rows:
        abort(404)
    if request.method != "POST":
        return ask(view, rows)
    deletion = Deletion(view.model, rows)
    outcome = deletion.outcome(view.site.db, view.site.settings.count_limit)
    proof = request.form.get("proof", "")
    chosen = [keys.encode(row) for row in rows]
    if outcome.blocking or not is_proven(proof, resolve(), view.endpoint, chosen, outcome):
        changed = gettext("This has changed since the page was shown. Look again.")
        return ask(view, rows, changed if proof else ""), 409
    if outcome.total > MANY and request.form.get("typed", "").strip() != _word(view, rows):
        wrong = gettext("Type the name exactly as it is shown.")
        return ask(view, rows, typed_error=wrong), 400
    return _delete(view, deletion, outcome)


def ask(view: RecordView, rows: list[Any], problem: str = "", typed_error: str = "") -> Any:
    """The page with everything that goes, stays, and forbids it."""
    limit = view.site.settings.count_limit
    outcome = Deletion(view.model, rows).outcome(view.site.db, limit)
    chosen = [keys.encode(row) for row in rows]
    total = spoken(min(outcome.total, limit + 1), limit)
    return view.render(
        "lback/admin/delete.html",
        view=view,
        rows=rows,
        keys=chosen,
        name=_name(view, rows),
        total=total,
        is_one=outcome.total == 1,
        gone=[_shown(view, line, limit, len(rows)) for line in outcome.gone],
        kept=[_shown(view, line, limit, len(rows)) for line in outcome.kept],
        blocking=[_shown(view, line, limit, len(rows)) for line in outcome.blocking],
        proof=prove(resolve(), view.endpoint, chosen, outcome),
        typed=_word(view, rows) if outcome.total > MANY else "",
        many=MANY,
        problem=problem,
        typed_error=typed_error,
        milder=_milder(view, rows),
        back_url=view.back(_keep_url(view, rows)),
    )


def _delete(view: RecordView, deletion: Deletion, outcome: Outcome) -> Any:
    name = _name(view, deletion.rows)
    count = number(outcome.total)

    def work() -> None:
        deletion.prepare(view.site.db)
        for row in deletion.rows:
            view.delete_model(row)

    try:
        committed(work)
    except NotSavedError as error:
        rows = view.get_many([keys.encode(row) for row in deletion.rows], DELETE)
        return ask(view, rows, error.message), 409
    if outcome.total == 1:
        flash(gettext("%(name)s is deleted.", name=name), "ok")
    else:
        flash(gettext("%(name)s: %(n)s records are deleted.", name=name, n=count), "ok")
    if not view.may("view"):
        return redirect(view.site.home_url())
    return redirect(view.get_url(".index_view"))


def _name(view: RecordView, rows: Any) -> str:
    if len(rows) == 1:
        return str(rows[0])
    return gettext("%(n)s %(models)s", n=number(len(rows)), models=view.nouns)


def _word(view: RecordView, rows: Any) -> str:
    """What is typed before many records go."""
    return " ".join(str(rows[0]).split())[:60] if len(rows) == 1 else view.nouns


def _shown(view: RecordView, line: Line, limit: int, chosen: int) -> dict[str, Any]:
    other = view.site.view_of(line.model) if line.model is not None else None
    may_see = other is not None and other.is_accessible()
    reason = gettext("Belong to the %(models)s", models=line.reason)
    if not line.reason:
        reason = gettext("You chose it") if chosen == 1 else gettext("You chose them")
    return {
        "title": line.title,
        "reason": reason,
        "points_to": line.reason,
        "count": spoken(line.count, limit),
        "url": other.get_url(".index_view") if other is not None and may_see else None,
    }


def _milder(view: RecordView, rows: list[Any]) -> dict[str, str] | None:
    found = view.options.instead_of_delete(rows)
    if found is None or found[0] not in {one.name for one in view.allowed_actions()}:
        return None
    action, question, label, effect = found
    return {"action": action, "question": question, "label": label, "effect": effect}


def _keep_url(view: RecordView, rows: list[Any]) -> str:
    if len(rows) == 1 and view.may("change", rows[0]):
        return view.get_url(".edit_view", id=keys.encode(rows[0]))
    return view.get_url(".index_view") if view.may("view") else view.site.home_url()
