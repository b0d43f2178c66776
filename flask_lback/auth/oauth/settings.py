"""Settings: sign in with other sites."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ...core.settings import Settings, setting
from ..throttle.settings import one_limit


@dataclass(frozen=True)
class OAuthSettings(Settings):
    """``LBACK_AUTH_OAUTH_*``: the providers that people may sign in with."""

    prefix: ClassVar[str] = "LBACK_AUTH_OAUTH_"

    providers: Mapping[str, Any] = setting(
        {},
        "Providers by name, each with `client_id`, `client_secret` and `issuer`; needs the extra "
        "`oauth`. A name stands for one provider for ever: links are kept under it.",
        secret=True,
    )
    attempts_per_address: str = one_limit(
        "60 per 5 minutes", "Sign-ins through providers from one address."
    )
