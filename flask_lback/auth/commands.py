"""Accounts from the command line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import click
import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.exc import IntegrityError

from ..core.console import (
    ask_password,
    command,
    counted,
    done,
    format_option,
    listing,
    no_input_option,
    note,
    password_options,
)
from ..core.state import State, state_of
from ..exceptions import CommandError
from .accounts import Accounts
from .managers import UserManager
from .models import Models
from .sessions.cleaning import remove_dead
from .users.directory import Directory
from .users.identity import sign_in_names, twin_of
from .users.last_superuser import is_last_superuser
from .users.mixins import key_name
from .users.names import canonical
from .users.superusers import VARIABLE, given_values, label_of, value_of


@command("create-superuser")
@click.option("--username", help=f"Or {VARIABLE}USERNAME.")
@click.option("--email", help=f"Or {VARIABLE}EMAIL.")
@click.option(
    "--field", "others", multiple=True, metavar="NAME=VALUE", help="Any other field of the model."
)
@password_options
@no_input_option
@click.option("--if-missing", is_flag=True, help="An account of that name is no error.")
def create_superuser(
    app: Flask,
    username: str | None,
    email: str | None,
    others: Sequence[str],
    password_stdin: bool,
    skip_validation: bool,
    no_input: bool,
    if_missing: bool,
) -> None:
    """Make an account with every right.

    What is not given is taken from LBACK_SUPERUSER_USERNAME, _EMAIL and _PASSWORD, or asked.
    """
    state = state_of(app)
    user_class, manager = state[Models].user_class, UserManager(state)
    if not hasattr(user_class, "is_superuser"):
        raise CommandError(
            f"{user_class.__name__} has no superusers.", "Derive it from PermissionsMixin."
        )
    given = given_values(user_class, username, email, others)
    fields: dict[str, Any] = {}
    for name in dict.fromkeys((user_class.USERNAME_FIELD, *user_class.REQUIRED_FIELDS, *given)):
        fields[name] = value_of(state, name, given.get(name), no_input)
        if name == user_class.USERNAME_FIELD and (present := _find(state, fields[name])):
            _accept_present(present, if_missing)
            return
    accounts = state[Accounts]
    _refuse(accounts.taken(fields))
    owner = SimpleNamespace(**fields)
    password = ask_password(
        from_stdin=password_stdin,
        variable=f"{VARIABLE}PASSWORD",
        flag="--password-stdin",
        no_input=no_input,
        complaints=None if skip_validation else lambda text: accounts.complaints(owner, text),
    )
    user = manager.create_superuser(password=password, **fields)
    try:
        state[SQLAlchemy].session.commit()
    except IntegrityError as error:
        raise CommandError("One of these values belongs to another account.") from error
    done(f"Made the superuser {user.get_username()}.")


@command("list-users")
@click.option("--active/--inactive", "active", default=None, help="Only those.")
@click.option("--staff", is_flag=True, help="Only those who may enter the admin panel.")
@click.option("--search", help="Part of a username or an address.")
@format_option
def list_users(
    app: Flask, active: bool | None, staff: bool, search: str | None, format_: str
) -> None:
    """List accounts, by key."""
    state = state_of(app)
    user: Any = state[Models].User
    names = dict.fromkeys((key_name(user), user.USERNAME_FIELD, "email", *_SHOWN))
    columns = [getattr(user, name).label(name) for name in names if hasattr(user, name)]
    query = sa.select(*columns).order_by(getattr(user, key_name(user)))
    if active is not None:
        query = query.where(user.is_active.is_(active))
    if staff:
        query = query.where(user.is_staff.is_(True))
    if search:
        searched = [
            sa.cast(column, sa.String).contains(text, autoescape=True)
            for column, text in _searched(user, search)
        ]
        query = query.where(sa.or_(sa.false(), *searched))
    rows = [dict(row) for row in state[SQLAlchemy].session.execute(query).mappings()]
    listing(rows, as_json=format_ == "json", empty="There is no such account.")


def _searched(user: Any, search: str) -> Iterator[tuple[Any, str]]:
    """The columns that are looked through, each with what it may hold."""
    for name in sign_in_names(user):
        twin = twin_of(user, name)
        yield getattr(user, twin or name), canonical(search) if twin else search


_SHOWN = ("is_active", "is_staff", "is_superuser", "email_verified_at", "last_login_at")


@command("activate-user")
@click.argument("name")
def activate_user(app: Flask, name: str) -> None:
    """Let an account sign in again.

    NAME is a username or an address.
    """
    state = state_of(app)
    user = known_user(state, name)
    changed = UserManager(state).activate(user)
    state[SQLAlchemy].session.commit()
    _say_changed(user, changed, "active")


@command("deactivate-user")
@click.argument("name")
def deactivate_user(app: Flask, name: str) -> None:
    """Keep an account out; its sessions end.

    NAME is a username or an address.
    """
    state = state_of(app)
    user = known_user(state, name)
    if is_last_superuser(state[SQLAlchemy], state[Models], user, lock=True):
        raise CommandError(
            f"{user.get_username()} is the last active superuser.",
            "Make another one first: `flask lback create-superuser`.",
        )
    changed = UserManager(state).deactivate(user)
    state[SQLAlchemy].session.commit()
    _say_changed(user, changed, "inactive")


@command("reset-password")
@click.argument("name")
@click.option(
    "--must-change", is_flag=True, help="Its owner chooses another one at the next sign-in."
)
@password_options
@no_input_option
def reset_password(
    app: Flask,
    name: str,
    must_change: bool,
    password_stdin: bool,
    skip_validation: bool,
    no_input: bool,
) -> None:
    """Set a password; sessions of the account end.

    NAME is a username or an address.
    """
    state = state_of(app)
    user, manager = known_user(state, name), UserManager(state)
    password = ask_password(
        from_stdin=password_stdin,
        no_input=no_input,
        complaints=None
        if skip_validation
        else lambda text: manager.password_complaints(text, user),
    )
    manager.set_password(user, password, validate=False, must_change=must_change)
    state[SQLAlchemy].session.commit()
    done(f"{user.get_username()} has a new password, and every session has ended.")


@command("clean-sessions")
@click.option("--batch", type=click.IntRange(min=1), default=1000, show_default=True, hidden=True)
def clean_sessions(app: Flask, batch: int) -> None:
    """Remove logins and invitations that are over."""
    sessions, tokens = remove_dead(state_of(app), batch)
    done(f"Removed {counted(sessions, 'session')} and {counted(tokens, 'refresh token')}.")


def _refuse(errors: dict[str, list[str]]) -> None:
    for name, messages in errors.items():
        raise CommandError(f"{label_of(name)}: {messages[0]}")


def _accept_present(user: Any, if_missing: bool) -> None:
    name = user.get_username()
    if not if_missing:
        raise CommandError(
            f"There is an account {name} already.",
            "Give --if-missing to accept that, or run `flask lback reset-password`.",
        )
    rights = "" if user.is_superuser else " It is not a superuser."
    note(f"There is an account {name} already; nothing was changed.{rights}")


def _find(state: State, name: str) -> Any | None:
    """The account that a person means, by any name that opens it."""
    return state[Directory].by_identifier(str(name))


def known_user(state: State, name: str) -> Any:
    """The account of a username or an address.

    :raises CommandError: there is none.
    """
    user = _find(state, name)
    if user is None:
        raise CommandError(f"There is no account {name!r}.", "`flask lback list-users` shows them.")
    return user


def _say_changed(user: Any, changed: bool, word: str) -> None:
    if changed:
        done(f"{user.get_username()} is {word} now.")
    else:
        note(f"{user.get_username()} was {word} already.")
