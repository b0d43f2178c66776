"""Find accounts by what people type, whichever names the user class has."""

from __future__ import annotations

import contextlib
import unicodedata
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy

from ..models import Models
from .identity import email_field, sign_in_names, twin_of
from .mixins import root_of
from .names import canonical, clean_email


class Directory:
    """The accounts of one application, by key, name and address.

    Names of our mixins are compared in their canonical form, those of an application's own columns
    as they are.

    :ivar user_class: what accounts are made of; it may be a proxy of the mapped class.
    :ivar has_username: whether accounts have a username besides their address.
    :ivar has_email: whether they have an address that its owner can confirm.
    :ivar email_name: the attribute that holds the address, None when they have none.
    """

    def __init__(self, db: SQLAlchemy, models: Models) -> None:
        kind = models.user_class
        self._db = db
        self.user_class = kind
        self._root = root_of(kind)
        self.email_name = email_field(kind)
        self.names = sign_in_names(kind)
        self.has_username = hasattr(kind, "username")
        self.has_email = hasattr(kind, "email_canonical")
        self._parse = _parser(sa.inspect(kind).primary_key[0].type)

    def by_key(self, text: str) -> Any | None:
        """The account whose key, as text, this is."""
        try:
            key = self._parse(text)
        except (ValueError, TypeError, AttributeError):
            return None
        found = self._db.session.get(self.user_class, key)
        if found is None and self._root is not self.user_class:
            # The session holds the row already, as an object of the class behind the proxy.
            found = self._db.session.get(self._root, key)
        return found

    def by_name(self, name: str, value: Any) -> Any | None:
        """The account of which this attribute has this value, however its letters are written.

        :param name: such as ``USERNAME_FIELD``.
        """
        condition = self._equals(name, str(value))
        if condition is None:
            return None
        key = sa.inspect(self.user_class).primary_key[0]
        query = sa.select(self.user_class).where(condition).order_by(key).limit(1)
        return self._db.session.scalar(query)

    def by_username(self, username: str) -> Any | None:
        """The account of that username, or of that ``USERNAME_FIELD`` where there is none."""
        name = "username" if self.has_username else self.user_class.USERNAME_FIELD
        return self.by_name(name, username)

    def by_email(self, email: str) -> Any | None:
        """The account of that address, however its letters are written."""
        return self.by_name(self.email_name, email) if self.email_name is not None else None

    def by_identifier(self, identifier: str) -> Any | None:
        """The account that a person means, by ``USERNAME_FIELD``, username or address.

        One statement for known and unknown names, so that time does not tell them apart.
        """
        conditions = [self._equals(name, identifier) for name in self.names]
        given = [one for one in conditions if one is not None]
        if not given:
            return None
        found = self._db.session.scalars(sa.select(self.user_class).where(sa.or_(*given))).all()
        is_address = "@" in identifier
        order = sorted(self.names, key=lambda name: (name == self.email_name) != is_address)

        def rank(user: Any) -> int:
            """One person's name may be another's address: what looks like one comes first."""
            fits = (at for at, name in enumerate(order) if self._fits(user, name, identifier))
            return next(fits, len(order))

        return min(found, key=rank, default=None)

    def _equals(self, name: str, text: str) -> Any | None:
        """The condition that a name is this text, None for what no account can have."""
        if "\x00" in text:
            return None
        if (twin := twin_of(self.user_class, name)) is not None:
            return getattr(self.user_class, twin) == canonical(text)
        column = getattr(self.user_class, name)
        try:
            parse = _parser(column.type)
            values = self._spellings(name, text) if parse is str else {parse(text.strip())}
        except (ValueError, TypeError, AttributeError):
            return None
        return column.in_(sorted(values))

    def _fits(self, user: Any, name: str, text: str) -> bool:
        if (twin := twin_of(self.user_class, name)) is not None:
            return bool(getattr(user, twin) == canonical(text))
        return str(getattr(user, name)) in self._spellings(name, text)

    def _spellings(self, name: str, text: str) -> set[str]:
        """A text, and what the forms would have made of it."""
        found = {text, unicodedata.normalize("NFKC", text.strip())}
        if name == self.email_name:
            with contextlib.suppress(ValueError):
                found.add(clean_email(text))
        return found


def _parser(kind: sa.types.TypeEngine[Any]) -> Callable[[str], Any]:
    """What reads a value of a column out of a text."""
    try:
        python_type = kind.python_type
    except NotImplementedError:  # a type of one database, such as citext
        return str
    if issubclass(python_type, int):
        most = 2**63 if isinstance(kind, sa.BigInteger) else 2**31
        return lambda text: _number(str(text), most)
    return python_type


def _number(text: str, most: int) -> int:
    """A key as it is written by us, no other spelling, and none that a column cannot hold."""
    number = int(text)
    if str(number) != text or not -most <= number < most:
        raise ValueError(text)
    return number
