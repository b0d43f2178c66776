"""Settings of background work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ..core.settings import Settings, setting


@dataclass(frozen=True)
class TaskSettings(Settings):
    """``LBACK_TASKS_*``: how background work is done."""

    prefix: ClassVar[str] = "LBACK_TASKS_"

    eager: bool | None = setting(
        None, "Whether work is done at once, in the caller's thread. Unset: under TESTING."
    )
    threads: int = setting(2, "Threads for background work in each process.", minimum=1)
