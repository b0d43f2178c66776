"""Who is not signed in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class AnonymousUser:
    """Nobody: answers the questions that are asked of accounts, always with no."""

    id = pk = None
    is_authenticated = False
    is_anonymous = True
    is_active = False
    is_staff = False
    is_superuser = False
    username = ""
    groups: tuple[Any, ...] = ()
    user_permissions: tuple[Any, ...] = ()

    def get_id(self) -> None:
        """Nobody has no key."""
        return

    def get_username(self) -> str:
        """Nobody has no name."""
        return ""

    def check_password(self, password: str | None) -> bool:
        """Nobody has no password."""
        return False

    def has_usable_password(self) -> bool:
        """As :meth:`check_password`."""
        return False

    def has_permission(self, name: str) -> bool:
        """Nobody may do anything that needs a permission."""
        return False

    def has_permissions(self, names: Iterable[str]) -> bool:
        """As :meth:`has_permission`."""
        return False

    has_any_permission = has_permissions
    in_group = can = has_module_perms = has_permission

    def has_object_permission(self, name: str, obj: Any) -> bool:
        """As :meth:`has_permission`."""
        return False

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """As :meth:`has_permission`."""
        return False

    def has_perms(self, perm_list: Iterable[str], obj: Any = None) -> bool:
        """As :meth:`has_permission`."""
        return False

    def get_all_permissions(self, obj: Any = None) -> set[str]:
        """Nobody holds any."""
        return set()

    get_user_permissions = get_group_permissions = get_all_permissions

    def set_password(self, password: str | None) -> None:
        """Refused, as in Django.

        :raises NotImplementedError: there is no account that could keep anything.
        """
        raise NotImplementedError("Nobody is signed in: there is no account to change.")

    def save(self, using: Any = None) -> None:
        """As :meth:`set_password`."""
        self.set_password(None)

    delete = save

    def __eq__(self, other: object) -> bool:
        """Nobody is nobody."""
        return isinstance(other, AnonymousUser)

    def __hash__(self) -> int:
        return hash(AnonymousUser)

    def __str__(self) -> str:
        return "AnonymousUser"
