"""Groups as they should be, by the code or by a document, and how they become so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy

from ..auth.models import Models
from ..core.state import State


@dataclass(frozen=True)
class Wish:
    """One group.

    :ivar values: its other columns; what is left out stays as it is.
    """

    name: str
    permissions: tuple[str, ...]
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class SyncReport:
    """What a run did.

    :ivar permissions: those that were made.
    :ivar groups: those that were made.
    :ivar grants: group and permission, given.
    :ivar changed: groups with another description or default flag.
    :ivar taken: group and permission, taken away.
    :ivar removed: permissions that were removed.
    """

    permissions: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    grants: list[tuple[str, str]] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    taken: list[tuple[str, str]] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return any(vars(self).values())


def fulfil(
    state: State,
    wishes: Iterable[Wish],
    known: Mapping[str, Any],
    report: SyncReport,
    *,
    strict: bool,
) -> None:
    """Make the groups that are missing, and give them what they lack; the caller commits.

    :param known: the rows of the permissions, by name.
    :param strict: take from them what is not wished.
    """
    kind, session = state[Models].Group, state[SQLAlchemy].session
    groups: dict[str, Any] = {row.name: row for row in session.scalars(sa.select(kind))}
    for wish in wishes:
        group = groups.get(wish.name)
        if group is None:
            group = kind(name=wish.name, **wish.values)
            session.add(group)
            report.groups.append(wish.name)
        elif _follows(group, wish.values):
            report.changed.append(wish.name)
        for name in wish.permissions:
            if known[name] not in group.permissions:
                group.permissions.append(known[name])
                report.grants.append((wish.name, name))
        for permission in list(group.permissions) if strict else ():
            if permission.name not in wish.permissions:
                group.permissions.remove(permission)
                report.taken.append((wish.name, permission.name))


def _follows(group: Any, values: Mapping[str, Any]) -> bool:
    """Give a group these values; whether that changed anything."""
    changed = {key: value for key, value in values.items() if getattr(group, key) != value}
    for key, value in changed.items():
        setattr(group, key, value)
    return bool(changed)
