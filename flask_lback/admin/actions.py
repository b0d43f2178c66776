"""What can be done with chosen rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..permissions.names import permission_name
from . import words
from .options import ModelAdmin

#: The action that every model has; it leads to the page that asks.
DELETE = "delete"


@dataclass(frozen=True)
class Action:
    """One action of a model.

    :ivar permissions: all of these are needed.
    :ivar scopes: the actions whose rows it may touch: those of every one of them.
    :ivar run: takes the request and the rows.
    """

    name: str
    label: str
    permissions: tuple[str, ...]
    scopes: tuple[str, ...]
    run: Callable[[Any, list[Any]], Any]


def actions_of(admin: ModelAdmin) -> dict[str, Action]:
    """The actions of a model, by name, in order."""
    found = {}
    for entry in admin.actions:
        function: Any = getattr(admin, entry) if isinstance(entry, str) else entry
        name = entry if isinstance(entry, str) else entry.__name__
        label = getattr(function, "action_description", None) or words.label(name)
        asked = getattr(function, "action_permissions", None) or ("change",)
        permissions = tuple(
            one if "." in one else permission_name(admin.model, one) for one in asked
        )
        run = function if isinstance(entry, str) else _with(admin, function)
        scopes = tuple(_scope(admin, one) for one in asked)
        found[name] = Action(name, label, permissions, scopes, run)
    return found


def _scope(admin: ModelAdmin, asked: str) -> str:
    """The action of a permission: of ``blog.publish_post`` it is ``publish`` for posts."""
    if "." not in asked:
        return asked
    action = asked.partition(".")[2].removesuffix("_" + admin.model.__name__.lower())
    return action if permission_name(admin.model, action) == asked else "change"


def _with(admin: ModelAdmin, function: Callable[..., Any]) -> Callable[[Any, list[Any]], Any]:
    """Django calls a plain function with the admin first."""

    def run(request: Any, rows: list[Any]) -> Any:
        return function(admin, request, rows)

    return run
