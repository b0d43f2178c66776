"""``User.objects``: a small manager on the user class, for those who come from Django."""

from __future__ import annotations

import copy
from typing import Any, Generic, Protocol, TypeVar

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.exc import IntegrityError

from ...core.state import current_state
from ...core.translation import gettext
from ...exceptions import LbackError
from ..required import required_fields
from .identity import email_field
from .names import clean_email
from .selection import Selection

U = TypeVar("U")


class DoesNotExistError(LbackError, LookupError):
    """No account is like that. ``User.DoesNotExist`` is this class."""


class MultipleObjectsReturnedError(LbackError):
    """Several accounts are like that. ``User.MultipleObjectsReturned`` is this class."""


class AccountMaker(Protocol):
    """Makes the accounts of one application, by the rules that every way in shares."""

    def create(self, *, password: str | None, **fields: Any) -> Any:
        """Make an account and add it to the session."""

    def note_superuser(self, user: Any) -> None:
        """Write into the audit log that an account has every right."""


class SessionEnder(Protocol):
    """Ends every session of an account but the one of this request."""

    def __call__(self, user: Any) -> None: ...


def _maker() -> AccountMaker:
    return current_state()[AccountMaker]  # type: ignore[type-abstract]


class BaseUserManager(Generic[U]):
    """Make and find accounts of one class; subclass it and set ``objects`` on the user class.

    Nothing is committed here: that is the caller's.

    :ivar model: the user class that it is reached through.
    """

    model: type[U]

    def __get__(self, instance: Any, owner: type[U]) -> BaseUserManager[U]:
        if instance is not None:
            raise AttributeError("The manager is reached through the class: User.objects.")
        bound = copy.copy(self)
        bound.model = owner
        return bound

    @property
    def _db(self) -> Any:
        """The session of the present application; ``save(using=self._db)`` takes it."""
        return current_state()[SQLAlchemy].session

    @staticmethod
    def normalize_email(email: str | None) -> str:
        """An address as it is stored.

        :raises ValueError: it is none.
        """
        return clean_email(email) if email else ""

    def all(self) -> Selection[U]:
        """Every account."""
        return Selection(self.model)

    def filter(self, **values: Any) -> Selection[U]:
        """The accounts with these values; ``pk`` is the key, whatever its name."""
        return self.all().filter(**values)

    def filter_by(self, **values: Any) -> list[U]:
        """:meth:`filter` as a list."""
        return list(self.filter(**values))

    def order_by(self, *names: str) -> Selection[U]:
        """Every account, in this order; ``-date_joined`` is the latest first."""
        return self.all().order_by(*names)

    def first(self) -> U | None:
        """The account with the lowest key, None when there is none."""
        return self.all().first()

    def count(self) -> int:
        """How many accounts there are."""
        return self.all().count()

    def exists(self) -> bool:
        """Whether there is any account."""
        return self.all().exists()

    def get(self, **values: Any) -> U:
        """The one account with these values; ``pk`` is the key, whatever its name.

        :raises DoesNotExistError: there is none.
        :raises MultipleObjectsReturnedError: there are several.
        """
        found = self.filter(**values)[:2]
        shown = ", ".join(values)
        if not found:
            raise DoesNotExistError(f"No {self.model.__name__} has this {shown}.")
        if len(found) > 1:
            raise MultipleObjectsReturnedError(f"Several {self.model.__name__} have this {shown}.")
        return found[0]

    def get_by_natural_key(self, name: str) -> U:
        """The account that people call so, by ``USERNAME_FIELD``."""
        return self.get(**{self.model.USERNAME_FIELD: name})  # type: ignore[attr-defined]

    def get_or_create(
        self, defaults: dict[str, Any] | None = None, **values: Any
    ) -> tuple[U, bool]:
        """The account with these values, or else a new one.

        :param defaults: what a new one has besides; its password is hashed.
        :returns: the account, and whether it is new.
        :raises InvalidFieldsError: a name is malformed, or another account has it.
        """
        try:
            return self.get(**values), False
        except DoesNotExistError:
            try:
                with self._db.begin_nested():
                    return self.create_user(**{**values, **(defaults or {})}), True
            except IntegrityError:  # somebody was faster
                return self.get(**values), False

    def create(self, **values: Any) -> U:
        """Make an account of values, as they are, and add it to the session."""
        user = self.model(**values)
        user.save(using=self._db)  # type: ignore[attr-defined]
        return user

    def create_user(self, *names: Any, **fields: Any) -> U:
        """Make an account with a hashed password, and add it to the session.

        :param names: as in Django: its ``USERNAME_FIELD``, its address and its password; without
            the address where it has none, or is called by it. Everything else is given by name.
        :raises InvalidFieldsError: a name is malformed or taken.
        :raises TypeError: a value is given twice, or there are too many without a name.
        :raises ValueError: a name is missing.
        """
        kind: Any = self.model
        fields = self._named(names, fields)
        password = fields.pop("password", None)
        email = email_field(kind)
        if email and not fields.get(email):
            fields.pop(email, None)
        for name in (kind.USERNAME_FIELD, email):
            must = name == kind.USERNAME_FIELD or name in required_fields(kind)
            if name and must and not fields.get(name):
                raise ValueError(gettext("The %(name)s must be set.", name=name))
        user: U = _maker().create(password=password, **fields)
        self._db.flush()
        return user

    def create_superuser(self, *names: Any, **fields: Any) -> U:
        """As :meth:`create_user`, with every right.

        :raises ValueError: ``is_staff`` or ``is_superuser`` is given, and is not true.
        """
        for flag in ("is_staff", "is_superuser"):
            if fields.setdefault(flag, True) is not True:
                raise ValueError(gettext("A superuser has %(flag)s=True.", flag=flag))
        if hasattr(self.model, "email_canonical"):
            fields.setdefault("verified", True)
        user = self.create_user(*names, **fields)
        _maker().note_superuser(user)
        return user

    def _named(self, names: tuple[Any, ...], fields: dict[str, Any]) -> dict[str, Any]:
        """Values by name. None comes to stand where somebody meant something else."""
        kind: Any = self.model
        email = email_field(kind)
        order = dict.fromkeys(one for one in (kind.USERNAME_FIELD, email, "password") if one)
        if len(names) > len(order):
            raise TypeError(
                f"{kind.__name__}.objects.create_user() takes {', '.join(order)} by position and "
                "everything else by name."
            )
        placed = dict(zip(order, names, strict=False))
        if twice := sorted(placed.keys() & fields.keys()):
            raise TypeError(
                f"{kind.__name__}.objects.create_user() got {twice[0]} twice: by position and by "
                "name."
            )
        return {**placed, **fields}
