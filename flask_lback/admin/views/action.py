"""What is done with chosen rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from flask import flash, redirect, request

from ...auth.current import resolve
from ...auth.denials import refuse_forbidden
from ...auth.rights import rights_of
from ...core.translation import gettext
from .. import keys
from ..actions import DELETE, Action
from ..cells import number
from ..saving import NotSavedError, committed
from . import deletion

if TYPE_CHECKING:
    from .records import RecordView


def run(view: RecordView) -> Any:
    """Do what the pressed button says with the rows that were chosen."""
    name = request.form["action"]
    limit = view.site.settings.bulk_limit
    back = view.back(view.get_url(".index_view"))
    chosen, told = _chosen(view, limit + 1)
    if len(chosen) > limit:
        flash(gettext("Choose at most %(n)s rows.", n=limit), "danger")
        return redirect(back)
    if told is not None and told != len(chosen):
        text = gettext("There are %(n)s rows now. Look again, and choose.", n=number(len(chosen)))
        flash(text, "danger")
        return redirect(back)
    scopes = (DELETE,) if name == DELETE else view.actions[name].scopes
    rows = _reached(view, chosen, scopes)
    if left := len(chosen) - len(rows):
        said = gettext("Left out, because they are gone or not yours to act on: %(n)s.", n=left)
        flash(said, "warn")
    elif not rows:
        flash(gettext("Nothing was chosen."), "info")
    if not rows:
        return redirect(back)
    if name == DELETE:
        return deletion.ask(view, rows)
    return _run(view.actions[name], rows, back)


def _chosen(view: RecordView, most: int) -> tuple[Sequence[str], int | None]:
    """The keys of the chosen rows, and how many the person was told that they are.

    They are those that were ticked, or every one that the list of this address has.
    """
    told = request.form.get("all", "")
    if not told:
        return list(dict.fromkeys(request.form.getlist("rowid"))), None
    listing, db = view.listing, view.site.db
    query = listing.read(request.args)
    columns = sa.inspect(view.model).primary_key
    statement = listing.ordered(listing.statement(query), query).limit(most)
    statement = statement.with_only_columns(*columns, maintain_column_froms=True)
    found = db.session.execute(statement, bind_arguments={"mapper": sa.inspect(view.model)})
    texts = [keys.encode_values(values) for values in found]
    return texts, int(told) if told.isascii() and told.isdigit() and len(told) < 10 else -1


def _reached(view: RecordView, texts: Sequence[str], scopes: tuple[str, ...]) -> list[Any]:
    """The chosen rows that are in sight, and within reach of every one of the scopes."""
    rows = view.get_many(texts)
    for scope in scopes:
        kept = view.within(rows, scope)
        rows = [row for row in rows if keys.encode(row) in kept]
    return rows


def _run(action: Action, rows: list[Any], back: str) -> Any:
    missing = [one for one in action.permissions if not rights_of(resolve()).has(one)]
    if missing:
        refuse_forbidden(missing[0])
    try:
        answer = committed(lambda: action.run(request, rows))
    except NotSavedError as error:
        flash(error.message, "danger")
        return redirect(back)
    if answer is not None and not isinstance(answer, str):
        return answer
    said = gettext("%(action)s: %(n)s done.", action=action.label, n=len(rows))
    flash(answer or said, "ok")
    return redirect(back)
