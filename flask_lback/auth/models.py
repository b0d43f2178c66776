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
from .mixins import (
    AbstractBaseUser,
    AbstractEmailUser,
    AbstractUser,
    AccessVersionMixin,
    AnonymousUser,
    EmailMixin,
    GroupMixin,
    NamesMixin,
    PermissionMixin,
    PermissionsMixin,
    RefreshTokenMixin,
    UsernameMixin,
    UserSessionMixin,
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


@dataclass(frozen=True)
class Models:
    """A user class and the companions built around it."""

    User: type[Any]
    Group: type[GroupMixin]
    Permission: type[PermissionMixin]
    UserSession: type[UserSessionMixin]
    RefreshToken: type[RefreshTokenMixin]
    AccessVersion: type[AccessVersionMixin]
    #: Association tables.
    members: sa.Table
    group_permissions: sa.Table
    user_permissions: sa.Table


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

    class UserSession(UserSessionMixin, Base):
        __tablename__ = "lback_user_session"
        user_id = mapped_column(
            sa.ForeignKey(owner_key, ondelete="CASCADE"), index=True, nullable=False
        )
        owner = relationship(user, back_populates="lback_sessions")

    class RefreshToken(RefreshTokenMixin, Base):
        __tablename__ = "lback_refresh_token"
        session_id = mapped_column(
            sa.ForeignKey(UserSession.id, ondelete="CASCADE"), index=True, nullable=False
        )
        session = relationship(UserSession, backref=backref("refresh_tokens", cascade=OWNED))

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
        "lback_sessions": relationship(UserSession, back_populates="owner", cascade=OWNED),
        "lback_access_version": relationship(AccessVersion, back_populates="owner", cascade=OWNED),
    }.items():
        mapper.add_property(name, related)

    models = Models(
        user, Group, Permission, UserSession, RefreshToken, AccessVersion, members, grants, direct
    )
    metadata.info[KEY] = models
    return models


def default_user(db: Any) -> type[Any]:
    """The user class of a database that has none: ``lback_user``, with an integer key."""
    if (present := db.metadata.info.get(KEY)) is not None:
        return present.User  # type: ignore[no-any-return]

    class Base(DeclarativeBase):
        metadata = db.metadata

    class User(AbstractUser, Base):
        __tablename__ = "lback_user"
        id: Mapped[int] = mapped_column(primary_key=True, sort_order=-10)

    return User
