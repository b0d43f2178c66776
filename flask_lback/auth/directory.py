"""Find accounts by what people type, whichever names the user class has."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy

from .models import Models
from .names import canonical


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
        """The account that a person means, by username or address."""
        if "@" in identifier and (found := self.by_email(identifier)) is not None:
            return found
        return self.by_username(identifier) or self.by_email(identifier)

    def _one(self, attribute: str, value: str) -> Any | None:
        text = canonical(value)
        if "\x00" in text:
            return None
        column = getattr(self.user_class, attribute)
        return self._db.session.scalar(sa.select(self.user_class).where(column == text))


def _parser(column: sa.Column[Any]) -> Any:
    kind = column.type.python_type
    if issubclass(kind, int):
        return lambda text: int(text) if str(text).isascii() else None
    return kind
