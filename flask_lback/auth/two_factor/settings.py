"""Settings: second factors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ...core.settings import Settings, setting
from ..throttle.settings import one_limit


@dataclass(frozen=True)
class TwoFactorSettings(Settings):
    """``LBACK_AUTH_TWO_FACTOR_*``: the second factor."""

    prefix: ClassVar[str] = "LBACK_AUTH_TWO_FACTOR_"

    enabled: bool | None = setting(
        None,
        "Whether people may set up a second factor, and are asked for it. Unset: when pyotp, segno "
        'and cryptography are installed (`pip install "flask-lback[two-factor]"`).',
    )
    methods: tuple[str, ...] = setting(
        ("totp", "email", "recovery"),
        "The ways that are offered: `totp` (an app), `email` (a code by mail), `recovery` (codes "
        "on paper), and the names in `LBACK_AUTH_TWO_FACTOR_SENDERS`.",
    )
    senders: Mapping[str, Any] = setting(
        {},
        "Further ways that send a code, such as `{'sms': send}`: functions of the account and the "
        "code, or their dotted paths.",
    )
    required: Any = setting(  # noqa: RUF009 - the default is None
        None,
        "Who must have a second factor: `staff`, `everybody`, or a function of the account, or "
        "its dotted path. Unset: nobody but the groups below.",
    )
    required_groups: tuple[str, ...] = setting(
        (), "Groups whose members must have a second factor."
    )
    required_by_email: bool = setting(
        False,
        "Whether those who must have a second factor and have set none up are sent a code by mail, "
        "instead of being made to set one up.",
    )
    trust_days: int = setting(
        30, "How long a browser may be trusted, so that no code is asked for. 0: never.", minimum=0
    )
    issuer: str | None = setting(
        None, "The name of the site in authenticator apps. Unset: that of its pages."
    )
    window: int = setting(
        1, "How many steps of 30 seconds the clock of a phone may be wrong.", choices=(0, 1, 2)
    )
    sent_code_minutes: int = setting(10, "How long a sent code is good for.", minimum=1)
    limit_per_account: str = one_limit(
        "10 per 15 minutes",
        "Codes tried for one account, over all ways; a right one clears the count.",
    )
    limit_per_account_long: str = one_limit("50 per day", "The same, over a longer time.")
    limit_per_address: str = one_limit("60 per 15 minutes", "Codes tried from one address.")
    limit_sent_per_account: str = one_limit("10 per hour", "Codes sent to one account.")
    limit_sent_per_address: str = one_limit("60 per hour", "Codes asked for by one address.")
