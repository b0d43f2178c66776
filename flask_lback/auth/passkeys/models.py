"""Passkeys."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ...db.models import UTCDateTime, exact_string
from ..companions import OwnedMixin


class PasskeyMixin(OwnedMixin):
    """A public key whose private half never leaves its owner's device."""

    name: Mapped[str] = mapped_column(sa.String(100), default="")
    #: base64url, without padding; up to 1,023 bytes (WebAuthn 4).
    credential_id: Mapped[str] = mapped_column(exact_string(1400))
    #: What is unique and indexed of it.
    credential_hash: Mapped[str] = mapped_column(exact_string(64), unique=True)
    public_key: Mapped[bytes] = mapped_column(sa.LargeBinary)
    #: As its device counts; 0 for ever where the device does not count.
    sign_count: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    transports: Mapped[str] = mapped_column(sa.String(100), default="")
    #: Whether its device may copy it to others; this never changes (WebAuthn 6.1.3).
    may_back_up: Mapped[bool] = mapped_column(default=False)
    #: Whether it has been copied.
    is_backed_up: Mapped[bool] = mapped_column(default=False)
    #: What its device knows its owner by: random, the same for every passkey of an account.
    user_handle: Mapped[str] = mapped_column(exact_string(90), index=True)
    #: How often it was used here. A use must find the number that it has read.
    uses: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    #: The challenges that it answered lately, hashed, each with its time: none is answered twice.
    answered: Mapped[str] = mapped_column(sa.Text, default="")
    last_used_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)

    def __str__(self) -> str:
        return self.name
