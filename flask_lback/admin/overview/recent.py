"""What was changed last, and who came last; as much of it as the reader may see."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from flask import request

from ...core.translation import gettext
from .. import keys, words
from ..counting import count
from ..history.kinds import Kinds
from ..history.wording import EVENTS, event
from ..options import ModelAdmin
from ..relations import Target

if TYPE_CHECKING:
    from ..sites import Site
    from ..views.records import RecordView

#: So many are shown, of so many that are read: rows changed together are one line.
_MOST, _MOST_READ = 6, 60
_CHANGES = tuple(name for name in EVENTS if name.startswith("admin.") and name != "admin.denied")
_DELETED = "admin.deleted"
#: What the list of the log is narrowed to: every event of the panel.
_CHANGED = "admin."


@dataclass(frozen=True)
class Event:
    """One line.

    :ivar for_whom: the account in whose name somebody else acted.
    :ivar what: what was done, in words.
    :ivar name: what it was done to, and where that stands when there still is one.
    """

    who: str
    what: str
    when: dt.datetime
    name: str = ""
    url: str = ""
    for_whom: str = ""
    is_bad: bool = False


def changes(site: Site) -> list[Event]:
    """What was done last to records of models that the present account may view."""
    kinds = Kinds(site.db, site.models)
    views = {name: view for view in site.visible() for name in kinds.names(view.model)}
    entries = _read(site, views)
    reached = _reached(site, entries, views)
    found: list[Event] = []
    deleted: set[tuple[str, str]] = set()
    before: Any = None
    for entry in entries:
        if entry.action == _DELETED:
            deleted.add((entry.target_kind, entry.target_id))
        is_more = before is not None and _is_together(before, entry)
        before = entry
        if is_more or not reached.get(entry.id, True):
            continue
        is_there = (entry.target_kind, entry.target_id) not in deleted
        found.append(_told(entry, views[entry.target_kind], is_there))
        if len(found) == _MOST:
            break
    return found


def log_of_changes(site: Site) -> str:
    """Where all changes are listed; nothing for who may not read the log."""
    view = site.view_of(site.models.AuditEntry)
    if view is None or not view.is_accessible():
        return ""
    return view.get_url(".index_view", action=_CHANGED)


def is_log_of_changes() -> bool:
    """Whether the request asks for that list."""
    return request.args.get("action") == _CHANGED


def arrivals(site: Site) -> list[Event]:
    """The last sign-ups and sign-ins, newest first; for who may view accounts."""
    user: Any = site.models.User
    session: Any = site.models.UserSession
    view = site.view_of(user)
    if view is None or not view.is_accessible():
        return []
    joined = view.listing.every().order_by(None).order_by(user.date_joined.desc()).limit(_MOST)
    came = (
        sa.select(session, user)
        .join(user, session.owner)
        .where(session.impersonator_id.is_(None), Target(user).within(sa.true()))
        .order_by(session.id.desc())
        .limit(_MOST)
    )
    found = [
        Event(str(one), gettext("joined"), one.date_joined, url=address(view, keys.encode(one)))
        for one in site.db.session.scalars(joined).unique()
    ]
    found += [
        Event(str(one), gettext("signed in"), login.created_at, url=address(view, keys.encode(one)))
        for login, one in site.db.session.execute(came)
    ]
    return sorted(found, key=lambda one: one.when, reverse=True)[:_MOST]


def address(view: RecordView, key: str) -> str:
    """Where a record stands: its form, or its page for who may only read."""
    return view.get_url(".edit_view" if view.may("change") else ".details_view", id=key)


def _read(site: Site, views: Mapping[str, RecordView]) -> list[Any]:
    """The last entries, without what they hold of the records: that may be whole articles."""
    if not views:
        return []
    kind: Any = site.models.AuditEntry
    statement = (
        sa.select(
            kind.id,
            kind.action,
            kind.target_kind,
            kind.target_id,
            kind.target_name,
            kind.actor_name,
            kind.impersonator_name,
            kind.happened_at,
            kind.details["rows"].as_string().label("rows"),
            kind.details["others"].as_string().label("others"),
        )
        .where(kind.action.in_(_CHANGES), kind.outcome == "ok", kind.target_kind.in_(views))
        .order_by(kind.id.desc())
        .limit(_MOST_READ)
    )
    arguments = {"mapper": sa.inspect(kind)}
    return list(site.db.session.execute(statement, bind_arguments=arguments))


def _reached(site: Site, entries: list[Any], views: Mapping[str, RecordView]) -> dict[int, bool]:
    """Whether the reader reaches the rows of entries, of models that hide some of theirs.

    One statement for each database. Who reaches some rows only is not told of rows that are gone.
    """
    asked: dict[str, tuple[type[Any], Any]] = {}
    found: dict[int, bool] = {}
    for entry in entries:
        view = views[entry.target_kind]
        if not site.scopes.narrows(view.model):
            continue
        key = keys.decode(view.model, entry.target_id)
        found[entry.id] = False
        if key is not None:
            row = view.listing.every().where(keys.condition(view.model, [key])).order_by(None)
            asked[str(entry.id)] = (view.model, sa.exists(row.subquery().select()))
    answers = count(site.db, asked, 1)
    return found | {int(name): bool(answer) for name, answer in answers.items()}


def _is_together(one: Any, other: Any) -> bool:
    """Whether both are part of what one action did to several rows."""
    return bool(one.others) and all(
        getattr(one, name) == getattr(other, name)
        for name in ("others", "action", "target_kind", "actor_name", "impersonator_name")
    )


def _told(entry: Any, view: RecordView, is_there: bool) -> Event:
    what, name, url = _sentence(entry, view, is_there)
    who = entry.impersonator_name or entry.actor_name or gettext("Nobody")
    return Event(
        who=who,
        what=what,
        when=entry.happened_at,
        name=name,
        url=url,
        for_whom=entry.actor_name if entry.impersonator_name else "",
        is_bad=entry.action == _DELETED,
    )


def _sentence(entry: Any, view: RecordView, is_there: bool) -> tuple[str, str, str]:
    """What was done, to what, and where that is."""
    said = event(entry.action)
    others = _count(entry.others)
    several = _count(entry.rows) or (others + 1 if others else 0)
    if several:
        noun = view.noun if several == 1 else view.nouns
        return said, f"{several:,} {noun}", view.get_url(".index_view")
    if not entry.target_id:
        return said, view.nouns, view.get_url(".index_view")
    if _decides_by_row(view):  # what it says of this one is not known here
        return said, gettext("a %(noun)s", noun=view.noun), ""
    name = entry.target_name or f"{words.heading(view.noun)} {entry.target_id}"
    is_link = is_there and entry.action != _DELETED
    return f"{said} {view.noun}", name, address(view, entry.target_id) if is_link else ""


def _count(text: str | None) -> int:
    """A number of the details, which an application may have written."""
    return int(text) if text and text.isascii() and text.isdigit() else 0


def _decides_by_row(view: RecordView) -> bool:
    own: Any = type(view.options).has_view_permission
    return own is not ModelAdmin.has_view_permission
