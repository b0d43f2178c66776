"""What `create-superuser` has to know: the fields of whatever user model there is."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

import click
import sqlalchemy as sa

from ...core.console import ask
from ...core.state import State
from ...exceptions import CommandError, InvalidFieldsError
from ..accounts import Accounts
from ..models import Models

#: What the variables start with that give a field, or the password.
VARIABLE = "LBACK_SUPERUSER_"


def given_values(
    user_class: type[Any], username: str | None, email: str | None, others: Iterable[str]
) -> dict[str, str]:
    """Values from flags, and from variables where the model has such a field."""
    given: dict[str, str | None] = {"username": username, "email": email}
    for pair in others:
        name, sign, text = pair.partition("=")
        if not sign:
            raise click.UsageError(f"--field {pair!r} must be NAME=VALUE.")
        given[name] = text
    for name, value in given.items():
        if value is not None and name not in sa.inspect(user_class).columns:
            flag = f"--{name}" if name in ("username", "email") else f"--field {name}=…"
            raise CommandError(f"{user_class.__name__} has no {name}.", f"Leave {flag} out.")
    found = {name: value for name, value in given.items() if value is not None}
    for name in sa.inspect(user_class).columns.keys():  # noqa: SIM118 - a collection, no mapping
        if name != "password" and (value := os.environ.get(VARIABLE + name.upper())):
            found.setdefault(name, value)
    return found


def value_of(state: State, name: str, given: str | None, no_input: bool) -> Any:
    """One field, given or asked for, as the model takes it.

    :raises CommandError: it is not good.
    """
    check = _checker(state, name)
    if given is None:
        flag = f"--{name}" if name in ("username", "email") else f"--field {name}=…"
        variable = VARIABLE + name.upper()
        return check(
            ask(label_of(name), flag=flag, variable=variable, no_input=no_input, check=_text(check))
        )
    try:
        return check(given)
    except ValueError as error:
        raise CommandError(f"{label_of(name)} {given!r} cannot be used. {error}") from error


def _checker(state: State, name: str) -> Callable[[str], Any]:
    column = sa.inspect(state[Models].User).columns[name]
    kind = column.type.python_type

    def check(text: str) -> Any:
        try:
            cleaned = state[Accounts].cleaned({name: text})[name]
        except InvalidFieldsError as error:
            raise ValueError(error.errors[name][0]) from error
        if not text.strip() and not column.nullable:
            raise ValueError("It cannot be empty.")
        return cleaned if kind is str else getattr(kind, "fromisoformat", kind)(cleaned)

    return check


def _text(check: Callable[[str], Any]) -> Callable[[str], str]:
    def checked(text: str) -> str:
        check(text)
        return text

    return checked


def label_of(name: str) -> str:
    """A field in words."""
    return name.replace("_", " ").capitalize()
