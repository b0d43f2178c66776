"""The rows of passkeys: read, kept, claimed and taken away. Nothing here commits."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.exc import IntegrityError

from ...core import clock
from ...core.translation import gettext
from ..models import Models
from ..users.mixins import key_name, key_of
from .ceremonies import LIFE_SECONDS, Ceremony
from .proofs import NewPasskey, Proof
from .refusals import Refusal

#: How many answers are remembered of one passkey; more within one life of a challenge are refused.
_MOST_ANSWERS = 100


class PasskeyRows:
    """The passkeys of one application, in its database."""

    def __init__(self, db: SQLAlchemy, models: Models) -> None:
        self._db = db
        self._models = models
        self._kind: Any = models.Passkey

    def of(self, user: Any, *, lock: bool = False) -> Sequence[Any]:
        """The passkeys of an account, oldest first.

        :param lock: keep them as they are until the transaction ends.
        """
        query = (
            sa.select(self._kind)
            .where(self._kind.user_id == key_of(user))
            .order_by(self._kind.created_at, self._kind.id)
        )
        if lock:  # else MariaDB shows what was there when the transaction began
            query = query.with_for_update().execution_options(populate_existing=True)
        return self._db.session.scalars(query).all()

    def has_any(self, user: Any) -> bool:
        """Whether an account has one."""
        query = sa.select(self._kind.id).where(self._kind.user_id == key_of(user)).limit(1)
        return self._db.session.scalar(query) is not None

    def get(self, user: Any, key: int) -> Any | None:
        """One passkey of this account, and of no other."""
        query = sa.select(self._kind).filter_by(id=key, user_id=key_of(user))
        return self._db.session.scalar(query)

    def find(self, credential_id: str) -> Any:
        """The passkey that a device names.

        :raises Refusal: nobody has it.
        """
        query = sa.select(self._kind).filter_by(credential_hash=_digest(credential_id))
        if (passkey := self._db.session.scalar(query)) is None:
            raise Refusal("unknown")
        return passkey

    def insert(self, user: Any, made: NewPasskey, begun: Ceremony, *, name: str, most: int) -> Any:
        """Keep a new passkey.

        :param name: what its owner calls it; empty for a number.
        :param most: how many an account may have.
        :raises Refusal: there are too many, or it is in this list or somebody else's already.
        """
        self._lock(user)
        present = self.of(user, lock=True)
        if any(row.user_handle != begun.handle for row in present):
            raise Refusal("handle")
        if len(present) >= most:
            raise Refusal("too_many")
        passkey = self._kind(
            user_id=key_of(user),
            name=name or gettext("Passkey %(n)s", n=len(present) + 1),
            credential_hash=_digest(made.credential_id),
            user_handle=begun.handle,
            last_used_at=None,
            **vars(made),
        )
        self._db.session.add(passkey)
        try:
            self._db.session.flush()
        except IntegrityError as error:
            raise Refusal("known") from error
        return passkey

    def claim(self, passkey: Any, proof: Proof, begun: Ceremony) -> None:
        """Take a proof once: by its challenge, by its count, and by one conditional update.

        Passkeys that are copied between devices count nothing, so that a count alone would let an
        old answer in again; what was answered is kept beside the key, in the database that every
        worker shares.

        :raises Refusal: it was taken before.
        """
        counts = proof.sign_count or passkey.sign_count
        if counts and proof.sign_count <= passkey.sign_count:
            raise Refusal("sign_count")
        answered = _lately(passkey.answered)
        if begun.digest in answered or len(answered) >= _MOST_ANSWERS:
            raise Refusal("replayed")
        answered[begun.digest] = int(clock.timestamp())
        result: Any = self._db.session.execute(
            sa.update(self._kind)
            .where(self._kind.id == passkey.id, self._kind.uses == passkey.uses)
            .values(
                uses=passkey.uses + 1,
                answered=" ".join(f"{digest}:{moment}" for digest, moment in answered.items()),
                sign_count=proof.sign_count,
                is_backed_up=proof.is_backed_up,
                last_used_at=clock.now(),
            )
            .execution_options(synchronize_session=False)
        )
        if result.rowcount != 1:
            raise Refusal("replayed")

    def others(self, user: Any, passkey: Any) -> list[Any]:
        """The other passkeys of its account, which stay as they are until the commit."""
        self._lock(user)
        return [row for row in self.of(user, lock=True) if row.id != passkey.id]

    def delete(self, passkey: Any) -> bool:
        """Take a passkey away; False when it is gone already."""
        result: Any = self._db.session.execute(
            sa.delete(self._kind)
            .where(self._kind.id == passkey.id)
            .execution_options(synchronize_session=False)
        )
        return bool(result.rowcount)

    def has_linked_account(self, user: Any) -> bool:
        """Whether another provider opens the account."""
        kind: Any = self._models.OAuthAccount
        query = sa.select(kind.id).where(kind.user_id == key_of(user)).limit(1)
        return self._db.session.scalar(query) is not None

    def _lock(self, user: Any) -> None:
        """Let nobody else add or remove passkeys of this account before the commit."""
        kind: Any = self._models.User
        self._db.session.execute(
            sa.update(kind)
            .where(getattr(kind, key_name(kind)) == key_of(user))
            .values(password_hash=kind.password_hash)
            .execution_options(synchronize_session=False)
        )


def _digest(credential_id: str) -> str:
    return hashlib.sha256(credential_id.encode()).hexdigest()


def _lately(text: str) -> dict[str, int]:
    """The challenges answered while they could still be answered again, with their times."""
    oldest = clock.timestamp() - 2 * LIFE_SECONDS
    pairs = (pair.partition(":") for pair in text.split())
    return {digest: int(moment) for digest, _, moment in pairs if int(moment) >= oldest}
