"""Codes of authenticator apps: RFC 6238, six digits, thirty seconds, SHA-1."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from typing import Any

from flask import Flask

from ...core import clock
from ...core.pages import site_name
from .models import TotpDeviceMixin
from .rows import FactorRows
from .settings import TwoFactorSettings
from .vault import Vault

TOTP = "totp"
_STEP_SECONDS = 30
_CODE = re.compile(r"[0-9]{6}")


@dataclass(frozen=True)
class AppSecret:
    """What an app is told.

    :ivar text: the secret in base 32, for typing.
    :ivar uri: the same as an address of the kind ``otpauth:``.
    """

    text: str
    uri: str

    @property
    def groups(self) -> str:
        """The secret in groups of four, which people can copy by hand."""
        return " ".join(re.findall(".{1,4}", self.text))


class AuthenticatorApps:
    """Secrets that apps hold, and the codes that they show; nothing here commits."""

    def __init__(
        self, app: Flask, rows: FactorRows, settings: TwoFactorSettings, vault: Vault
    ) -> None:
        self._app = app
        self._rows = rows
        self._settings = settings
        self._vault = vault

    def begin(self, user: Any) -> AppSecret:
        """Give an account a new secret, of 160 bits (RFC 4226 section 4), to be confirmed."""
        import pyotp

        secret = pyotp.random_base32(32)
        self._rows.begin(user, TOTP, self._vault.encrypt(secret))
        return self._shown(user, secret)

    def begun(self, user: Any) -> AppSecret | None:
        """The secret that waits to be confirmed."""
        row = self._rows.pending(user, TOTP)
        secret = None if row is None else self._vault.decrypt(row.secret)
        return None if secret is None else self._shown(user, secret)

    def use(self, row: TotpDeviceMixin, code: str) -> bool:
        """Take a code in; no step counts twice, nor an earlier one (RFC 6238 section 5.2)."""
        secret = self._vault.decrypt(row.secret)
        step = None if secret is None else self._step(secret, code)
        if secret is None or step is None:
            return False
        kind: Any = type(row)
        return self._rows.update(
            row,
            kind.last_step < step,
            last_step=step,
            last_used_at=clock.now(),
            secret=self._vault.encrypt(secret),  # by the present key
        )

    def _step(self, secret: str, code: str) -> int | None:
        """The newest step within the window whose code this is."""
        import pyotp

        given = "".join(code.split())
        if not _CODE.fullmatch(given):
            return None
        totp, now = pyotp.TOTP(secret), int(clock.timestamp()) // _STEP_SECONDS
        window = self._settings.window
        steps = range(now - window, now + window + 1)
        right = [step for step in steps if hmac.compare_digest(totp.generate_otp(step), given)]
        return right[-1] if right else None

    def _shown(self, user: Any, secret: str) -> AppSecret:
        import pyotp

        issuer = self._settings.issuer or site_name(self._app)
        name = user.get_username()
        return AppSecret(secret, pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=issuer))
