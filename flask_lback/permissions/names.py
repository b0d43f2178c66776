"""How permissions are called."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

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


def is_name(value: object) -> bool:
    """Whether a value can be a permission at all: text with no space around it."""
    return isinstance(value, str) and bool(value) and value == value.strip()


def as_names(spec: object) -> frozenset[str] | None:
    """The names that a specification stands for, None when it is not one (fail closed)."""
    if is_name(spec):
        return frozenset([spec])  # type: ignore[list-item]
    if isinstance(spec, str | bytes) or not isinstance(spec, Iterable):
        return None
    found = list(spec)
    return frozenset(found) if found and all(map(is_name, found)) else None
