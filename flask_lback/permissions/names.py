"""How permissions are called."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

#: What every model has a permission for.
ACTIONS = ("add", "change", "delete", "view")


def app_label(model: type[Any]) -> str:
    """The application that a model belongs to: ``__lback_app__``, or the package it stands in."""
    if label := getattr(model, "__lback_app__", None):
        return str(label)
    parts = model.__module__.split(".")
    if parts[0] == "flask_lback":
        return parts[1]
    if parts[0] == "__main__":
        return "app"
    return parts[-2] if len(parts) > 1 else parts[0]


def permission_name(model: type[Any], action: str) -> str:
    """``<app>.<action>_<model>``, such as ``blog.add_post``."""
    return f"{app_label(model)}.{action}_{model.__name__.lower()}"


def model_label(model: type[Any]) -> str:
    """``<app>.<model>``, such as ``blog.post``; that of the class the table is mapped to."""
    root: type[Any] = sa.inspect(model).base_mapper.class_
    return f"{app_label(root)}.{root.__name__.lower()}"


def action_of(name: str, model: type[Any]) -> str:
    """What a permission lets one do with a model: ``change`` for ``blog.change_post``.

    A free form gives all that stands after the dot: ``publish`` for ``blog.publish``.
    """
    rest = name.partition(".")[2]
    for kind in model.__mro__:
        action, found, nothing = rest.rpartition(f"_{kind.__name__.lower()}")
        if found and action and not nothing:
            return action
    return rest


def belongs_to(name: str, model: type[Any]) -> bool:
    """Whether a permission is one of the app that a model, or a class it extends, stands in."""
    app = name.partition(".")[0]
    return any(app == app_label(kind) for kind in model.__mro__ if hasattr(kind, "__mapper__"))


def is_name(value: object) -> bool:
    """Whether a value can be a permission at all: text with no space around it, no wildcard."""
    return (
        isinstance(value, str) and bool(value) and value == value.strip() and not is_wildcard(value)
    )


def is_wildcard(value: object) -> bool:
    """Whether somebody means several permissions by one name, such as ``blog.*``."""
    return isinstance(value, str) and "*" in value


def refusal_of(value: object) -> tuple[str, str]:
    """Why a value is no name of a permission, and what to do."""
    if is_wildcard(value):
        return (
            f"{value!r} is no permission: a name stands for itself, and there are no wildcards.",
            "Name each permission, and put those that go together into a group.",
        )
    return f"{value!r} cannot be a permission.", 'Use "<app>.<what>".'


def as_names(spec: object) -> frozenset[str] | None:
    """The names that a specification stands for, None when it is not one (fail closed)."""
    if is_name(spec):
        return frozenset([spec])  # type: ignore[list-item]
    if isinstance(spec, str | bytes) or not isinstance(spec, Iterable):
        return None
    found = list(spec)
    return frozenset(found) if found and all(map(is_name, found)) else None
