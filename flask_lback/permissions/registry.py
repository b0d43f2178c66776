"""Declare permissions and groups; give and take rights."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy

from ..auth.models import Models
from ..auth.rights import rights_of
from ..auth.sessions.loading import AccountLoader
from ..auth.versions import raise_version
from ..core.state import current_state
from ..exceptions import ConfigError, LbackError, UnknownNameError
from .keys import itself
from .names import is_name, permission_name, refusal_of
from .objects import ObjectGrants
from .policies import DeclaredPolicies, Policies

P = TypeVar("P", bound=type[Any])
#: No object in particular; None is one that is missing, and never passes.
ANY: Final = object()


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
        self.policies = DeclaredPolicies()

    def define(self, name: str, description: str = "") -> str:
        """Declare a permission beyond those that every model has.

        :returns: the name, to be kept in a constant.
        :raises ConfigError: it cannot be one.
        """
        if not is_name(name):
            raise ConfigError(*refusal_of(name))
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
        :raises ConfigError: something cannot be the name of a permission.
        """
        names = tuple(permissions)
        for one in names:
            if not is_name(one):
                raise ConfigError(*refusal_of(one))
        self.groups[name] = DeclaredGroup(name, names, description, is_default)

    def policy(self, *models: type[Any]) -> Callable[[P], P]:
        """Let a class decide about single objects of these models: ``@policy(Post)``.

        See :mod:`flask_lback.permissions.policies` for what it holds.

        :raises ConfigError: it has rules and no ``scope``, or a model has a policy already.
        """

        def declare(kind: P) -> P:
            self.policies.declare(models, kind)
            return kind

        return declare

    def scope(self, statement: sa.Select[Any], user: Any, action: str = "view") -> sa.Select[Any]:
        """Leave the rows in a query with which an account may do something.

        :param statement: a select of one model.
        :param action: as ``change``, or a permission such as ``blog.change_post``.
        :raises LbackError: it selects no model.
        """
        model = statement.column_descriptions[0].get("entity")
        if not hasattr(model, "__mapper__") or not isinstance(model, type):
            raise LbackError("This statement selects no model.", "Start from select(Post).")
        name = action if "." in action else permission_name(model, action)
        return current_state()[Policies].scope(statement, model, user, name)

    def has(self, user: Any, name: str, obj: Any = ANY) -> bool:
        """Whether an account holds a permission; with an object, whether on this one."""
        return rights_of(user).has(name) if obj is ANY else rights_of(user).has_on(name, obj)

    def grant(self, name: str, holder: Any) -> None:
        """Give a permission to an account or a group; commit it yourself.

        :param holder: the account, the group, or the name of the group.
        :raises UnknownNameError: there is no such permission, or no such group.
        """
        permission, holder = self._permission(name), self._holder(holder)
        if permission not in (held := _held(holder)):
            held.append(permission)

    def revoke(self, name: str, holder: Any) -> None:
        """Take a permission from an account or a group; commit it yourself.

        :param holder: the account, the group, or the name of the group.
        :raises UnknownNameError: there is no such permission, or no such group.
        """
        permission, holder = self._permission(name), self._holder(holder)
        if permission in (held := _held(holder)):
            held.remove(permission)

    def grant_object(self, name: str, obj: Any, holder: Any) -> None:
        """Give a permission on one object to an account or a group; commit it yourself.

        It goes with the object, and with the account or the group.

        :param obj: a stored object, or one of the session.
        :param holder: the account, the group, or the name of the group.
        :raises UnknownNameError: there is no such permission, or no such group.
        :raises LbackError: the object cannot be granted.
        """
        current_state()[ObjectGrants].grant(self._permission(name), obj, self._holder(holder))

    def revoke_object(self, name: str, obj: Any, holder: Any) -> None:
        """Take a permission on one object back; commit it yourself.

        What the account or the group holds in general stays.

        :raises LbackError: as :meth:`grant_object`.
        """
        current_state()[ObjectGrants].revoke(self._permission(name), obj, self._holder(holder))

    def touch(self) -> None:
        """Make every process ask for rights again, after raw SQL changed them; commits."""
        state = current_state()
        with state[AccountLoader].engine.begin() as connection:
            raise_version(connection, state[Models])

    def _permission(self, name: str) -> Any:
        """The row of a permission.

        :raises UnknownNameError: there is none.
        """
        state = current_state()
        if not is_name(name):  # MariaDB takes a name with spaces after it for the same
            raise UnknownNameError(*refusal_of(name))
        query = sa.select(state[Models].Permission).filter_by(name=name)
        permission = state[SQLAlchemy].session.scalar(query)
        if permission is None:
            raise UnknownNameError(
                f"There is no permission {name!r}.",
                "Declare it with lback.permissions.define and run `flask lback sync-permissions`.",
            )
        return permission

    def _holder(self, holder: Any) -> Any:
        """An account or a group, by its name too.

        :raises UnknownNameError: there is no such group.
        """
        if not isinstance(holder, str):
            return itself(holder)
        state = current_state()
        query = sa.select(state[Models].Group).filter_by(name=holder)
        group = state[SQLAlchemy].session.scalar(query)
        if group is None:
            raise UnknownNameError(f"There is no group {holder!r}.")
        return group


def _held(holder: Any) -> list[Any]:
    """The permissions of a group, or those of an account itself."""
    is_group = isinstance(holder, current_state()[Models].Group)
    held: list[Any] = holder.permissions if is_group else holder.user_permissions
    return held
