"""Find accounts by what people type, whichever names the user class has."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy

from .models import Models
from .names import canonical

_NAMES = ("username_canonical", "email_canonical")


class Directory:
    """The accounts of one application, by key, username and address."""

    def __init__(self, db: SQLAlchemy, models: Models) -> None:
        self._db = db
        self.user_class = models.User
        self.has_username = hasattr(models.User, "username_canonical")
        self.has_email = hasattr(models.User, "email_canonical")
        key = sa.inspect(models.User).primary_key[0]
        self._parse = _parser(key)

    def by_key(self, text: str) -> Any | None:
        """The account whose key, as text, this is."""
        try:
            key = self._parse(text)
        except (ValueError, TypeError, AttributeError):
            return None
        return self._db.session.get(self.user_class, key)

    def by_username(self, username: str) -> Any | None:
        """The account of that name, however its letters are written."""
        return self._one("username_canonical", username) if self.has_username else None

    def by_email(self, email: str) -> Any | None:
        """The account of that address, however its letters are written."""
        return self._one("email_canonical", email) if self.has_email else None

    def by_identifier(self, identifier: str) -> Any | None:
        """The account that a person means, by username or address.

        One statement for known and unknown names, so that time does not tell them apart.
        """
        text = canonical(identifier)
        columns = [getattr(self.user_class, name, None) for name in _NAMES]
        given = [column == text for column in columns if column is not None]
        if "\x00" in text or not given:
            return None
        found = self._db.session.scalars(sa.select(self.user_class).where(sa.or_(*given))).all()
        first = "email_canonical" if "@" in text else "username_canonical"
        return min(found, key=lambda user: getattr(user, first, None) != text, default=None)

    def _one(self, attribute: str, value: str) -> Any | None:
        text = canonical(value)
        if "\x00" in text:
            return None
        column = getattr(self.user_class, attribute)
        return self._db.session.scalar(sa.select(self.user_class).where(column == text))


def _parser(column: sa.Column[Any]) -> Any:
    kind = column.type.python_type
    if issubclass(kind, int):
        most = 2**63 if isinstance(column.type, sa.BigInteger) else 2**31
        return lambda text: _number(str(text), most)
    return kind


def _number(text: str, most: int) -> int:
    """A key as it is written by us, no other spelling, and none that a column cannot hold."""
    number = int(text)
    if str(number) != text or not -most <= number < most:
        raise ValueError(text)
    return number
