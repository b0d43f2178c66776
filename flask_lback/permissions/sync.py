"""Make the permissions and groups that the code declares; take away only what one is told to."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from ..auth.invitations.rights import INVITE, InvitationRights
from ..auth.models import Models
from ..core.state import state_of
from .names import ACTIONS, permission_name
from .registry import DeclaredGroup, Permissions
from .wishes import SyncReport, Wish, fulfil


@dataclass(frozen=True)
class Leftover:
    """A permission that is stored, and that nothing in the code declares.

    :ivar holders: how many groups and accounts hold it.
    """

    name: str
    holders: int


def sync(app: Flask, *, strict: bool = False, remove: Collection[str] = ()) -> SyncReport:
    """Create what is declared and missing, and commit. Running it again changes nothing.

    :param strict: take from declared groups what the code does not give them.
    :param remove: names of undeclared permissions to remove.
    """
    state = state_of(app)
    declared, models, session = state[Permissions], state[Models], state[SQLAlchemy].session
    report = SyncReport()
    known = {row.name: row for row in session.scalars(sa.select(models.Permission))}
    names = wanted(app)
    for name, description in sorted(names.items()):
        if name not in known:
            known[name] = models.Permission(name=name, description=description)
            session.add(known[name])
            report.permissions.append(name)
    wishes = [_wish(group, strict) for group in declared.groups.values()]
    fulfil(state, wishes, known, report, strict=strict)
    for name in sorted(set(remove) & set(known) - set(names)):
        session.delete(known[name])
        report.removed.append(name)
    session.commit()
    return report


def _wish(group: DeclaredGroup, strict: bool) -> Wish:
    """What the code says of a group; what it leaves out may be an administrator's."""
    values = {"description": group.description, "is_default": group.is_default}
    said = {key: value for key, value in values.items() if value or strict}
    return Wish(group.name, group.permissions, said)


def surplus(app: Flask) -> list[tuple[str, str]]:
    """Declared groups, and what they hold beyond what the code gives them."""
    state = state_of(app)
    wishes = state[Permissions].groups
    query = sa.select(state[Models].Group).filter(state[Models].Group.name.in_(wishes))
    return [
        (group.name, permission.name)
        for group in state[SQLAlchemy].session.scalars(query.order_by(state[Models].Group.name))
        for permission in group.permissions
        if permission.name not in wishes[group.name].permissions
    ]


def leftovers(app: Flask) -> list[Leftover]:
    """The permissions that nothing declares any longer, or that somebody has made by hand."""
    state = state_of(app)
    models = state[Models]
    kind: Any = models.Permission

    def held(table: sa.Table) -> Any:
        count = sa.select(sa.func.count()).where(table.c.permission_id == kind.id)
        return count.correlate(kind.__table__).scalar_subquery()

    holders = held(models.group_permissions) + held(models.user_permissions)
    query = sa.select(kind.name, holders).order_by(kind.name)
    names = wanted(app)
    rows = state[SQLAlchemy].session.execute(query)
    return [Leftover(name, count) for name, count in rows if name not in names]


def wanted(app: Flask) -> dict[str, str]:
    """Every permission that the code declares, with its description."""
    state = state_of(app)
    declared = state[Permissions]
    found = {
        permission_name(model, action): f"{action.capitalize()} {_spoken(model)}"
        for model in models_with_permissions(app)
        for action in ACTIONS
    }
    # The audit log is read; nobody may be allowed more.
    found[permission_name(state[Models].AuditEntry, "view")] = "View the audit log"
    if InvitationRights in state:
        found.setdefault(INVITE, "")  # made, with its description, by that part of the accounts
    found |= declared.defined
    for group in declared.groups.values():
        for name in group.permissions:
            found.setdefault(name, "")
    return found


def models_with_permissions(app: Flask) -> Iterator[type[Any]]:
    """Every class that the application maps, and those companions that people manage."""
    state = state_of(app)
    models = state[Models]
    own = (models.User, models.Group, models.Permission, models.UserSession)
    yield from own
    base: Any = state[SQLAlchemy].Model
    for mapper in base.registry.mappers:
        if mapper.class_ not in own:
            yield mapper.class_


def _spoken(model: type[Any]) -> str:
    return "".join(f" {c.lower()}" if c.isupper() else c for c in model.__name__).strip()
