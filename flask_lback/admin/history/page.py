"""The history of one record."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from flask import abort, request
from flask_sqlalchemy import SQLAlchemy

from ...auth.current import resolve
from ...auth.models import Models
from ...auth.rights import rights_of
from ...core import clock
from ...core.state import current_state
from ...core.translation import gettext
from ...permissions.names import permission_name
from .. import keys
from ..attributes import printable
from ..cells import number
from ..layout import names_of
from ..scope import allows
from .kinds import Kinds
from .telling import Teller, Told
from .wording import COMINGS_AND_GOINGS

if TYPE_CHECKING:
    from ..views.records import RecordView

#: Entries on a page.
PER_PAGE = 50


@dataclass(frozen=True)
class Summary:
    """All entries of a record, counted."""

    count: int
    people: int
    since: dt.datetime | None


def needed(view: RecordView) -> tuple[str, ...] | None:
    """Who may view a record or change it may see its history, as in Django."""
    asked = [one for one in ("view", "change") if one not in view.options.without]
    return tuple(permission_name(view.model, one) for one in asked) or None


def show(view: RecordView) -> str:
    """Draw the page that the address asks for."""
    key = request.args.get("id", "")
    row = _row(view, key)
    of_record = condition(view.model, key)
    summary = summarize(of_record)
    if row is None and not summary.count:
        abort(404)
    pages = max(1, -(-summary.count // PER_PAGE))
    page = max(1, min(request.args.get("page", 1, type=int), pages))
    entries = _read(of_record, page)
    told = Teller(_may_see(view, row)).tell(entries, view.model, view)
    name = str(row) if row is not None else (entries[0].target_name if entries else key)
    return view.render(
        "lback/admin/history.html",
        view=view,
        row=row,
        key=key,
        name=name,
        summary=summary,
        said=spoken(summary),
        days=by_day(told),
        page=page,
        pages=pages,
        url=lambda number: view.get_url(".history_view", id=key, page=number),
        sees_log=sees_log(),
    )


def condition(model: type[Any], key: str) -> Any:
    """The entries of what was done to a record."""
    state = current_state()
    kind: Any = state[Models].AuditEntry
    names = Kinds(state[SQLAlchemy], state[Models]).names(model)
    return sa.and_(
        kind.target_id == key[:255],
        kind.target_kind.in_(names),
        kind.outcome == "ok",
        kind.action.not_in(COMINGS_AND_GOINGS),
    )


def summarize(of_record: Any) -> Summary:
    """How many entries there are, of how many people, and since when."""
    state = current_state()
    kind: Any = state[Models].AuditEntry
    statement = sa.select(
        sa.func.count(), sa.func.count(kind.actor_name.distinct()), sa.func.min(kind.happened_at)
    )
    count, people, since = state[SQLAlchemy].session.execute(statement.where(of_record)).one()
    return Summary(count, people, since)


def by_day(told: Iterable[Told]) -> list[tuple[dt.date, str, list[Told]]]:
    """The entries under the days on which they were made."""
    today = clock.now().date()
    near = {today: gettext("Today"), today - dt.timedelta(days=1): gettext("Yesterday")}
    return [
        (day, near.get(day, ""), list(entries))
        for day, entries in groupby(told, key=lambda one: one.when.date())
    ]


def spoken(summary: Summary) -> str:
    """“9 changes by 3 people”; the page adds the day."""
    changes = (
        gettext("1 change")
        if summary.count == 1
        else gettext("%(n)s changes", n=number(summary.count))
    )
    people = (
        gettext("1 person")
        if summary.people == 1
        else gettext("%(n)s people", n=number(summary.people))
    )
    return gettext("%(changes)s by %(people)s", changes=changes, people=people)


def sees_log() -> bool:
    """Whether the present account may read the whole audit log."""
    return rights_of(resolve()).has(permission_name(current_state()[Models].AuditEntry, "view"))


def _row(view: RecordView, key: str) -> Any:
    """The record, None when it is gone and the reader may know what it was.

    404 when there never was one, and when it is out of the reader's reach.
    """
    decoded = keys.decode(view.model, key)
    if decoded is None:
        abort(404)
    for action in ("view", "change"):
        if view.may(action):
            row = next(iter(view.get_many([key], action)), None)
            if row is not None and allows(view.options, action, row):
                return row
    there = sa.select(sa.literal(1)).select_from(view.model)
    there = there.where(keys.condition(view.model, [decoded]))
    if not sees_log() or view.site.db.session.scalar(there) is not None:
        abort(404)
    return None


def _read(of_record: Any, page: int) -> list[Any]:
    state = current_state()
    kind: Any = state[Models].AuditEntry
    statement = sa.select(kind).where(of_record).order_by(kind.id.desc())
    statement = statement.limit(PER_PAGE).offset((page - 1) * PER_PAGE)
    return list(state[SQLAlchemy].session.scalars(statement))


def _may_see(view: RecordView, row: Any) -> set[str] | None:
    """The fields that the panel shows of the record; who reads the whole log sees every one."""
    if sees_log():
        return None
    options = view.options
    names = {*names_of(options, request, row), *printable(view.model)}
    names |= {*options.get_readonly_fields(request, row)}
    names -= options.left_out(request, row)
    return names | {column.name for column in view.listing.columns}
