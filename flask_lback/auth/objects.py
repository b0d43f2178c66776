"""``User.objects``: a small manager on the user class, for those who come from Django."""

from __future__ import annotations

import copy
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import InstrumentedAttribute

from ..core.state import current_state
from ..core.translation import gettext
from ..exceptions import LbackError
from .names import canonical, clean_email

U = TypeVar("U")

#: The names of an account, and the twin in which two of them are compared.
_TWINS = {"username": "username_canonical", "email": "email_canonical"}


class DoesNotExistError(LbackError, LookupError):
    """No account is like that. ``User.DoesNotExist`` is this class."""


class MultipleObjectsReturnedError(LbackError):
    """Several accounts are like that. ``User.MultipleObjectsReturned`` is this class."""


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

    def all(self) -> list[U]:
        """Every account."""
        return list(self._db.scalars(self._select()))

    def filter_by(self, **values: Any) -> list[U]:
        """The accounts with these values; names and addresses however they are written."""
        return list(self._db.scalars(self._select(**values)))

    def get(self, **values: Any) -> U:
        """The one account with these values.

        :raises DoesNotExistError: there is none.
        :raises MultipleObjectsReturnedError: there are several.
        """
        found = self._db.scalars(self._select(**values).limit(2)).all()
        shown = ", ".join(values)
        if not found:
            raise DoesNotExistError(f"No {self.model.__name__} has this {shown}.")
        if len(found) > 1:
            raise MultipleObjectsReturnedError(f"Several {self.model.__name__} have this {shown}.")
        return found[0]  # type: ignore[no-any-return]

    def get_by_natural_key(self, name: str) -> U:
        """The account that people call so, by ``USERNAME_FIELD``."""
        return self.get(**{self.model.USERNAME_FIELD: name})  # type: ignore[attr-defined]

    def create(self, **values: Any) -> U:
        """Make an account of values, as they are, and add it to the session."""
        user = self.model(**values)
        user.save(using=self._db)  # type: ignore[attr-defined]
        return user

    def create_user(self, *names: Any, password: str | None = None, **fields: Any) -> U:
        """Make an account with a hashed password, and add it to the session.

        :param names: its ``USERNAME_FIELD``, then what ``REQUIRED_FIELDS`` name, then the
            password, as Django takes them; or all of them by name.
        :raises InvalidFieldsError: a name is malformed or taken.
        """
        from .accounts import Accounts

        fields = self._named(names, fields)
        password = fields.pop("password", password)
        name = self.model.USERNAME_FIELD  # type: ignore[attr-defined]
        if not fields.get(name):
            raise ValueError(gettext("The %(name)s must be set.", name=name))
        user: U = current_state()[Accounts].create(password=password, **fields)
        self._db.flush()
        return user

    def create_superuser(self, *names: Any, password: str | None = None, **fields: Any) -> U:
        """As :meth:`create_user`, with every right.

        :raises ValueError: ``is_staff`` or ``is_superuser`` is given, and is not true.
        """
        for flag in ("is_staff", "is_superuser"):
            if fields.setdefault(flag, True) is not True:
                raise ValueError(gettext("A superuser has %(flag)s=True.", flag=flag))
        if hasattr(self.model, "email_canonical"):
            fields.setdefault("verified", True)
        return self.create_user(*names, password=password, **fields)

    def _named(self, names: tuple[Any, ...], fields: dict[str, Any]) -> dict[str, Any]:
        kind: Any = self.model
        order = [kind.USERNAME_FIELD, *kind.REQUIRED_FIELDS, "password"]
        if len(names) > len(order):
            raise TypeError(f"create_user takes {', '.join(order)}, and the rest by name.")
        return {**dict(zip(order, names, strict=False)), **fields}

    def _select(self, **values: Any) -> sa.Select[Any]:
        query = sa.select(self.model)
        for name, value in values.items():
            twin = _TWINS.get(name)
            if twin and hasattr(self.model, twin) and isinstance(value, str):
                name, value = twin, canonical(value)
            column = getattr(self.model, name, None)
            if not isinstance(column, InstrumentedAttribute):
                raise AttributeError(f"{self.model.__name__} has no column {name!r}.")
            query = query.where(column == value)
        return query
