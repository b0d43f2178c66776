"""The admin panel: declare what is shown of a model, in ``admin.py`` of an application.

::

    from flask_lback import admin

    @admin.register(Post)
    class PostAdmin(admin.ModelAdmin):
        list_display = ("title", "author", "status")

Importing this package, and declaring, loads nothing of Flask-Admin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy import names

if TYPE_CHECKING:
    from .accounts.groups import GroupAdmin as GroupAdmin
    from .accounts.permissions import PermissionAdmin as PermissionAdmin
    from .accounts.users import UserAdmin as UserAdmin
    from .declarations import register as register
    from .options import ModelAdmin as ModelAdmin
    from .options import action as action
    from .options import display as display

_HOMES = {
    "GroupAdmin": ".accounts.groups",
    "ModelAdmin": ".options",
    "PermissionAdmin": ".accounts.permissions",
    "UserAdmin": ".accounts.users",
    "action": ".options",
    "display": ".options",
    "register": ".declarations",
}
__all__ = [
    "GroupAdmin",
    "ModelAdmin",
    "PermissionAdmin",
    "UserAdmin",
    "action",
    "display",
    "register",
]

__getattr__ = names(__name__, _HOMES)
