"""Declare permissions and groups; give and take rights."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy

from ..auth.models import Models
from ..auth.rights import rights_of
from ..auth.sessions.loading import AccountLoader
from ..auth.versions import raise_version
from ..core.state import current_state
from ..exceptions import ConfigError, UnknownNameError
from .names import is_name


@dataclass(frozen=True)
class DeclaredGroup:
    """A group that the code wants to exist."""

    name: str
    permissions: tuple[str, ...]
    description: str
    is_default: bool


class Permissions:
    """What was declared on a ``Lback``, and the rights of the present application."""

    def __init__(self) -> None:
        self.defined: dict[str, str] = {}
        self.groups: dict[str, DeclaredGroup] = {}

    def define(self, name: str, description: str = "") -> str:
        """Declare a permission beyond those that every model has.

        :returns: the name, to be kept in a constant.
        :raises ConfigError: it cannot be one.
        """
        if not is_name(name):
            raise ConfigError(f"{name!r} cannot be a permission.", 'Use "<app>.<what>".')
        self.defined[name] = description
        return name

    def declare_group(
        self,
        name: str,
        permissions: Iterable[str] = (),
        *,
        description: str = "",
        is_default: bool = False,
    ) -> None:
        """Declare a group; `sync-permissions` makes it and gives it what it lacks.

        :param is_default: given to everybody who registers.
        """
        self.groups[name] = DeclaredGroup(name, tuple(permissions), description, is_default)

    def has(self, user: Any, name: str) -> bool:
        """Whether an account holds a permission."""
        return rights_of(user).has(name)

    def grant(self, name: str, holder: Any) -> None:
        """Give a permission to an account or a group; commit it yourself.

        :param holder: the account, the group, or the name of the group.
        :raises UnknownNameError: there is no such permission, or no such group.
        """
        permission, held = self._held(name, holder)
        if permission not in held:
            held.append(permission)

    def revoke(self, name: str, holder: Any) -> None:
        """Take a permission from an account or a group; commit it yourself.

        :param holder: the account, the group, or the name of the group.
        :raises UnknownNameError: there is no such permission, or no such group.
        """
        permission, held = self._held(name, holder)
        if permission in held:
            held.remove(permission)

    def touch(self) -> None:
        """Make every process ask for rights again, after raw SQL changed them; commits."""
        state = current_state()
        with state[AccountLoader].engine.begin() as connection:
            raise_version(connection, state[Models])

    def _held(self, name: str, holder: Any) -> tuple[Any, list[Any]]:
        state = current_state()
        models = state[Models]
        session = state[SQLAlchemy].session
        permission = session.scalar(sa.select(models.Permission).filter_by(name=name))
        if permission is None:
            raise UnknownNameError(
                f"There is no permission {name!r}.",
                "Declare it with lback.permissions.define and run `flask lback sync-permissions`.",
            )
        if isinstance(holder, str):
            name, holder = holder, session.scalar(sa.select(models.Group).filter_by(name=holder))
            if holder is None:
                raise UnknownNameError(f"There is no group {name!r}.")
        if isinstance(holder, models.Group):
            return permission, holder.permissions
        return permission, holder.user_permissions
