"""Accounts that are about to go."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from ...db.models import UTCDateTime
from ..companions import OwnedMixin


class AccountDeletionMixin(OwnedMixin):
    """An owner's wish to be deleted; done once it is due, taken back by signing in before."""

    due_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, index=True)

    @declared_attr.directive
    def __table_args__(cls) -> tuple[sa.UniqueConstraint]:
        return (sa.UniqueConstraint("user_id"),)
