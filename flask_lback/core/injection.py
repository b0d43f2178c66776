"""Constructor arguments filled by name or by type from what the features provide."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask

from ..exceptions import ConfigError
from .state import State


class Providers:
    """Objects that can be asked for by a parameter's name; types come from the state."""

    def __init__(self, app: Flask, state: State) -> None:
        self._named: dict[str, Callable[[], Any]] = {
            "app": lambda: app,
            "config": lambda: app.config,
            "logger": lambda: app.logger,
            "state": lambda: state,
        }
        self._state = state

    def provide(self, name: str, make: Callable[[], Any]) -> None:
        """Let parameters of that name be filled with what ``make()`` returns."""
        self._named[name] = make

    def build(self, target: Callable[..., Any], params: Mapping[str, Any], *given: Any) -> Any:
        """Call ``target`` with ``given`` first and every other parameter filled.

        A value of ``params`` wins over a provider, a provider over the default.

        :raises ConfigError: a required parameter has no source, or ``params`` names one that
            does not exist.
        """
        name = getattr(target, "__qualname__", repr(target))
        parameters = list(_parameters(target))[len(given) :]
        known = {parameter.name for parameter in parameters}
        if unknown := sorted(set(params) - known):
            raise ConfigError(
                f"{name} takes no parameter {unknown[0]!r}.",
                f"It takes: {', '.join(sorted(known)) or 'none'}.",
            )
        hints = _hints(target)
        values = dict(params)
        for parameter in parameters:
            if parameter.name in values:
                continue
            if parameter.name in self._named:
                values[parameter.name] = self._named[parameter.name]()
            elif (found := self._by_type(hints.get(parameter.name))) is not None:
                values[parameter.name] = found
            elif parameter.default is parameter.empty:
                raise ConfigError(
                    f"Nothing provides the parameter {parameter.name!r} of {name}.",
                    "Give it in the entry's params, or annotate it with a type of Lback's.",
                )
        return target(*given, **values)

    def _by_type(self, kind: Any) -> Any:
        return self._state.get(kind) if isinstance(kind, type) else None


def _parameters(target: Callable[..., Any]) -> list[inspect.Parameter]:
    if isinstance(target, type) and target.__init__ is object.__init__:  # type: ignore[misc]
        return []
    every = inspect.signature(target).parameters.values()
    return [one for one in every if one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)]


def _hints(target: Callable[..., Any]) -> dict[str, Any]:
    source = target.__init__ if isinstance(target, type) else target  # type: ignore[misc]
    try:
        return typing.get_type_hints(source)
    except (NameError, TypeError):
        return {}
