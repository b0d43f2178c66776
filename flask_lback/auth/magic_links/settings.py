"""Settings: sign in by mailed link."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ...core.settings import Settings, setting


@dataclass(frozen=True)
class MagicLinkSettings(Settings):
    """``LBACK_AUTH_MAGIC_LINK_*``: signing in by a mailed link."""

    prefix: ClassVar[str] = "LBACK_AUTH_MAGIC_LINK_"

    enabled: bool = setting(False, "Whether people may sign in by a mailed link.")
    minutes: int = setting(15, "How long a link is good for, in minutes.", minimum=1)
    same_browser: bool = setting(
        False, "Whether a link works only in the browser that asked for it."
    )
