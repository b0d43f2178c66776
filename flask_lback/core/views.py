"""How a decorator calls the view that it stands around."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from flask import current_app


def caller_of(view: Callable[..., Any]) -> Callable[..., Any]:
    """The view itself, or what has the application run an ``async`` one."""
    if not inspect.iscoroutinefunction(view):
        return view

    def run(*args: Any, **kwargs: Any) -> Any:
        return current_app.ensure_sync(view)(*args, **kwargs)

    return run
