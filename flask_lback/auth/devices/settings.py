"""Settings: known devices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ...core.settings import Settings, setting


@dataclass(frozen=True)
class DeviceSettings(Settings):
    """``LBACK_AUTH_DEVICE_*``: the browsers that accounts know."""

    prefix: ClassVar[str] = "LBACK_AUTH_DEVICE_"

    remember_days: int = setting(
        365, "How long a browser that has signed in is known to its account, in days.", minimum=1
    )
    new_mail: bool = setting(
        True, "Whether people get a mail when somebody signs in from a browser not known yet."
    )
