"""Make the permissions and groups that the code declares; take nothing away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from ..auth.models import Models
from ..core.state import state_of
from .names import ACTIONS, permission_name
from .registry import Permissions


@dataclass
class SyncReport:
    """What a run made."""

    permissions: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    grants: list[tuple[str, str]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.permissions or self.groups or self.grants)


def sync(app: Flask) -> SyncReport:
    """Create what is declared and missing, and commit. Running it again changes nothing."""
    state = state_of(app)
    declared, models, session = state[Permissions], state[Models], state[SQLAlchemy].session
    report = SyncReport()
    known = {row.name: row for row in session.scalars(sa.select(models.Permission))}
    for name, description in sorted(wanted(app).items()):
        if name not in known:
            known[name] = models.Permission(name=name, description=description)
            session.add(known[name])
            report.permissions.append(name)
    groups = {row.name: row for row in session.scalars(sa.select(models.Group))}
    for wish in declared.groups.values():
        group = groups.get(wish.name)
        if group is None:
            group = models.Group(
                name=wish.name, description=wish.description, is_default=wish.is_default
            )
            session.add(group)
            report.groups.append(wish.name)
        for name in wish.permissions:
            if known[name] not in group.permissions:
                group.permissions.append(known[name])
                report.grants.append((wish.name, name))
    session.commit()
    return report


def wanted(app: Flask) -> dict[str, str]:
    """Every permission that the code declares, with its description."""
    declared = state_of(app)[Permissions]
    found = {
        permission_name(model, action): f"{action.capitalize()} {_spoken(model)}"
        for model in models_with_permissions(app)
        for action in ACTIONS
    }
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
