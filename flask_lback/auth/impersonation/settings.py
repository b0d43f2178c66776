"""Settings: seeing the site as somebody else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ...core.settings import Settings, setting


@dataclass(frozen=True)
class ImpersonationSettings(Settings):
    """``LBACK_AUTH_IMPERSONATION_*``: seeing the site as somebody else."""

    prefix: ClassVar[str] = "LBACK_AUTH_IMPERSONATION_"

    minutes: int = setting(
        60,
        "How long somebody with the permission `auth.impersonate_user` sees the site as another "
        "account before the own session comes back.",
        minimum=1,
    )
