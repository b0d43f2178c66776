"""Settings: passkeys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ...core.settings import Settings, setting
from ..throttle.settings import one_limit


@dataclass(frozen=True)
class PasskeySettings(Settings):
    """``LBACK_AUTH_PASSKEY_*``: passkeys, and the domain that they belong to."""

    prefix: ClassVar[str] = "LBACK_AUTH_PASSKEY_"

    enabled: bool | None = setting(
        None, "Whether people may use passkeys. Unset: when the extra `passkeys` is installed."
    )
    sign_in: bool = setting(
        True, "Whether a passkey opens an account by itself, or as a second factor only."
    )
    second_factor: bool = setting(
        True,
        "Whether an account with a passkey is asked for it after its password. Off: a passkey only "
        "stands in for another second factor that the account has.",
    )
    rp_id: str | None = setting(
        None,
        "The domain that passkeys belong to, such as `example.org`; those made before a change "
        "stop working. Unset: the host of LBACK_SITE_URL.",
        pattern=r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?",
    )
    origins: tuple[str, ...] = setting(
        (),
        "The origins that passkeys are used from, such as `https://www.example.org`. Empty: that "
        "of LBACK_SITE_URL.",
    )
    most_per_account: int = setting(20, "How many passkeys one account may have.", minimum=1)
    attempts_per_address: str = one_limit("60 per 5 minutes", "Passkeys tried from one address.")
    verify_template: str = setting(
        "lback/auth/passkey_verify.html",
        "Template of the page that asks for a passkey, as a second factor or once more.",
    )
