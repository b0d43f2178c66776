"""What a file does to the rows of a model."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

#: Changes that are told one by one.
MOST_TOLD = 20


@dataclass(frozen=True)
class Problem:
    """What is wrong with one cell, or with a row when ``column`` is empty."""

    line: int
    column: str
    text: str


@dataclass(frozen=True)
class Change:
    """What happens to one row.

    :ivar before: of a record that is changed, by the label of the column.
    """

    line: int
    key: str
    name: str
    before: Mapping[str, str]
    after: Mapping[str, str]

    @property
    def is_new(self) -> bool:
        """Whether the record is added."""
        return not self.key


@dataclass
class Outcome:
    """What a file does, or has done."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    problems: list[Problem] = field(default_factory=list)
    told: list[Change] = field(default_factory=list)
    digest: Any = field(default_factory=hashlib.sha256)

    def note(self, change: Change | None) -> None:
        """Count a row; the digest is of every change, and of their order."""
        if change is None:
            self.unchanged += 1
            return
        if change.is_new:
            self.added += 1
        else:
            self.changed += 1
        if len(self.told) < MOST_TOLD:
            self.told.append(change)
        parts = [change.line, change.key, {**change.before}, {**change.after}]
        self.digest.update(json.dumps(parts, sort_keys=True, default=str).encode() + b"\n")
