"""Accounts elsewhere."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from ...db.models import UTCDateTime, exact_string
from ..companions import OwnedMixin


class OAuthAccountMixin(OwnedMixin):
    """An identity of another site: its provider, and the subject there, which never changes."""

    provider: Mapped[str] = mapped_column(exact_string(50))
    subject: Mapped[str] = mapped_column(exact_string(255))
    email: Mapped[str] = mapped_column(sa.String(254), default="")
    name: Mapped[str] = mapped_column(sa.String(254), default="")
    last_used_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)

    @declared_attr.directive
    def __table_args__(cls) -> tuple[sa.UniqueConstraint]:
        return (sa.UniqueConstraint("provider", "subject"),)
