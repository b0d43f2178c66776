"""Find what the applications of a project declare: ``admin.py`` of each of ``INSTALLED_APPS``."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterable, Iterator
from types import ModuleType

from ..exceptions import ConfigError
from .declarations import ATTRIBUTE, Declaration
from .overview.widgets import ATTRIBUTE as WIDGETS
from .overview.widgets import Widget


def discover(apps: Iterable[str]) -> list[Declaration]:
    """Import every application and its ``admin`` module, and take what they declare.

    An application without one is fine; an error inside of one is the caller's to see.

    :raises ConfigError: an application does not exist, or a model is declared twice.
    """
    found: dict[type, Declaration] = {}
    for module in _modules(apps):
        for declaration in getattr(module, ATTRIBUTE, ()):
            other = found.setdefault(declaration.model, declaration)
            if other is not declaration:
                raise duplicate(other, declaration)
    return list(found.values())


def discover_widgets(apps: Iterable[str]) -> list[Widget]:
    """The widgets that the same modules declare, in the order of the applications.

    :raises ConfigError: an application does not exist.
    """
    modules = {module.__name__: module for module in _modules(apps)}
    return [one for module in modules.values() for one in getattr(module, WIDGETS, ())]


def duplicate(first: Declaration, second: Declaration) -> ConfigError:
    """The error about a model that is declared twice."""
    name = first.model.__name__
    where = sorted({first.where, second.where})
    return ConfigError(
        f"The admin of {name} is registered twice, in {' and in '.join(where)}.",
        "Leave one of them out.",
    )


def _modules(apps: Iterable[str]) -> Iterator[ModuleType]:
    for name in apps:
        if not _exists(name):
            raise ConfigError(
                f"INSTALLED_APPS names {name!r}, which does not exist.",
                "Give the dotted name of a package or a module.",
            )
        package = importlib.import_module(name)
        yield package
        if hasattr(package, "__path__") and _exists(f"{name}.admin"):
            yield importlib.import_module(f"{name}.admin")


def _exists(name: str) -> bool:
    parent = name.rpartition(".")[0]
    if parent and not _exists(parent):
        return False
    return importlib.util.find_spec(name) is not None
