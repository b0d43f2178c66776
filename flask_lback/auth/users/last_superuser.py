"""The last superuser of a site stays, also when several go at one moment."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy

from ..models import Models
from .mixins import key_name, key_of


def is_last_superuser(db: SQLAlchemy, models: Models, user: Any, *, lock: bool = False) -> bool:
    """Whether nobody else has every right; who is inactive, or about to be deleted, does not count.

    :param lock: keep every superuser as they are until the transaction ends. It comes before the
        lock of any single account, and takes them in the order of their keys: of two who go at
        once, one waits for the other, and never both.
    """
    kind, leaving = models.User, models.AccountDeletion
    if not getattr(user, "is_superuser", False) or not user.is_active:
        return False
    key = getattr(kind, key_name(kind))
    stay = sa.select(key).where(kind.is_superuser.is_(True), kind.is_active.is_(True))
    if not lock:
        others = stay.where(key != key_of(user), ~sa.exists().where(leaving.user_id == key))
        return db.session.scalar(others.limit(1)) is None
    # SQLite locks no rows: there, whoever writes is alone.
    nobody = sa.update(kind).where(sa.false()).values(is_superuser=kind.is_superuser)
    db.session.execute(nobody.execution_options(synchronize_session=False))
    keys = db.session.scalars(stay).all()
    # By their keys, since MariaDB locks whatever it reads; and locked, since else it shows what
    # was there when the transaction began.
    held = set(
        db.session.scalars(stay.where(key.in_(keys)).order_by(key).with_for_update(key_share=True))
    )
    going = sa.select(leaving.user_id).where(leaving.user_id.in_(held)).with_for_update()
    left = held.difference(db.session.scalars(going), [key_of(user)])
    return key_of(user) in held and not left
