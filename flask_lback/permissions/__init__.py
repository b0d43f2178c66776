"""What may you do: declared permissions and groups, cached checks, decorators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy import names

if TYPE_CHECKING:
    from .decorators import PermissionRequired as PermissionRequired
    from .decorators import any_permission_required as any_permission_required
    from .decorators import group_required as group_required
    from .decorators import permission_required as permission_required
    from .decorators import require_permission as require_permission
    from .decorators import staff_member_required as staff_member_required
    from .decorators import superuser_required as superuser_required
    from .mixins import PermissionRequiredMixin as PermissionRequiredMixin
    from .names import permission_name as permission_name

_HOMES = {
    "PermissionRequired": ".decorators",
    "PermissionRequiredMixin": ".mixins",
    "any_permission_required": ".decorators",
    "group_required": ".decorators",
    "permission_name": ".names",
    "permission_required": ".decorators",
    "require_permission": ".decorators",
    "staff_member_required": ".decorators",
    "superuser_required": ".decorators",
}
__all__ = [
    "PermissionRequired",
    "PermissionRequiredMixin",
    "any_permission_required",
    "group_required",
    "permission_name",
    "permission_required",
    "require_permission",
    "staff_member_required",
    "superuser_required",
]

__getattr__ = names(__name__, _HOMES)
