"""Which rows of a model the present account reaches: by its ModelAdmin, and by policies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import request

from ..auth.current import resolve
from ..core.state import current_state
from ..permissions.names import permission_name
from ..permissions.policies import Policies
from .options import ModelAdmin


class Scopes:
    """The row scopes of one application's panel."""

    def __init__(self) -> None:
        self._admins: dict[type[Any], ModelAdmin] = {}

    def add(self, admin: ModelAdmin) -> None:
        """Ask this class about the rows of its model."""
        self._admins[admin.model] = admin

    def every(self, model: type[Any], action: str = "view") -> sa.Select[Any]:
        """The rows of a model, of one without a ModelAdmin too."""
        admin = self._admins.get(model)
        return _narrowed(sa.select(model), model, action) if admin is None else every(admin, action)

    def narrows(self, model: type[Any]) -> bool:
        """Whether anything may keep rows of a model out of sight."""
        admin = self._admins.get(model)
        return _has_policy(model) or (admin is not None and _is_own(admin, "get_query"))


def every(admin: ModelAdmin, action: str = "view") -> sa.Select[Any]:
    """The rows that the present account reaches.

    What the ModelAdmin says comes first, so that no policy is lost by it.

    :param action: ``view``, ``change``, ``delete`` or another one that policies know.
    """
    statement = sa.select(admin.model)
    if _is_own(admin, "get_query"):
        statement = admin.get_query(request, statement, action)
    return _narrowed(statement, admin.model, action)


def differs(admin: ModelAdmin, action: str, other: str = "view") -> bool:
    """Whether two actions may reach different rows."""
    if not _is_own(admin, "get_query") and not _has_policy(admin.model):
        return False
    return not every(admin, action).compare(every(admin, other))


def permits(admin: ModelAdmin, action: str, obj: Any = None) -> bool:
    """Whether the ModelAdmin forbids nothing that the account has the permission for.

    :param obj: the record, None to ask about the action as such.
    """
    hook = f"has_{action}_permission"
    if hasattr(ModelAdmin, hook) and _is_own(admin, hook):
        given = (request,) if action == "add" else (request, obj)
        return bool(getattr(admin, hook)(*given))
    return True


def allows(admin: ModelAdmin, action: str, obj: Any) -> bool:
    """As :func:`permits`, and by the rule that a policy has for single objects.

    Only for single ones: without a rule the policy may ask the database. Of many rows its scope
    has said the same already.
    """
    if not permits(admin, action, obj):
        return False
    policies, name = current_state()[Policies], permission_name(admin.model, action)
    return not policies.has(admin.model) or policies.allows(resolve(), name, obj)


def decided(admin: ModelAdmin, action: str, rows: Sequence[Any]) -> list[Any]:
    """Those of some rows that the rule of a policy lets through; all of them without a rule."""
    policies, name = current_state()[Policies], permission_name(admin.model, action)
    if not policies.has_rule(admin.model, name):
        return list(rows)
    return [row for row in rows if policies.allows(resolve(), name, row)]


def _is_own(admin: ModelAdmin, name: str) -> bool:
    return getattr(type(admin), name) is not getattr(ModelAdmin, name)


def _narrowed(statement: sa.Select[Any], model: type[Any], action: str) -> sa.Select[Any]:
    policies = current_state()[Policies]
    return policies.scope(statement, model, resolve(), action) if policies.has(model) else statement


def _has_policy(model: type[Any]) -> bool:
    return current_state()[Policies].has(model)
