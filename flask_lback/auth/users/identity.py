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


def has_confirmed_address(user: Any) -> bool:
    """Whether the owner of the account's address has shown that it is theirs."""
    return getattr(user, "email_verified_at", None) is not None


def greeting_of(user: Any) -> str:
    """What a mail calls the owner of an account.

    Whoever owns an address that nobody has confirmed may have nothing to do with the account: a
    stranger's own words are not sent there in our name. A username has a form that they do not fit
    into; a name of the user class's own that people are called by may have none.
    """
    name = str(user.get_username())
    if has_confirmed_address(user):
        return getattr(user, "first_name", "") or name
    if user.USERNAME_FIELD in (*TWINS, email_field(user.__class__)):
        return name
    return address_of(user) or name


def own_words(user: Any, text: str) -> str:
    """What a mail repeats of a text that the owner of an account has chosen, such as a label.

    :returns: "" while the address is not confirmed, as in :func:`greeting_of`.
    """
    return text if has_confirmed_address(user) else ""


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
            or (name == email_field(user_class) and _has_unique(user_class, name))
        )
    )


def canonical_names_of(user: Any) -> Iterator[str]:
    """What people may type to sign in to an account, in the form in which it is counted."""
    for name in sign_in_names(user.__class__):
        if (value := getattr(user, name, None)) is not None:
            yield canonical(str(value))


def refuse_unknown_names(user_class: type[Any]) -> None:
    """Look at ``USERNAME_FIELD``, ``EMAIL_FIELD`` and ``REQUIRED_FIELDS`` before anything starts.

    :raises ConfigError: one names no column of the class; several accounts may have the same name.
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
    name = user_class.USERNAME_FIELD
    # A sign-in would open whichever is found first.
    if twin_of(user_class, name) is None and not _has_unique(user_class, name):
        raise ConfigError(
            f"{shown}.USERNAME_FIELD names {name!r}, which several accounts may share.",
            "Declare the column with mapped_column(unique=True), or name another one.",
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


def is_unique(column: Any) -> bool:
    """Whether the database lets one row alone have a value."""
    if not isinstance(column, sa.Column):  # what a query computes
        return False
    table: sa.Table = column.table
    constraints = [
        one
        for one in table.constraints
        if isinstance(one, sa.UniqueConstraint | sa.PrimaryKeyConstraint)
    ]
    alone = [list(one.columns) for one in constraints]
    alone += [list(one.columns) for one in table.indexes if one.unique]
    return bool(column.unique) or [column] in alone


def _has_unique(user_class: type[Any], name: str) -> bool:
    """Whether one account alone has a value of this attribute."""
    mapper: Any = sa.inspect(user_class)
    synonym = mapper.synonyms.get(name)
    attribute = mapper.column_attrs.get(name if synonym is None else synonym.name)
    return attribute is not None and is_unique(attribute.columns[0])
