"""What stands between the first proof and the account."""

from __future__ import annotations

from typing import Any

from flask_sqlalchemy import SQLAlchemy

from ...core.errors import Problem
from ...core.state import State
from ...core.translation import gettext
from ..devices.service import Devices
from ..second_factors import SecondFactors
from .enforcement import Enforcement
from .rows import FactorRows
from .settings import TwoFactorSettings

REQUIRED = "two_factor_required"
SETUP_REQUIRED = "two_factor_setup_required"


class TwoFactorGate:
    """Asks for the second factor after every first proof: a password, a link, another site."""

    def __init__(self, state: State, enforcement: Enforcement) -> None:
        self._db = state[SQLAlchemy]
        self._factors = state[SecondFactors]
        self._devices = state[Devices]
        self._trust_days = state[TwoFactorSettings].trust_days
        self._enforcement = enforcement

    def asks(self, user: Any, method: str) -> str | None:
        """``two_factor_required``, ``two_factor_setup_required``, or None.

        What the first proof has changed is committed when another one is asked for: a link that was
        used stays used, and a password that was hashed anew is what the challenge is bound to.

        :param method: a passkey is two factors in one, and a plus stands for a second proof.
        """
        if method.startswith("passkey") or "+" in method:
            return None
        code = self._missing(user)
        if code is not None:
            self._db.session.commit()
        return code

    def _missing(self, user: Any) -> str | None:
        if self._factors.ways(user):
            return None if self._is_trusted(user) else REQUIRED
        return SETUP_REQUIRED if self._enforcement.concerns(user) else None

    def _is_trusted(self, user: Any) -> bool:
        return self._trust_days > 0 and self._devices.is_trusted(user)


class ClosedGate:
    """Stands in when the libraries are gone: who has a second factor must not enter without it."""

    def __init__(self, rows: FactorRows) -> None:
        self._rows = rows

    def asks(self, user: Any, method: str) -> str | None:
        """Nothing of those who have none.

        :raises Problem: 503, the second factor cannot be asked for.
        """
        if method.startswith("passkey") or not self._rows.any_confirmed(user):
            return None
        raise Problem(
            503,
            "two_factor_unavailable",
            gettext("The second step does not work at the moment. Tell whoever runs this site."),
        )
