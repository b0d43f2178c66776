"""Settings of the JSON interface."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ..core.settings import Settings, setting


@dataclass(frozen=True)
class ApiSettings(Settings):
    """``LBACK_API_*``: the JSON interface."""

    prefix: ClassVar[str] = "LBACK_API_"

    url_prefix: str | None = setting(
        "/api", "Where the JSON interface is mounted. None mounts nothing."
    )
    most_body_bytes: int = setting(
        1_000_000, "Longest JSON body that an account route reads, in bytes.", minimum=1_000
    )
