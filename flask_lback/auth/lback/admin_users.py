"""``AdminUserManager``: Lback's name for what is done with the accounts of administrators.

Lback keeps them in a table of their own, where the number of one account could stand for another.
Here an administrator is an account with ``is_staff``, and its role is a group.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, TypeVar

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy

from ...core.state import State, current_state
from ...core.translation import gettext
from ...core.views import caller_of
from ...exceptions import AuthenticationError, ConfigError, InvalidFieldsError
from ..accounts import Accounts
from ..audit.service import Audit
from ..current import present_login, resolve
from ..denials import refuse_anonymous, refuse_forbidden
from ..managers import UserManager
from ..models import Models
from ..users.directory import Directory
from ..users.selection import Selection
from .calls import lback_call

V = TypeVar("V", bound=Callable[..., Any])


class AdminUserManager:
    """The administrators of an application; make one wherever it is needed.

    Each method takes Lback's database session first, or none. Nobody's rights are asked here: that
    is for the view, see :meth:`permission_required`.

    :param state: of the application; the current one's when left out.
    """

    def __init__(self, state: State | None = None) -> None:
        self._state = state or current_state()

    @lback_call("username", "email", "password", "role_name")
    def register_admin(
        self, username: str, email: str, password: str, role_name: str | None = None
    ) -> Any:
        """Make an account that may enter the panel, its address confirmed; commit it yourself.

        It holds what its group holds, and is no superuser.

        :param role_name: the name of a group.
        :raises InvalidFieldsError: a name is malformed or taken, the policy refuses the password,
            or there is no such group.
        """
        state = self._state
        names = self._names(username, email)
        errors = {}
        group = self._group(role_name) if role_name is not None else None
        if role_name is not None and group is None:
            errors["role_name"] = [gettext("There is no group %(name)s.", name=role_name)]
        if complaints := state[Accounts].complaints(SimpleNamespace(**names), password):
            errors["password"] = complaints
        if errors:
            raise InvalidFieldsError(errors)
        user = UserManager(state).create_user(
            password=password, verified=True, is_staff=True, **names
        )
        if group is not None:
            user.groups.append(group)
        state[SQLAlchemy].session.flush()
        state[Audit].record("auth.admin_registered", user, group=role_name)
        return user

    @lback_call("username", "password")
    def authenticate_admin(self, username: str, password: str) -> Any | None:
        """The administrator whom a name and a password open, None when they open none.

        Counted and limited like every other way to try a password.

        :raises Problem: 429, too many attempts.
        """
        try:
            user = UserManager(self._state).authenticate_user(username, password)
        except AuthenticationError:
            return None
        if not user.is_staff:
            self._state[Audit].refuse("auth.login", user, reason="not_staff")
            return None
        return user

    @lback_call("admin_id")
    def get_admin_by_id(self, admin_id: Any) -> Any | None:
        """The administrator of that key."""
        return _if_staff(self._state[Directory].by_key(str(admin_id)))

    @lback_call("username")
    def get_admin_by_username(self, username: str) -> Any | None:
        """The administrator of that username."""
        return _if_staff(self._state[Directory].by_username(username))

    @lback_call()
    def get_all_admins(self) -> list[Any]:
        """Every account that may enter the panel, by key."""
        return list(Selection(self._state[Directory].user_class).filter(is_staff=True))

    @staticmethod
    def has_permission(admin_user: Any, permission_name: str) -> bool:
        """Whether somebody is an administrator, and holds a permission; False for None."""
        if _if_staff(admin_user) is None:
            return False
        return bool(admin_user.has_permission(permission_name))

    @staticmethod
    def permission_required(permission: str) -> Callable[[V], V]:
        """Let a view run for administrators with a permission.

        Others get 403, visitors the sign-in page. A login that is narrowed to scopes is no
        administrator's.

        :raises ConfigError: no permission is named.
        """
        if not permission:
            raise ConfigError(
                f"permission_required({permission!r}) names no permission.",
                'Give a name such as "blog.add_post".',
            )

        def decorate(view: V) -> V:
            run = caller_of(view)

            @functools.wraps(view)
            def guarded(*args: Any, **kwargs: Any) -> Any:
                user, login = resolve(), present_login()
                if not user.is_authenticated:
                    return refuse_anonymous()
                is_narrowed = login is not None and login.scopes is not None
                if is_narrowed or not AdminUserManager.has_permission(user, permission):
                    refuse_forbidden(permission)
                return run(*args, **kwargs)

            return guarded  # type: ignore[return-value]

        return decorate

    def _names(self, username: str, email: str) -> dict[str, Any]:
        """The names that this user class has."""
        directory = self._state[Directory]
        kind = directory.user_class
        names = {"username" if directory.has_username else kind.USERNAME_FIELD: username}
        if directory.email_name is not None:
            names[directory.email_name] = email
        return names

    def _group(self, name: str) -> Any | None:
        kind: Any = self._state[Models].Group
        query = sa.select(kind).where(kind.name == name)
        return self._state[SQLAlchemy].session.scalar(query)


def _if_staff(user: Any) -> Any | None:
    return user if getattr(user, "is_staff", False) is True else None
