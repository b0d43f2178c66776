"""Known devices."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from ...core import clock
from ...db.models import UTCDateTime, exact_string
from ..companions import OwnedMixin


class DeviceMixin(OwnedMixin):
    """A browser that has signed in to this account, by a random key in a cookie of its own."""

    #: The same in the rows of each account that the browser has signed in to.
    key_hash: Mapped[str] = mapped_column(exact_string(64), index=True)
    last_used_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now, index=True)
    #: Until when it is asked for no second factor.
    trusted_until: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    ip_address: Mapped[str] = mapped_column(sa.String(45), default="")
    user_agent: Mapped[str] = mapped_column(sa.String(255), default="")

    @declared_attr.directive
    def __table_args__(cls) -> tuple[sa.UniqueConstraint]:
        return (sa.UniqueConstraint("user_id", "key_hash"),)
