"""What a user class calls its accounts by: its own names, or those of our mixins."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from ...exceptions import ConfigError
from .names import canonical

#: Names that our mixins bring, and the unique twin in which two of them are compared.
TWINS = {"username": "username_canonical", "email": "email_canonical"}


def twin_of(user_class: type[Any], name: str) -> str | None:
    """The attribute with the canonical form of a name, None when the class has none."""
    twin = TWINS.get(name)
    return twin if twin is not None and hasattr(user_class, twin) else None


def email_field(user_class: type[Any]) -> str | None:
    """The attribute that holds the address, None when the class has none."""
    name: str | None = getattr(user_class, "EMAIL_FIELD", "email")
    return name if name and hasattr(user_class, name) else None


def address_of(user: Any) -> str | None:
    """The address of an account, None when it has none."""
    name = email_field(user.__class__)
    return (getattr(user, name) or None) if name is not None else None


def sign_in_names(user_class: type[Any]) -> tuple[str, ...]:
    """The attributes by which an account is found at sign-in: ``USERNAME_FIELD`` first.

    An address that several accounts may share is not among them.
    """
    names = dict.fromkeys((user_class.USERNAME_FIELD, *TWINS, email_field(user_class)))
    return tuple(
        name
        for name in names
        if name is not None
        and (
            name == user_class.USERNAME_FIELD
            or twin_of(user_class, name) is not None
            or (name == email_field(user_class) and _is_unique(user_class, name))
        )
    )


def canonical_names_of(user: Any) -> Iterator[str]:
    """What people may type to sign in to an account, in the form in which it is counted."""
    for name in sign_in_names(user.__class__):
        if (value := getattr(user, name, None)) is not None:
            yield canonical(str(value))


def refuse_unknown_names(user_class: type[Any]) -> None:
    """Look at ``USERNAME_FIELD``, ``EMAIL_FIELD`` and ``REQUIRED_FIELDS`` before anything starts.

    :raises ConfigError: one names no column of the class.
    """
    shown, required = user_class.__name__, user_class.REQUIRED_FIELDS
    if isinstance(required, str):
        raise ConfigError(
            f"{shown}.REQUIRED_FIELDS is the text {required!r}.", f"Write [{required!r}]."
        )
    known = sorted(_columns(user_class))
    for option, name in (
        ("USERNAME_FIELD", user_class.USERNAME_FIELD),
        *(("REQUIRED_FIELDS", one) for one in required),
        *_own_email_field(user_class),
    ):
        if name not in known:
            near = difflib.get_close_matches(str(name), known, n=1)
            guess = f"Did you mean {near[0]!r}?" if near else f"Its columns are {', '.join(known)}."
            raise ConfigError(
                f"{shown}.{option} names {name!r}, and {shown} has no such column.",
                f"Set {option} on the class, or add the column. {guess}",
            )
    if user_class.USERNAME_FIELD in required:
        raise ConfigError(
            f"{shown}.REQUIRED_FIELDS names its USERNAME_FIELD, {user_class.USERNAME_FIELD!r}.",
            "Take it out: it is asked for anyway.",
        )


def _own_email_field(user_class: type[Any]) -> Iterator[tuple[str, str]]:
    """What the class itself says; "email" is only a guess."""
    if (name := getattr(user_class, "EMAIL_FIELD", None)) and name != "email":
        yield "EMAIL_FIELD", name


def _columns(user_class: type[Any]) -> set[str]:
    mapper: Any = sa.inspect(user_class)
    return {*mapper.column_attrs.keys(), *mapper.synonyms.keys()}


def _is_unique(user_class: type[Any], name: str) -> bool:
    """Whether the database lets one account alone have a value."""
    attribute: Any = sa.inspect(user_class).column_attrs.get(name)
    if attribute is None:
        return False
    column = attribute.columns[0]
    table: sa.Table = column.table
    constraints = [one for one in table.constraints if isinstance(one, sa.UniqueConstraint)]
    indexes = [one for one in table.indexes if one.unique]
    alone = [*(list(one.columns) for one in constraints), *(list(one.columns) for one in indexes)]
    return bool(column.unique) or [column] in alone
