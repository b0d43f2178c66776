"""Invitations."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ...core import clock
from ...db.models import UTCDateTime, exact_string
from ..companions import Companion
from ..users.names import EMAIL_LENGTH


class InvitationMixin(Companion):
    """One invitation; its link works once, until it expires or is withdrawn."""

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(exact_string(64), unique=True)
    email: Mapped[str] = mapped_column(sa.String(EMAIL_LENGTH))
    email_canonical: Mapped[str] = mapped_column(exact_string(EMAIL_LENGTH), index=True)
    #: Names of the groups that it gives.
    groups: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    #: Made on the command line, so that nobody's rights limit what it gives.
    from_console: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)
    expires_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, index=True)
    accepted_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    revoked_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)

    if TYPE_CHECKING:
        inviter_id: Any
