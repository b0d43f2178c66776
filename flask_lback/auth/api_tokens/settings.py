"""Settings of the API tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ...core.settings import Settings, setting


@dataclass(frozen=True)
class ApiTokenSettings(Settings):
    """``LBACK_AUTH_API_TOKEN_*``: tokens for programs."""

    prefix: ClassVar[str] = "LBACK_AUTH_API_TOKEN_"

    enabled: bool = setting(True, "Whether people may make tokens for their programs.")
    starts_with: str = setting(
        "lbk_",
        "What every token starts with, so that people and scanners for leaked secrets know it.",
        pattern=r"[A-Za-z][A-Za-z0-9]{0,9}_",
    )
    days: int = setting(90, "Life of a token whose owner names none, in days.", minimum=1)
    max_days: int = setting(365, "Longest life that its owner may name, in days.", minimum=1)
    never: bool = setting(False, "Whether a token may be made that never expires.")
    most_per_account: int = setting(50, "Tokens that one account may have at once.", minimum=1)
