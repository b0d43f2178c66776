"""Groups and rights of an account, and the questions about them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import Mapped, mapped_column

from ...core.state import current_state
from ..rights import rights_of

if TYPE_CHECKING:
    from ..companions import GroupMixin, PermissionMixin


class PermissionsMixin:
    """Groups and rights. ``groups`` and ``user_permissions`` come with the companions."""

    is_staff: Mapped[bool] = mapped_column(default=False)
    is_superuser: Mapped[bool] = mapped_column(default=False)

    if TYPE_CHECKING:
        groups: list[GroupMixin]
        user_permissions: list[PermissionMixin]

    def has_permission(self, name: str) -> bool:
        """Whether this account may do what the permission stands for."""
        return rights_of(self).has(name)

    def has_permissions(self, names: Iterable[str]) -> bool:
        """Whether it holds all of them; False for none at all."""
        return rights_of(self).has_all(names)

    def has_any_permission(self, names: Iterable[str]) -> bool:
        """Whether it holds at least one of them."""
        return rights_of(self).has_any(names)

    def has_object_permission(self, name: str, obj: Any) -> bool:
        """Whether this account may do something with one object.

        The rule of the object's policy decides; without one, the permission itself. A grant on the
        object is enough, too. None, and what is not mapped, is no.
        """
        return rights_of(self).has_on(name, obj)

    def in_group(self, name: str) -> bool:
        """Whether it is a member of the group of that name."""
        return rights_of(self).in_group(name)

    #: The Flask book's word for the same question.
    can = has_permission

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """:meth:`has_permission`, or :meth:`has_object_permission`, as Django calls them.

        Of what is no object of a model only superusers hold anything, as in Django.
        """
        if obj is None:
            return self.has_permission(perm)
        if not hasattr(obj, "__mapper__"):
            return rights_of(self).passes(perm)
        return self.has_object_permission(perm, obj)

    def has_perms(self, perm_list: Iterable[str], obj: Any = None) -> bool:
        """:meth:`has_permissions`, as Django calls it; with an object, all of them on it."""
        if obj is None:
            return self.has_permissions(perm_list)
        wanted = [perm_list] if isinstance(perm_list, str) else list(perm_list)
        return bool(wanted) and all(self.has_perm(name, obj) for name in wanted)

    def has_module_perms(self, app_label: str) -> bool:
        """Whether it holds any permission of an app: one whose name starts with ``<app>.``."""
        held = self.get_all_permissions()
        return rights_of(self).is_superuser or any(n.startswith(f"{app_label}.") for n in held)

    def get_user_permissions(self, obj: Any = None) -> set[str]:
        """The names of the permissions that it holds directly; all there are for a superuser."""
        return self._held(self.user_permissions, obj)

    def get_group_permissions(self, obj: Any = None) -> set[str]:
        """The names of those that it holds by groups; all there are for a superuser."""
        return self._held((one for group in self.groups for one in group.permissions), obj)

    def get_all_permissions(self, obj: Any = None) -> set[str]:
        """The names of all that it holds."""
        return self.get_user_permissions(obj) | self.get_group_permissions(obj)

    def _held(self, permissions: Iterable[PermissionMixin], obj: Any) -> set[str]:
        """The names of those that it may use: an account that is off, or a token, has fewer."""
        rights = rights_of(self)
        if obj is not None:
            return set()
        if self.is_superuser or rights.is_superuser:
            kind = sa.inspect(type(self)).relationships["user_permissions"].mapper.class_
            permissions = current_state()[SQLAlchemy].session.scalars(sa.select(kind))
        return {one.name for one in permissions if rights.has(one.name)}
