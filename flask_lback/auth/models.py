"""The user classes, and the companion models that are built when one of them is mapped.

Companions stand on a registry of their own over the user's ``MetaData``, and their foreign keys are
given the user's key column: so any key type, table name, bind and class name works.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import DeclarativeBase, Mapped, Mapper, backref, mapped_column, relationship

from ..exceptions import ConfigError, NotInstalledError
from .api_tokens.models import ApiTokenMixin
from .audit.models import AuditEntryMixin
from .companions import (
    AccessVersionMixin,
    GroupMixin,
    ObjectPermissionMixin,
    OwnedMixin,
    PermissionMixin,
    RefreshTokenMixin,
    UserSessionMixin,
)
from .devices.models import DeviceMixin
from .invitations.models import InvitationMixin
from .oauth.models import OAuthAccountMixin
from .passkeys.models import PasskeyMixin
from .passwords.models import RequiredPasswordChangeMixin
from .personal_data.models import AccountDeletionMixin
from .two_factor.models import RecoveryCodeMixin, SentCodeMixin, TotpDeviceMixin
from .users.mixins import (
    AbstractBaseUser,
    AbstractEmailUser,
    AbstractUser,
    AnonymousUser,
    EmailMixin,
    NamesMixin,
    PermissionsMixin,
    UsernameMixin,
)

__all__ = [
    "AbstractBaseUser",
    "AbstractEmailUser",
    "AbstractUser",
    "AnonymousUser",
    "EmailMixin",
    "Models",
    "NamesMixin",
    "PermissionsMixin",
    "UsernameMixin",
    "models_of",
]

KEY = "lback"
OWNED = "all, delete-orphan"

#: What belongs to one account: the attribute of the account, the mixin, the table.
_OWNED: tuple[tuple[str, type[OwnedMixin], str], ...] = (
    ("lback_sessions", UserSessionMixin, "lback_user_session"),
    ("lback_api_tokens", ApiTokenMixin, "lback_api_token"),
    ("lback_devices", DeviceMixin, "lback_device"),
    ("lback_totp_devices", TotpDeviceMixin, "lback_totp_device"),
    ("lback_recovery_codes", RecoveryCodeMixin, "lback_recovery_code"),
    ("lback_sent_codes", SentCodeMixin, "lback_sent_code"),
    ("lback_passkeys", PasskeyMixin, "lback_passkey"),
    ("lback_oauth_accounts", OAuthAccountMixin, "lback_oauth_account"),
    ("lback_deletions", AccountDeletionMixin, "lback_account_deletion"),
    (
        "lback_required_password_changes",
        RequiredPasswordChangeMixin,
        "lback_required_password_change",
    ),
)
#: What only names an account, and stays when it goes: the mixin, the table, the column.
_NAMING: tuple[tuple[type[Any], str, str], ...] = (
    (InvitationMixin, "lback_invitation", "inviter_id"),
    (AuditEntryMixin, "lback_audit_entry", "actor_id"),
)


@dataclass(frozen=True)
class Models:
    """A user class and the companions built around it."""

    User: type[Any]
    Group: type[GroupMixin]
    Permission: type[PermissionMixin]
    ObjectPermission: type[ObjectPermissionMixin]
    UserSession: type[UserSessionMixin]
    RefreshToken: type[RefreshTokenMixin]
    AccessVersion: type[AccessVersionMixin]
    ApiToken: type[ApiTokenMixin]
    Device: type[DeviceMixin]
    TotpDevice: type[TotpDeviceMixin]
    RecoveryCode: type[RecoveryCodeMixin]
    SentCode: type[SentCodeMixin]
    Passkey: type[PasskeyMixin]
    OAuthAccount: type[OAuthAccountMixin]
    AccountDeletion: type[AccountDeletionMixin]
    RequiredPasswordChange: type[RequiredPasswordChangeMixin]
    Invitation: type[InvitationMixin]
    AuditEntry: type[AuditEntryMixin]
    #: Association tables.
    members: sa.Table
    group_permissions: sa.Table
    user_permissions: sa.Table
    #: A subclass of ``User`` without a table, which the application gave as its user model.
    proxy: type[Any] | None = None

    @property
    def user_class(self) -> type[Any]:
        """What accounts are made of: ``User``, or its proxy."""
        return self.proxy or self.User


def table_of(kind: type[Any]) -> sa.Table:
    """The table of a mapped class."""
    table: sa.Table = kind.__table__
    return table


def models_of(metadata: sa.MetaData) -> Models:
    """The models that belong to a ``MetaData``.

    :raises NotInstalledError: no user class has been mapped on it yet.
    """
    try:
        found: Models = metadata.info[KEY]
    except KeyError:
        raise NotInstalledError(
            "This database has no user model yet.",
            "Import the module with your AbstractUser subclass first, or call Lback(app).",
        ) from None
    return found


@event.listens_for(AbstractBaseUser, "after_mapper_constructed", propagate=True)
def _build_companions(mapper: Mapper[Any], user: type[Any]) -> None:
    if mapper.inherits is None:
        build(user, mapper)
    elif mapper.single and mapper.polymorphic_on is None:
        _let_pass_for(mapper.inherits)


def _let_pass_for(user: Mapper[Any]) -> None:
    """Let objects of a proxy stand wherever a relation wants one of the class behind it.

    SQLAlchemy asks this of the mapper when it flushes a relation, and says yes to subclasses only
    if a column tells them apart, or each relation has ``enable_typechecks=False``.
    """

    def accepts(state: Any, allow_subtypes: bool) -> bool:
        return bool(state.manager.mapper.isa(user))

    user._canload = accepts  # type: ignore[method-assign]


def build(user: type[Any], mapper: Mapper[Any]) -> Models:
    """Map the companions of ``user``.

    :raises ConfigError: its key has several columns, or its database has a user model already.
    """
    metadata = mapper.local_table.metadata  # type: ignore[attr-defined]
    if (present := metadata.info.get(KEY)) is not None:
        raise ConfigError(
            f"{present.User.__name__} already is the user model of this database.",
            f"Map {user.__name__} without AbstractUser, or on a database of its own.",
        )
    keys = list(mapper.local_table.primary_key)
    if len(keys) != 1:
        raise ConfigError(
            f"{user.__name__} has a primary key of {len(keys)} columns.",
            "A user model needs a key of one column, of any name and type.",
        )
    owner_key = keys[0]

    class Base(DeclarativeBase):
        pass

    Base.metadata = Base.registry.metadata = metadata

    def links(name: str, left: tuple[str, Any], right: tuple[str, Any]) -> sa.Table:
        columns: list[sa.Column[Any]] = [
            sa.Column(column, sa.ForeignKey(target, ondelete="CASCADE"), primary_key=True)
            for column, target in (left, right)
        ]
        return sa.Table(name, metadata, *columns, sa.Index(f"ix_{name}_{right[0]}", right[0]))

    members = links("lback_group_member", ("user_id", owner_key), ("group_id", "lback_group.id"))
    grants = links(
        "lback_group_permission",
        ("group_id", "lback_group.id"),
        ("permission_id", "lback_permission.id"),
    )
    direct = links(
        "lback_user_permission",
        ("user_id", owner_key),
        ("permission_id", "lback_permission.id"),
    )

    class Permission(PermissionMixin, Base):
        __tablename__ = "lback_permission"
        users = relationship(user, secondary=direct, back_populates="user_permissions")

    class Group(GroupMixin, Base):
        __tablename__ = "lback_group"
        permissions = relationship(
            Permission, secondary=grants, backref="groups", order_by=Permission.name
        )
        users = relationship(user, secondary=members, back_populates="groups")

    owned = {
        mixin: _mapped(
            mixin,
            Base,
            table,
            user_id=mapped_column(
                sa.ForeignKey(owner_key, ondelete="CASCADE"), index=True, nullable=False
            ),
            owner=relationship(user, back_populates=attribute),
        )
        for attribute, mixin, table in _OWNED
    }
    naming = {
        mixin: _mapped(
            mixin,
            Base,
            table,
            **{column: mapped_column(sa.ForeignKey(owner_key, ondelete="SET NULL"), index=True)},
        )
        for mixin, table, column in _NAMING
    }
    UserSession: Any = owned[UserSessionMixin]

    class RefreshToken(RefreshTokenMixin, Base):
        __tablename__ = "lback_refresh_token"
        session_id = mapped_column(
            sa.ForeignKey(UserSession.id, ondelete="CASCADE"), index=True, nullable=False
        )
        session = relationship(UserSession, backref=backref("refresh_tokens", cascade=OWNED))

    ObjectPermission = _object_permission(Base, owner_key)

    class AccessVersion(AccessVersionMixin, Base):
        __tablename__ = "lback_access_version"
        user_id = mapped_column(sa.ForeignKey(owner_key, ondelete="CASCADE"), unique=True)
        owner = relationship(user, back_populates="lback_access_version")

    # Given to the user's own mapper, so that they are there as soon as it is used.
    for name, related in {
        "groups": relationship(
            Group, secondary=members, back_populates="users", order_by=Group.name
        ),
        "user_permissions": relationship(
            Permission, secondary=direct, back_populates="users", order_by=Permission.name
        ),
        **{
            attribute: relationship(owned[mixin], back_populates="owner", cascade=OWNED)
            for attribute, mixin, _ in _OWNED
        },
        "lback_access_version": relationship(AccessVersion, back_populates="owner", cascade=OWNED),
    }.items():
        mapper.add_property(name, related)

    models = Models(
        User=user,
        Group=Group,
        Permission=Permission,
        ObjectPermission=ObjectPermission,
        RefreshToken=RefreshToken,
        AccessVersion=AccessVersion,
        members=members,
        group_permissions=grants,
        user_permissions=direct,
        **{kind.__name__: kind for kind in (*owned.values(), *naming.values())},
    )
    metadata.info[KEY] = models
    return models


def _object_permission(base: type[Any], owner_key: Any) -> type[Any]:
    """Rights on single objects; they go with the permission and with who holds them."""
    what = ("permission_id", "model", "object_key")

    def link(target: Any, **options: Any) -> Any:
        return mapped_column(sa.ForeignKey(target, ondelete="CASCADE"), **options)

    return _mapped(
        ObjectPermissionMixin,
        base,
        "lback_object_permission",
        permission_id=link("lback_permission.id", nullable=False, index=True),
        user_id=link(owner_key, nullable=True),
        group_id=link("lback_group.id", nullable=True),
        permission=relationship("Permission"),
        __table_args__=(
            sa.UniqueConstraint("user_id", *what, name="uq_lback_object_permission_user"),
            sa.UniqueConstraint("group_id", *what, name="uq_lback_object_permission_group"),
            sa.Index("ix_lback_object_permission_object", "model", "object_key"),
        ),
    )


def _mapped(mixin: type[Any], base: type[Any], table: str, **attributes: Any) -> type[Any]:
    """A companion class: ``ApiToken`` of ``ApiTokenMixin``."""
    name = mixin.__name__.removesuffix("Mixin")
    return type(name, (mixin, base), {"__tablename__": table, **attributes})


def default_user(db: Any) -> type[Any]:
    """The user class of a database that has none: ``lback_user``, with an integer key."""
    present: Models | None = db.metadata.info.get(KEY)
    if present is not None:
        return present.User

    class Base(DeclarativeBase):
        metadata = db.metadata

    class User(AbstractUser, Base):
        __tablename__ = "lback_user"
        id: Mapped[int] = mapped_column(primary_key=True, sort_order=-10)

    return User
