"""Settings: invitations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ...core.settings import Settings, setting
from ..throttle.settings import one_limit


@dataclass(frozen=True)
class InvitationSettings(Settings):
    """``LBACK_AUTH_INVITATION_*``: asking people in."""

    prefix: ClassVar[str] = "LBACK_AUTH_INVITATION_"

    enabled: bool = setting(
        True, "Whether accounts with the permission `auth.invite_user` may ask people in by mail."
    )
    days: int = setting(7, "How long an invitation is good for, in days.", minimum=1)
    limit: str = one_limit("50 per day", "Invitations that one account may send.")
