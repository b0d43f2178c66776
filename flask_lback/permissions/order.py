"""Decorators in the wrong order: a permission that stands above the route guards nothing.

``@permission_required`` over ``@app.get`` wraps what the route has registered already, so that
the page stays open. Nobody sees that in a review, and so the application does not start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any

from flask import Flask

from ..exceptions import ConfigError

#: On a function: what guards it.
_GUARDS = "lback_guards"
View = Callable[..., Any]


def remember(view: View, guarded: View) -> None:
    """Keep, on a view and on what it wraps, that this guards it.

    Methods are left alone: no route registers them, and they may be Flask's own.
    """
    for inner in _layers(view):
        if isinstance(inner, FunctionType) and inner.__name__ != "dispatch_request":
            setattr(inner, _GUARDS, (*getattr(inner, _GUARDS, ()), guarded))


def refuse_open_views(app: Flask) -> None:
    """Refuse to serve a view whose guard no address leads to.

    :raises ConfigError: names it.
    """
    used = {id(layer) for view in app.view_functions.values() for layer in _layers(view)}
    for endpoint, view in app.view_functions.items():
        for layer in _layers(view):
            guards = getattr(layer, _GUARDS, ())
            if guards and not any(id(guard) in used for guard in guards):
                raise ConfigError(
                    f"{endpoint!r} is open: its permission stands above its route.",
                    "Put @permission_required below @app.get and the other routes.",
                )


def _layers(view: Any) -> Iterator[Any]:
    """A function, and what its decorators have wrapped."""
    seen: set[int] = set()
    while view is not None and id(view) not in seen:
        seen.add(id(view))
        yield view
        view = getattr(view, "__wrapped__", None)
