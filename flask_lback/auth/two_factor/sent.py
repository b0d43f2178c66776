"""Codes that are sent: by mail, or by a function of the application's own."""

from __future__ import annotations

import datetime as dt
import hmac
import re
import secrets
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy

from ...core import clock
from ..locking import hold
from ..models import Models
from ..users.mixins import key_of
from .settings import TwoFactorSettings
from .vault import Vault

EMAIL = "email"
#: What a code is good for.
VERIFY, SETUP = "verify", "setup"
#: How often one code may be tried.
ATTEMPTS = 5
Sender = Callable[[Any, str], Any]


class SentCodes:
    """Make, send and use them.

    :param senders: what delivers a code, by the name of the way.
    """

    def __init__(
        self,
        db: SQLAlchemy,
        models: Models,
        settings: TwoFactorSettings,
        vault: Vault,
        senders: Mapping[str, Sender],
    ) -> None:
        self._db = db
        self._kind: Any = models.SentCode
        self._settings = settings
        self._vault = vault
        self.senders = senders

    def send(self, user: Any, method: str, goal: str) -> None:
        """Make a code in place of a former one, commit, and send it.

        :param goal: :data:`VERIFY` or :data:`SETUP`.
        """
        kind, purpose, code = self._kind, f"{goal}:{method}", f"{secrets.randbelow(1_000_000):06}"
        hold(self._db, user)
        self._db.session.execute(
            sa.delete(kind)
            .where(kind.user_id == key_of(user), kind.purpose == purpose)
            .execution_options(synchronize_session="fetch")
        )
        life = dt.timedelta(minutes=self._settings.sent_code_minutes)
        self._db.session.add(
            kind(
                user_id=key_of(user),
                purpose=purpose,
                code_hash=self._vault.hashed(purpose, str(key_of(user)), code),
                expires_at=clock.now() + life,
            )
        )
        self._db.session.commit()
        self.senders[method](user, code)

    def use(self, user: Any, method: str, goal: str, code: str) -> bool:
        """Take a code in, once. The attempt is counted and committed before anything is compared.

        Of codes that two requests have made at the same moment the newest counts.
        """
        kind, purpose = self._kind, f"{goal}:{method}"
        row = self._db.session.scalar(
            sa.select(kind)
            .where(kind.user_id == key_of(user), kind.purpose == purpose)
            .order_by(kind.id.desc())
            .limit(1)
        )
        if row is None or not self._update(
            row,
            kind.attempts < ATTEMPTS,
            kind.expires_at > clock.now(),
            attempts=kind.attempts + 1,
        ):
            return False
        stored = row.code_hash
        self._db.session.commit()
        given = re.sub(r"\s", "", code)
        hashes = self._vault.hashes(purpose, str(key_of(user)), given)
        if not any(hmac.compare_digest(stored, one) for one in hashes):
            return False
        return self._update(row, used_at=clock.now())

    def remove(self, user: Any) -> None:
        """Forget every code of an account."""
        kind = self._kind
        self._db.session.execute(
            sa.delete(kind)
            .where(kind.user_id == key_of(user))
            .execution_options(synchronize_session="fetch")
        )

    def _update(self, row: Any, *conditions: Any, **values: Any) -> bool:
        kind = self._kind
        result: Any = self._db.session.execute(
            sa.update(kind)
            .where(kind.id == row.id, kind.used_at.is_(None), *conditions)
            .values(**values)
            .execution_options(synchronize_session=False)
        )
        return int(result.rowcount) == 1
