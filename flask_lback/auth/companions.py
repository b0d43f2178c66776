"""What stands beside every account: groups, permissions, sessions, refresh tokens, versions.

Columns and behaviour, typed; keys to the account and relations are given in ``models.py``, when a
user class is mapped.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, validates

from ..core import clock
from ..core.translation import gettext
from ..db.models import UTCDateTime, exact_string
from ..exceptions import InvalidFieldsError

#: Of the key of an object, as text; both lengths leave room in the longest index of MariaDB.
OBJECT_KEY_LENGTH = 150


#: What is kept of somebody else, and so leaves with no export of the owner's.
_OF_OTHERS = {"lback_export": False}


class Companion:
    """Base of the models that stand beside a user class."""

    if TYPE_CHECKING:

        def __init__(self, **values: Any) -> None: ...


class NamedMixin:
    """A unique name without control characters, one of which stands between gathered names."""

    name: Mapped[str] = mapped_column(exact_string(150), unique=True)

    @validates("name")
    def _plain_name(self, key: str, value: str) -> str:
        if not str(value).isprintable():
            raise InvalidFieldsError(
                {"name": [gettext("This holds a character that cannot be used.")]}
            )
        return value

    def __str__(self) -> str:
        return self.name


class OwnedMixin(Companion):
    """A row that belongs to one account, and goes with it."""

    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)

    if TYPE_CHECKING:
        user_id: Any
        owner: Any


class GroupMixin(NamedMixin, Companion):
    """A role: permissions that its members share."""

    id: Mapped[int] = mapped_column(primary_key=True)
    description: Mapped[str] = mapped_column(sa.String(255), default="")
    #: Given to everybody who registers.
    is_default: Mapped[bool] = mapped_column(default=False)

    if TYPE_CHECKING:
        permissions: list[PermissionMixin]
        users: list[Any]


class PermissionMixin(NamedMixin, Companion):
    """One right: ``<app>.<action>_<model>``, or a free form such as ``blog.publish_post``."""

    id: Mapped[int] = mapped_column(primary_key=True)
    description: Mapped[str] = mapped_column(sa.String(255), default="")

    if TYPE_CHECKING:
        groups: list[GroupMixin]
        users: list[Any]

    @validates("name")
    def _plain_name(self, key: str, value: str) -> str:
        if "*" in str(value):
            raise InvalidFieldsError(
                {"name": [gettext("A permission stands for itself: there are no wildcards.")]}
            )
        return super()._plain_name(key, value)


class ObjectPermissionMixin(Companion):
    """A right on one object, of an account or of a group.

    The object may be of any table, so that no foreign key takes the row away with it.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    #: ``<app>.<model>``, such as ``blog.post``.
    model: Mapped[str] = mapped_column(exact_string(150))
    object_key: Mapped[str] = mapped_column(exact_string(OBJECT_KEY_LENGTH))
    created_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)

    if TYPE_CHECKING:
        permission_id: int
        permission: PermissionMixin
        user_id: Any
        group_id: int | None


class UserSessionMixin(OwnedMixin):
    """One login of one account on one device. The cookie holds the id, the row only its hash."""

    key_hash: Mapped[str] = mapped_column(exact_string(64), unique=True)
    #: When its owner last proved who they are.
    authenticated_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)
    last_seen_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)
    expires_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, index=True)
    revoked_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    is_remembered: Mapped[bool] = mapped_column(default=False)
    #: How its owner proved who they are, such as ``password+totp``.
    method: Mapped[str] = mapped_column(sa.String(60), default="password")
    ip_address: Mapped[str] = mapped_column(sa.String(45), default="")
    user_agent: Mapped[str] = mapped_column(sa.String(255), default="")
    #: Who sees the site as its owner, if anybody does: key and name of the account, and the key of
    #: the session that it comes from. They belong to that person: no export of the owner has them.
    impersonator_id: Mapped[str | None] = mapped_column(exact_string(255), info=_OF_OTHERS)
    impersonator_name: Mapped[str | None] = mapped_column(sa.String(254), info=_OF_OTHERS)
    impersonator_session_id: Mapped[int | None] = mapped_column(info=_OF_OTHERS)

    if TYPE_CHECKING:
        refresh_tokens: list[RefreshTokenMixin]


class RefreshTokenMixin(Companion):
    """One refresh token; the tokens that followed one another are a family."""

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(exact_string(64), unique=True)
    family: Mapped[str] = mapped_column(exact_string(32), index=True)
    generation: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)
    expires_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, index=True)
    rotated_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    revoked_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)

    if TYPE_CHECKING:
        session_id: int
        session: UserSessionMixin


class AccessVersionMixin(Companion):
    """A number that rises whenever rights change: for everybody, or for one account."""

    #: ``all``, or ``user:`` and the account's key as text.
    scope: Mapped[str] = mapped_column(exact_string(300), primary_key=True)
    value: Mapped[int] = mapped_column(sa.BigInteger, default=0)

    if TYPE_CHECKING:
        user_id: Any
