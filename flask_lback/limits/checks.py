"""What can be wrong with the rate limits."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Flask

from ..core.checks import Finding, Level
from ..core.state import state_of
from .settings import RateLimitSettings


def check_storage(app: Flask) -> Iterator[Finding]:
    """Counts in memory are counts of one process."""
    settings = state_of(app)[RateLimitSettings]
    if settings.storage_url.startswith("memory:"):
        yield Finding(
            "limits.W001",
            Level.WARNING,
            "Attempts are counted in the memory of each process.",
            "Set LBACK_LIMITS_STORAGE_URL to a Redis address when there are several workers.",
        )
    if not settings.enabled:
        yield Finding(
            "limits.W002",
            Level.WARNING,
            "No attempt is limited.",
            "Take LBACK_LIMITS_ENABLED out of the configuration.",
        )
