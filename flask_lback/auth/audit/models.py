"""The audit log."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ...core import clock
from ...db.models import UTCDateTime, exact_string
from ..companions import Companion


class AuditEntryMixin(Companion):
    """One event: who did what to whom, from where, and how it ended.

    It outlives the accounts it names: their keys become NULL, their names stay. Nothing changes or
    deletes one but what ``guard.py`` lets pass.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    happened_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now, index=True)
    #: Such as ``auth.login``; the reference of the documentation lists them.
    action: Mapped[str] = mapped_column(sa.String(60), index=True)
    #: ``ok`` or ``refused``.
    outcome: Mapped[str] = mapped_column(sa.String(10), default="ok")
    actor_name: Mapped[str] = mapped_column(sa.String(254), default="")
    #: Who acted in the actor's place, if anybody did: key and name of the account.
    impersonator_id: Mapped[str] = mapped_column(
        exact_string(255), default="", server_default="", index=True
    )
    impersonator_name: Mapped[str] = mapped_column(sa.String(254), default="", server_default="")
    #: What it was done to: ``User``, ``Group``, or another model's name.
    target_kind: Mapped[str] = mapped_column(sa.String(100), default="")
    target_id: Mapped[str] = mapped_column(exact_string(255), default="", index=True)
    target_name: Mapped[str] = mapped_column(sa.String(254), default="")
    ip_address: Mapped[str] = mapped_column(sa.String(45), default="")
    user_agent: Mapped[str] = mapped_column(sa.String(255), default="")
    #: More about it, without secrets.
    details: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)

    if TYPE_CHECKING:
        actor_id: Any
