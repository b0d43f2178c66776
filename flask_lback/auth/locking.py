"""The order in which rows are locked."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy

from .users.mixins import key_name, key_of


def hold(db: SQLAlchemy, user: Any) -> None:
    """Lock the row of an account until the end of the transaction.

    It comes before the rows that belong to the account. MariaDB locks an account for whatever is
    written that refers to it, such as an audit entry: who came to it last would wait for somebody
    who waits for them. SQLite, which has one writer, locks nothing here.
    """
    kind = user.__class__
    key = getattr(kind, key_name(kind))
    query = sa.select(key).where(key == key_of(user))
    db.session.execute(query.with_for_update(key_share=True))
