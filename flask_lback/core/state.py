"""What one application holds of Lback: objects, looked up by their type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

from flask import Flask, current_app

from ..exceptions import NotInstalledError

T = TypeVar("T")
KEY = "lback"


class State:
    """The objects of one application: settings, services, registries.

    Kept in ``app.extensions["lback"]``; two applications in one process share nothing.
    """

    def __init__(self) -> None:
        self._objects: dict[type[Any], Any] = {}

    def add(self, value: T, kind: type[Any] | None = None) -> T:
        """Keep ``value`` under its type, or under ``kind`` when a protocol stands for it."""
        self._objects[kind or type(value)] = value
        return value

    def __getitem__(self, kind: type[T]) -> T:
        try:
            return self._objects[kind]  # type: ignore[no-any-return]
        except KeyError:
            raise NotInstalledError(
                f"This application has no {kind.__name__}.",
                "Add the feature that brings it to Lback(features=...).",
            ) from None

    def get(self, kind: type[T]) -> T | None:
        """The object of that type, or None when its feature is off."""
        return self._objects.get(kind)

    def __contains__(self, kind: object) -> bool:
        return kind in self._objects

    def __iter__(self) -> Iterator[Any]:
        return iter(self._objects.values())


def state_of(app: Flask) -> State:
    """The state of ``app``.

    :raises NotInstalledError: when ``Lback.init_app`` has not run for it.
    """
    try:
        return app.extensions[KEY]  # type: ignore[no-any-return]
    except KeyError:
        raise NotInstalledError(
            f"Lback is not set up for the application {app.name!r}.",
            "Call Lback(app), or lback.init_app(app), first.",
        ) from None


def current_state() -> State:
    """The state of the application that handles this request or command."""
    return state_of(current_app._get_current_object())  # type: ignore[attr-defined]
