"""Names of a package that are imported when they are first asked for (PEP 562)."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any


def names(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """A module's ``__getattr__``.

    :param package: the package's ``__name__``.
    :param homes: name of each attribute, and the module that has it, such as ``.models``.
    """

    def get(name: str) -> Any:
        if home := homes.get(name):
            return getattr(importlib.import_module(home, package), name)
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return get
