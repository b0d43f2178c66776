"""`sync-permissions`, `explain-permission`, `grant` and `revoke`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from ..auth.audit.service import Audit
from ..auth.commands import known_user
from ..auth.models import Models
from ..core.console import (
    as_document,
    command,
    confirm,
    counted,
    done,
    format_option,
    no_input_option,
    note,
)
from ..core.state import State, state_of
from ..exceptions import CommandError
from .explaining import explain, nearest
from .names import is_wildcard, refusal_of
from .sync import Leftover, leftovers, surplus, sync
from .wishes import SyncReport


@command("sync-permissions")
@click.option("--prune", is_flag=True, help="Remove permissions that nothing declares.")
@click.option(
    "--strict", is_flag=True, help="Take from declared groups what the code does not give them."
)
@click.option("--yes", is_flag=True, help="Do not ask before something is taken away.")
@no_input_option
@format_option
def sync_permissions(
    app: Flask, prune: bool, strict: bool, yes: bool, no_input: bool, format_: str
) -> None:
    """Make declared permissions and groups.

    Without --prune and --strict it takes nothing away, and repeats without change.
    """
    over = leftovers(app)
    if prune and over:
        confirm(_question(over), yes=yes, no_input=no_input)
    if strict and (beyond := surplus(app)):
        lost = ", ".join(f"{name} from {group}" for group, name in beyond)
        confirm(f"Take {lost}?", yes=yes, no_input=no_input)
    report = sync(app, strict=strict, remove=[one.name for one in over] if prune else [])
    left = [] if prune else [one.name for one in over]
    if format_ == "json":
        as_document({**reported(report), "undeclared": left})
        return
    say(report)
    if not report:
        done("Nothing to do: every declared permission and group is there.")
    if left:
        these = "is not declared" if len(left) == 1 else "are not declared"
        note(f"{counted(len(left), 'permission')} {these}: {', '.join(left)}.")
        note("`flask lback sync-permissions --prune` removes what is not declared.")


@command("explain-permission")
@click.argument("user")
@click.argument("permission")
@format_option
def explain_permission(app: Flask, user: str, permission: str, format_: str) -> None:
    """Say why an account holds a permission, or why not.

    USER is a username or an address.
    """
    found = explain(known_user(state_of(app), user), permission)
    if format_ == "json":
        as_document(found.as_dict())
        return
    done(f"{found.account} {'holds' if found.holds else 'does not hold'} {found.permission}.")
    for line in found.lines():
        done(f"  {line}")


@command("grant")
@click.option("--group", help="Give it to this group.")
@click.argument("names", nargs=-1, required=True, metavar="[USER] PERMISSION...")
def grant(app: Flask, group: str | None, names: Sequence[str]) -> None:
    """Give permissions to an account, or --group.

    USER is a username or an address.
    """
    state = state_of(app)
    holder, called, rows = _meant(state, group, names)
    held = holder.permissions if group else holder.user_permissions
    new = [row for row in rows if row not in held]
    held.extend(new)
    if new:
        state[Audit].record("auth.permission_granted", holder, permissions=_names(new))
        state[SQLAlchemy].session.commit()
        done(f"Gave {called} {_listed(new)}.")
    if same := [row for row in rows if row not in new]:
        note(f"{called} had {_listed(same)} already.")


@command("revoke")
@click.option("--group", help="Take it from this group.")
@click.argument("names", nargs=-1, required=True, metavar="[USER] PERMISSION...")
def revoke(app: Flask, group: str | None, names: Sequence[str]) -> None:
    """Take permissions from an account, or --group.

    USER is a username or an address. What an account holds by its groups stays.
    """
    state = state_of(app)
    holder, called, rows = _meant(state, group, names)
    held = holder.permissions if group else holder.user_permissions
    gone = [row for row in rows if row in held]
    for row in gone:
        held.remove(row)
    if gone:
        state[Audit].record("auth.permission_revoked", holder, permissions=_names(gone))
        state[SQLAlchemy].session.commit()
        done(f"Took {_listed(gone)} from {called}.")
    if missing := [row for row in rows if row not in gone]:
        note(f"{called} was not given {_listed(missing)}.")
    for row in rows if group is None else ():
        if explain(holder, row.name).holds:
            note(f"{called} still holds {row.name}: `flask lback explain-permission` says why.")


def reported(report: SyncReport) -> dict[str, Any]:
    """A report for JSON."""
    pairs = ("grants", "taken")
    return {
        key: [{"group": group, "permission": name} for group, name in value]
        if key in pairs
        else value
        for key, value in vars(report).items()
    }


def say(report: SyncReport, *, would: bool = False) -> None:
    """A report in words.

    :param would: whether nothing was done.
    """
    made, gave, took = ("Would make", "Would give", "Would take") if would else _DONE
    for what, names in (("permission", report.permissions), ("group", report.groups)):
        if names:
            done(f"{made} {counted(len(names), what)}: {', '.join(names)}.")
    for group, name in report.grants:
        done(f"{gave} {group} {name}.")
    for group in report.changed:
        done(f"{'Would change' if would else 'Changed'} the description or the flag of {group}.")
    for group, name in report.taken:
        done(f"{took} {name} from {group}.")
    if report.removed:
        number = counted(len(report.removed), "permission")
        done(f"Removed {number}: {', '.join(report.removed)}.")


_DONE = ("Made", "Gave", "Took")


def _question(over: Sequence[Leftover]) -> str:
    names = ", ".join(
        f"{one.name} ({counted(one.holders, 'holder')})" if one.holders else one.name
        for one in over
    )
    return f"Remove {counted(len(over), 'permission')} that nothing declares: {names}?"


def _meant(state: State, group: str | None, names: Sequence[str]) -> tuple[Any, str, list[Any]]:
    """The account or group, what it is called, and the permissions.

    :raises CommandError: one of them does not exist.
    """
    if group is None:
        first, *names = names
        if not names:
            raise click.UsageError("Give a user and a permission, or --group and a permission.")
        holder = known_user(state, first)
        return holder, holder.get_username(), _rows(state, names)
    kind: Any = state[Models].Group
    session = state[SQLAlchemy].session
    holder = session.scalar(sa.select(kind).filter_by(name=group))
    if holder is None:
        near = nearest(group, session.scalars(sa.select(kind.name)))
        raise CommandError(f"There is no group {group!r}.", f"Did you mean {near!r}?" * bool(near))
    return holder, f"the group {group}", _rows(state, names)


def _rows(state: State, names: Sequence[str]) -> list[Any]:
    kind: Any = state[Models].Permission
    session = state[SQLAlchemy].session
    known = {row.name: row for row in session.scalars(sa.select(kind))}
    for name in names:
        if is_wildcard(name):
            raise CommandError(*refusal_of(name))
        if name not in known:
            near = nearest(name, known)
            hint = "`flask lback sync-permissions` makes those that the code declares."
            meant = f"Did you mean {near!r}? " if near else ""
            raise CommandError(f"There is no permission {name!r}.", meant + hint)
    return [known[name] for name in dict.fromkeys(names)]


def _names(rows: Sequence[Any]) -> list[str]:
    return [row.name for row in rows]


def _listed(rows: Sequence[Any]) -> str:
    return ", ".join(_names(rows))
