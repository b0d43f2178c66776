"""Groups as a JSON document, to be carried from one site to another."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from ..auth.models import Models
from ..core.state import state_of
from ..exceptions import CommandError, UnknownNameError
from .explaining import nearest
from .names import is_name, is_wildcard, refusal_of
from .wishes import SyncReport, Wish, fulfil

#: The shape of the document.
VERSION = 1
_KEYS = {"name": str, "description": str, "is_default": bool, "permissions": list}


def export_groups(app: Flask, names: Collection[str] = ()) -> dict[str, Any]:
    """Groups with their permissions; their members are not part of it.

    :param names: only these groups.
    :raises UnknownNameError: there is no group of a name.
    """
    state = state_of(app)
    kind: Any = state[Models].Group
    query = sa.select(kind).order_by(kind.name)
    if names:
        query = query.where(kind.name.in_(names))
    groups = state[SQLAlchemy].session.scalars(query).all()
    for name in names:
        if name not in {group.name for group in groups}:
            raise UnknownNameError(f"There is no group {name!r}.")
    return {
        "version": VERSION,
        "groups": [
            {
                "name": group.name,
                "description": group.description,
                "is_default": group.is_default,
                "permissions": [permission.name for permission in group.permissions],
            }
            for group in groups
        ],
    }


def import_groups(
    app: Flask, document: Any, *, create: bool = False, strict: bool = False, dry_run: bool = False
) -> SyncReport:
    """Make the groups of a document, and give them what they lack; commit. All of it, or nothing.

    :param create: make permissions that do not exist.
    :param strict: take from these groups what the document does not give them.
    :param dry_run: report what would be done, and roll back.
    :raises CommandError: the document is no such document, or names unknown permissions.
    """
    wishes = _read(document)
    state = state_of(app)
    models, session = state[Models], state[SQLAlchemy].session
    report = SyncReport()
    known = {row.name: row for row in session.scalars(sa.select(models.Permission))}
    named = dict.fromkeys(name for wish in wishes for name in wish.permissions)
    unknown = [name for name in named if name not in known]
    if unknown and not create:
        _refuse_unknown(unknown, known)
    for name in unknown:
        known[name] = models.Permission(name=name)
        session.add(known[name])
        report.permissions.append(name)
    fulfil(state, wishes, known, report, strict=strict)
    (session.rollback if dry_run else session.commit)()
    return report


def _read(document: Any) -> list[Wish]:
    """The groups of a document.

    :raises CommandError: names the place where it is wrong.
    """
    if not isinstance(document, dict) or document.get("version") != VERSION:
        _refuse("/version", f"is not {VERSION}")
    groups = document.get("groups")
    if not isinstance(groups, list):
        _refuse("/groups", "is no list")
    wishes = [_read_group(f"/groups/{number}", one) for number, one in enumerate(groups)]
    names = [wish.name for wish in wishes]
    for name in names:
        if names.count(name) > 1:
            _refuse("/groups", f"names {name!r} twice")
    return wishes


def _read_group(at: str, group: Any) -> Wish:
    if not isinstance(group, dict):
        _refuse(at, "is no object")
    for key, value in group.items():
        if key not in _KEYS:
            _refuse(f"{at}/{key}", "is unknown")
        if not isinstance(value, _KEYS[key]):
            _refuse(f"{at}/{key}", f"is no {_KEYS[key].__name__}")
    name, permissions = group.get("name", ""), group.get("permissions", [])
    if not name.strip() or not name.isprintable():
        _refuse(f"{at}/name", "is missing, or cannot be a name")
    for number, one in enumerate(permissions):
        if not is_name(one):
            message, hint = refusal_of(one)
            where = f"{at}/permissions/{number}: "
            raise CommandError(where + message, hint if is_wildcard(one) else "")
    values = {key: group[key] for key in ("description", "is_default") if key in group}
    return Wish(name, tuple(permissions), values)


def _refuse(at: str, what: str) -> Any:
    raise CommandError(f"{at} {what}.", "`flask lback export-groups` shows the shape.")


def _refuse_unknown(unknown: list[str], known: Collection[str]) -> None:
    named = ", ".join(map(repr, unknown))
    near = nearest(unknown[0], known)
    meant = f"Did you mean {near!r}? " if near else ""
    raise CommandError(
        f"There is no permission {named}.", f"{meant}--create makes those that are missing."
    )
