"""Second factors."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ...db.models import UTCDateTime, exact_string
from ..companions import OwnedMixin


class TotpDeviceMixin(OwnedMixin):
    """A way that an account has set up: an authenticator app (RFC 6238), or codes that are sent."""

    #: ``totp``, ``email``, or the name of an application's own sender.
    method: Mapped[str] = mapped_column(sa.String(30), default="totp")
    #: Of an app; encrypted with a key made of SECRET_KEY. Empty where codes are sent.
    secret: Mapped[str] = mapped_column(sa.String(255), default="")
    #: NULL until its first code was right; it counts for nothing before.
    confirmed_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    #: The time step of the last code that was accepted: none is accepted twice.
    last_step: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    last_used_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)


class RecoveryCodeMixin(OwnedMixin):
    """A code for the day the device is lost; used once."""

    code_hash: Mapped[str] = mapped_column(exact_string(64), index=True)
    used_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)


class SentCodeMixin(OwnedMixin):
    """A code that was sent by mail, or by the application's own hook; used once."""

    #: What it is good for, and by which way: ``verify:email``, ``setup:sms``.
    purpose: Mapped[str] = mapped_column(exact_string(40))
    code_hash: Mapped[str] = mapped_column(exact_string(64))
    expires_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    used_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
