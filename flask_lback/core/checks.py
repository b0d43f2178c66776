"""Findings about an application, each with an id, a level and a remedy."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from flask import Flask

from .settings import CoreSettings
from .state import state_of


class Level(enum.IntEnum):
    """How serious a finding is; the command line fails from a chosen level on."""

    INFO = 20
    WARNING = 30
    ERROR = 40


@dataclass(frozen=True)
class Finding:
    """One thing that a check found.

    :param id: ``<feature>.<E|W|I><number>``, stable, an anchor in the documentation.
    :param level: how serious it is.
    :param message: what is the matter.
    :param hint: what to do.
    """

    id: str
    level: Level
    message: str
    hint: str = ""

    def as_dict(self) -> dict[str, str]:
        """The finding as JSON shows it."""
        return {
            "id": self.id,
            "level": self.level.name,
            "message": self.message,
            "hint": self.hint,
        }


#: Looks at an application and yields what it finds; a *deploy* check runs with ``--deploy`` only.
CheckFunction = Callable[[Flask], Iterable[Finding]]


@dataclass(frozen=True)
class Check:
    """A registered check function."""

    run: CheckFunction
    deploy: bool = False


def idle_settings(keys: Iterable[str]) -> Check:
    """A check that names settings of features that are off; they are read by nobody.

    :param keys: the keys of those features.
    """

    def run(app: Flask) -> Iterator[Finding]:
        for key in sorted(key for key in keys if key in app.config and key.startswith("LBACK_")):
            yield Finding(
                "core.I001",
                Level.INFO,
                f"{key} is set, and its feature is off.",
                "Take it out, or add the feature to Lback(features=...).",
            )

    return Check(run)


class Checks:
    """The checks that the features of one application gave."""

    def __init__(self) -> None:
        self._checks: list[Check] = []

    def add(self, checks: Iterable[Check]) -> None:
        """Register the checks of a feature or of an application."""
        self._checks.extend(checks)

    def run(self, app: Flask, *, deploy: bool = False) -> Iterator[Finding]:
        """Yield every finding that is not silenced by ``LBACK_SILENCED_CHECKS``."""
        silenced = state_of(app)[CoreSettings].silenced_checks
        for check in self._checks:
            if deploy or not check.deploy:
                yield from (found for found in check.run(app) if found.id not in silenced)
