"""Recovery codes: on paper, for the day the device is lost."""

from __future__ import annotations

import re
import secrets
from typing import Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy

from ...core import clock
from ..locking import hold
from ..models import Models
from ..users.mixins import key_of
from .vault import Vault

RECOVERY = "recovery"
COUNT = 10
#: Base 32 as Crockford writes it: neither I, L, O nor U. Twelve of them are sixty bits.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 12
_SAME = str.maketrans("ILO", "110")
_CODE = re.compile(f"[{_ALPHABET}]{{{_LENGTH}}}")


class RecoveryCodes:
    """Make, count and use them; nothing here commits."""

    def __init__(self, db: SQLAlchemy, models: Models, vault: Vault) -> None:
        self._db = db
        self._kind: Any = models.RecoveryCode
        self._vault = vault

    def make(self, user: Any) -> list[str]:
        """New codes in place of all former ones; they are shown once and stored nowhere."""
        hold(self._db, user)
        self.remove(user)
        codes = ["".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH)) for _ in range(COUNT)]
        for code in codes:
            digest = self._vault.hashed(RECOVERY, str(key_of(user)), code)
            self._db.session.add(self._kind(user_id=key_of(user), code_hash=digest))
        self._db.session.flush()
        return ["-".join(re.findall(".{4}", code)) for code in codes]

    def left(self, user: Any) -> int:
        """How many can still be used."""
        kind = self._kind
        query = sa.select(sa.func.count(kind.id)).where(
            kind.user_id == key_of(user), kind.used_at.is_(None)
        )
        return self._db.session.scalar(query) or 0

    def use(self, user: Any, code: str) -> bool:
        """Take a code in, once: of two requests at the same moment one wins."""
        given = re.sub(r"[\s-]", "", code).upper().translate(_SAME)
        if not _CODE.fullmatch(given):
            return False
        kind = self._kind
        result: Any = self._db.session.execute(
            sa.update(kind)
            .where(
                kind.user_id == key_of(user),
                kind.code_hash.in_(self._vault.hashes(RECOVERY, str(key_of(user)), given)),
                kind.used_at.is_(None),
            )
            .values(used_at=clock.now())
            .execution_options(synchronize_session=False)
        )
        return int(result.rowcount) == 1

    def remove(self, user: Any) -> None:
        """Forget them all."""
        kind = self._kind
        self._db.session.execute(
            sa.delete(kind)
            .where(kind.user_id == key_of(user))
            .execution_options(synchronize_session="fetch")
        )
