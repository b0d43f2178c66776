"""What accounts are made of: columns and behaviour, typed.

What stands beside an account is in ``companions.py`` and in the ``models.py`` of each part.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Sequence
from typing import Any, ClassVar

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, synonym, validates

from ...core import clock
from ...core.state import current_state
from ...core.translation import gettext
from ...db.models import UTCDateTime, exact_string
from ...exceptions import LbackError
from ...mail.service import Mailer
from ..passwords.hasher import PasswordHasher
from ..sessions.principal import HASH, TWIN, LazyState, key_attribute
from .anonymous import AnonymousUser
from .identity import address_of
from .names import EMAIL_LENGTH, USERNAME_LENGTH, canonical
from .objects import BaseUserManager, DoesNotExistError, MultipleObjectsReturnedError, SessionEnder
from .permissions import PermissionsMixin

__all__ = [
    "AbstractBaseUser",
    "AbstractEmailUser",
    "AbstractUser",
    "AnonymousUser",
    "EmailMixin",
    "NamesMixin",
    "PermissionsMixin",
    "UsernameMixin",
    "key_name",
    "key_of",
    "root_of",
]

_PROCESS_ONLY = (HASH, TWIN)


class AbstractBaseUser:
    """An account without a name or an address; the application adds its own.

    The primary key is the application's: any name, any type, one column.
    """

    #: The field that people are called by, and that `create-superuser` asks for.
    USERNAME_FIELD: ClassVar[str] = "username"
    #: The field that holds the address, if there is one.
    EMAIL_FIELD: ClassVar[str] = "email"
    #: Further fields that `create-superuser` asks for.
    REQUIRED_FIELDS: ClassVar[Sequence[str]] = ()

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

    @declared_attr
    def last_login(cls) -> Mapped[dt.datetime | None]:
        """``last_login_at``, as Django calls it."""
        return synonym("last_login_at")

    @property
    def pk(self) -> Any:
        """The value of the primary key, whatever its name."""
        return key_of(self)

    def get_id(self) -> str:
        """The key as text, for Flask-Login."""
        return str(key_of(self))

    def get_username(self) -> str:
        """What this account is called."""
        return str(getattr(self, self.USERNAME_FIELD, "") or self.get_id())

    def natural_key(self) -> tuple[str]:
        """What ``objects.get_by_natural_key`` takes."""
        return (self.get_username(),)

    @classmethod
    def get_email_field_name(cls) -> str:
        """``EMAIL_FIELD``."""
        return cls.EMAIL_FIELD

    def email_user(
        self,
        subject: str,
        message: str,
        from_email: str | None = None,
        *,
        html_message: str | None = None,
        fail_silently: bool = False,
    ) -> None:
        """Send this account a mail. It leaves in the background: a lost one is in the log.

        :param from_email: the sender, when it is not the site's own.
        :param html_message: the same message as HTML.
        :param fail_silently: whether a mail that cannot even be written is no error.
        :raises LbackError: the account has no address, or a header holds a line break.
        """
        try:
            if (address := address_of(self)) is None:
                raise LbackError(
                    gettext("%(name)s has no address.", name=self.get_username()),
                    "EMAIL_FIELD of the user class names the column that holds it.",
                )
            mailer = current_state()[Mailer]
            mailer.send(address, subject, message, html_message, sender=from_email)
        except LbackError:
            if not fail_silently:
                raise

    def has_usable_password(self) -> bool:
        """Whether a password can open this account."""
        return self.password_hash is not None

    def set_password(self, password: str | None) -> None:
        """Hash and keep a password; None makes the account unusable by password.

        Of an account that is stored, every session but the one of this request ends with it, as in
        Django. Says nothing about the policy: that is for forms and commands.
        """
        hasher = current_state()[PasswordHasher]
        self.password_hash = None if password is None else hasher.hash(password)
        state: Any = sa.inspect(self)
        if state.persistent:
            current_state()[SessionEnder](self)  # type: ignore[type-abstract]

    def set_unusable_password(self) -> None:
        """Let no password open the account; a mailed link still can set one."""
        self.set_password(None)

    def check_password(self, password: str | None) -> bool:
        """Whether the password is right; None never is."""
        if password is None:
            return False
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
        """Two objects of one row are equal: a queried user, the request's own, one by proxy."""
        if self is other:
            return True
        if not isinstance(other, AbstractBaseUser):
            return NotImplemented
        if root_of(type(self)) is not root_of(other.__class__):
            return NotImplemented
        key = key_of(self)
        return key is not None and bool(key == key_of(other))

    def __hash__(self) -> int:
        """Follows the key; what was hashed before it had one keeps its hash."""
        held: dict[str, Any] = self.__dict__
        if HASH not in held:
            key = key_of(self)
            held[HASH] = object.__hash__(self) if key is None else hash((root_of(type(self)), key))
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

    def get_short_name(self) -> str:
        """The first name, or an empty string."""
        return self.first_name or ""


class AbstractUser(AbstractBaseUser, UsernameMixin, EmailMixin, NamesMixin, PermissionsMixin):
    """The usual account: username, address, names, rights."""

    REQUIRED_FIELDS: ClassVar[Sequence[str]] = ("email",)


class AbstractEmailUser(AbstractBaseUser, EmailMixin, NamesMixin, PermissionsMixin):
    """An account whose only name is its address."""

    USERNAME_FIELD: ClassVar[str] = "email"


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


def root_of(user_class: type[Any]) -> type[Any]:
    """The class that the table is mapped to, of a proxy too."""
    root: type[Any] = _root_of(user_class)  # type: ignore[arg-type]
    return root


@functools.cache
def _root_of(user_class: Any) -> type[Any]:
    root: type[Any] = sa.inspect(user_class).base_mapper.class_
    return root
