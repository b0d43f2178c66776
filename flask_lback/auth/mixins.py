"""What accounts are made of: columns and behaviour, typed.

What stands beside an account is in ``companions.py`` and in the ``models.py`` of each part.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import Mapped, mapped_column, validates

from ..core import clock
from ..core.state import current_state
from ..db.models import UTCDateTime, exact_string
from ..mail.service import Mailer
from .names import EMAIL_LENGTH, USERNAME_LENGTH, canonical
from .objects import BaseUserManager, DoesNotExistError, MultipleObjectsReturnedError
from .passwords import PasswordHasher
from .principal import HASH, TWIN, LazyState, key_attribute
from .rights import rights_of

if TYPE_CHECKING:
    from .companions import GroupMixin, PermissionMixin

_PROCESS_ONLY = (HASH, TWIN)


class AbstractBaseUser:
    """An account without a name or an address; the application adds its own.

    The primary key is the application's: any name, any type, one column.
    """

    #: The field that people are called by, and that `create-superuser` asks for.
    USERNAME_FIELD: ClassVar[str] = "username"
    #: Further fields that `create-superuser` asks for.
    REQUIRED_FIELDS: ClassVar[tuple[str, ...]] = ()

    #: Makes and finds accounts as in Django; an application may set its own.
    objects: ClassVar[BaseUserManager[Any]] = BaseUserManager()
    DoesNotExist = DoesNotExistError
    MultipleObjectsReturned = MultipleObjectsReturnedError

    is_authenticated: ClassVar[bool] = True
    is_anonymous: ClassVar[bool] = False
    _sa_instance_state = LazyState()

    #: None: this account has no password that can be used.
    password_hash: Mapped[str | None] = mapped_column(sa.String(255))
    is_active: Mapped[bool] = mapped_column(default=True)
    date_joined: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)
    last_login_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    last_seen_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)

    def get_id(self) -> str:
        """The key as text, for Flask-Login."""
        return str(key_of(self))

    def get_username(self) -> str:
        """What this account is called."""
        return str(getattr(self, self.USERNAME_FIELD, "") or self.get_id())

    def has_usable_password(self) -> bool:
        """Whether a password can open this account."""
        return self.password_hash is not None

    def set_password(self, password: str | None) -> None:
        """Hash and keep a password; None makes the account unusable by password.

        Says nothing about the policy: that is for forms and commands.
        """
        hasher = current_state()[PasswordHasher]
        self.password_hash = None if password is None else hasher.hash(password)

    def check_password(self, password: str) -> bool:
        """Whether the password is right."""
        return current_state()[PasswordHasher].verify(password, self.password_hash)

    def save(self, using: Any = None) -> None:
        """Add it to the session and write it; commit it yourself.

        :param using: the session; that of the application when left out.
        """
        session = using or current_state()[SQLAlchemy].session
        session.add(self)
        session.flush()

    def __getstate__(self) -> dict[str, Any]:
        """For pickle and copy: the mapped object, without what holds in this process only."""
        sa.inspect(self)  # the request's own account is attached to its session by this
        return {name: held for name, held in self.__dict__.items() if name not in _PROCESS_ONLY}

    def __str__(self) -> str:
        return self.get_username()

    def __eq__(self, other: object) -> bool:
        """Two objects of one row are equal, the request's own user and a queried one too."""
        if self is other:
            return True
        if not isinstance(other, AbstractBaseUser) or type(self) is not type(other):
            return NotImplemented
        key = key_of(self)
        return key is not None and bool(key == key_of(other))

    def __hash__(self) -> int:
        """Follows the key; what was hashed before it had one keeps its hash."""
        held: dict[str, Any] = self.__dict__
        if HASH not in held:
            key = key_of(self)
            held[HASH] = object.__hash__(self) if key is None else hash((type(self), key))
        return int(held[HASH])


class UsernameMixin:
    """A username with its canonical, unique twin."""

    username: Mapped[str] = mapped_column(sa.String(USERNAME_LENGTH))
    username_canonical: Mapped[str] = mapped_column(exact_string(USERNAME_LENGTH), unique=True)

    @validates("username")
    def _follow_username(self, key: str, value: str | None) -> str | None:
        self.username_canonical = None if value is None else canonical(value)  # type: ignore[assignment]
        return value


class EmailMixin:
    """An address with its canonical, unique twin, and when it was verified."""

    email: Mapped[str] = mapped_column(sa.String(EMAIL_LENGTH))
    email_canonical: Mapped[str] = mapped_column(exact_string(EMAIL_LENGTH), unique=True)
    email_verified_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)

    @validates("email")
    def _follow_email(self, key: str, value: str | None) -> str | None:
        self.email_canonical = None if value is None else canonical(value)  # type: ignore[assignment]
        return value

    def email_user(
        self, subject: str, message: str, from_email: str | None = None, *, html: str | None = None
    ) -> None:
        """Send this account a mail.

        :param from_email: the sender, when it is not the site's own.
        :param html: the same message as HTML.
        """
        current_state()[Mailer].send(self.email, subject, message, html, sender=from_email)

    @property
    def email_verified(self) -> bool:
        """Whether the owner of the address has shown that it is theirs."""
        return self.email_verified_at is not None


class NamesMixin:
    """First and last name."""

    first_name: Mapped[str] = mapped_column(sa.String(150), default="")
    last_name: Mapped[str] = mapped_column(sa.String(150), default="")

    def get_full_name(self) -> str:
        """First and last name, or an empty string."""
        return f"{self.first_name or ''} {self.last_name or ''}".strip()


class PermissionsMixin:
    """Groups and rights. ``groups`` and ``user_permissions`` come with the companions."""

    is_staff: Mapped[bool] = mapped_column(default=False)
    is_superuser: Mapped[bool] = mapped_column(default=False)

    if TYPE_CHECKING:
        groups: list[GroupMixin]
        user_permissions: list[PermissionMixin]

    def has_permission(self, name: str) -> bool:
        """Whether this account may do what the permission stands for."""
        return rights_of(self).has(name)

    def has_permissions(self, names: Iterable[str]) -> bool:
        """Whether it holds all of them; False for none at all."""
        return rights_of(self).has_all(names)

    def has_any_permission(self, names: Iterable[str]) -> bool:
        """Whether it holds at least one of them."""
        return rights_of(self).has_any(names)

    def in_group(self, name: str) -> bool:
        """Whether it is a member of the group of that name."""
        return rights_of(self).in_group(name)

    #: Django's and the Flask book's words for the same question.
    has_perm = has_permission
    has_perms = has_permissions
    can = has_permission


class AbstractUser(AbstractBaseUser, UsernameMixin, EmailMixin, NamesMixin, PermissionsMixin):
    """The usual account: username, address, names, rights."""

    REQUIRED_FIELDS: ClassVar[tuple[str, ...]] = ("email",)


class AbstractEmailUser(AbstractBaseUser, EmailMixin, NamesMixin, PermissionsMixin):
    """An account whose only name is its address."""

    USERNAME_FIELD: ClassVar[str] = "email"


class AnonymousUser:
    """Who is not signed in."""

    is_authenticated = False
    is_anonymous = True
    is_active = False
    is_staff = False
    is_superuser = False
    username = ""
    groups: tuple[Any, ...] = ()
    user_permissions: tuple[Any, ...] = ()

    def get_id(self) -> None:
        """Nobody has no key."""
        return

    def has_permission(self, name: str) -> bool:
        """Nobody may do anything that needs a permission."""
        return False

    def has_permissions(self, names: Iterable[str]) -> bool:
        """As :meth:`has_permission`."""
        return False

    has_any_permission = has_permissions
    in_group = has_perm = can = has_permission
    has_perms = has_permissions

    def __str__(self) -> str:
        return "AnonymousUser"


def key_of(user: Any) -> Any:
    """The value of the primary key, None before it has one. Never asks the database."""
    held = user.__dict__
    name = key_name(user.__class__)  # of what `current_user` stands for, too
    if name in held:
        return held[name]
    state = held.get("_sa_instance_state")
    return state.key[1][0] if state is not None and state.key else None


def key_name(user_class: type[Any]) -> str:
    """The attribute that holds the primary key."""
    name: str = _key_name(user_class)  # type: ignore[arg-type]
    return name


@functools.cache
def _key_name(user_class: Any) -> str:
    return key_attribute(sa.inspect(user_class))
