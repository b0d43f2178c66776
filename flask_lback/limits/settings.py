"""Settings of the rate limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ..core.settings import Settings, setting

_ONE = r"\d+ *(/|per) *\d* *(second|minute|hour|day|month|year)s?"
#: What a limit looks like, for the settings of features that have some.
LIMIT = f"(?i){_ONE}"
#: Several that hold together, such as ``5 per minute; 10 per 15 minutes``.
LIMITS = f"(?i){_ONE}( *; *{_ONE})*"


@dataclass(frozen=True)
class RateLimitSettings(Settings):
    """``LBACK_LIMITS_*``: where attempts are counted."""

    prefix: ClassVar[str] = "LBACK_LIMITS_"

    enabled: bool = setting(True, "Whether anything is limited at all.")
    storage_url: str = setting(
        "memory://",
        "Where counts are kept: `memory://` for one process, `redis://…` for several.",
        aliases=("RATELIMIT_STORAGE_URI",),
    )
