"""API tokens."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ...db.models import UTCDateTime, exact_string
from ..companions import OwnedMixin


class ApiTokenMixin(OwnedMixin):
    """A token of a program. The program holds it, the row only its hash and how it begins."""

    name: Mapped[str] = mapped_column(sa.String(100))
    token_hash: Mapped[str] = mapped_column(exact_string(64), unique=True)
    #: The first characters, so that its owner and a search for leaked secrets know it.
    prefix: Mapped[str] = mapped_column(sa.String(20))
    #: Names of permissions between spaces; NULL: everything that its owner may do.
    scopes: Mapped[str | None] = mapped_column(sa.Text)
    expires_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime, index=True)
    last_used_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    revoked_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
