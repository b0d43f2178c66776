"""Accounts elsewhere."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.orm import Mapped, mapped_column

from ...db.models import UTCDateTime
from ..companions import OwnedMixin

#: Two subjects that differ in capitals alone are two people; MariaDB would see one.
_SUBJECT = sa.String(255).with_variant(
    mysql.VARCHAR(255, charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb"
)


class OAuthAccountMixin(OwnedMixin):
    """An identity of another site: its provider, and the subject there, which never changes."""

    __table_args__ = (sa.UniqueConstraint("provider", "subject"),)

    provider: Mapped[str] = mapped_column(sa.String(50))
    subject: Mapped[str] = mapped_column(_SUBJECT)
    email: Mapped[str] = mapped_column(sa.String(254), default="")
    name: Mapped[str] = mapped_column(sa.String(254), default="")
    last_used_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
