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
    from .declarations import site as site
    from .filters import EmptyFieldListFilter as EmptyFieldListFilter
    from .inlines.options import StackedInline as StackedInline
    from .inlines.options import TabularInline as TabularInline
    from .options import ModelAdmin as ModelAdmin
    from .options import action as action
    from .options import display as display
    from .overview.widgets import Card as Card
    from .overview.widgets import Chart as Chart
    from .overview.widgets import Table as Table
    from .overview.widgets import Text as Text
    from .overview.widgets import widget as widget
    from .own_filters import SimpleListFilter as SimpleListFilter
    from .transfer.trial import is_dry_run as is_dry_run

_HOMES = {
    "Card": ".overview.widgets",
    "Chart": ".overview.widgets",
    "EmptyFieldListFilter": ".filters",
    "GroupAdmin": ".accounts.groups",
    "ModelAdmin": ".options",
    "PermissionAdmin": ".accounts.permissions",
    "SimpleListFilter": ".own_filters",
    "StackedInline": ".inlines.options",
    "Table": ".overview.widgets",
    "TabularInline": ".inlines.options",
    "Text": ".overview.widgets",
    "UserAdmin": ".accounts.users",
    "action": ".options",
    "display": ".options",
    "is_dry_run": ".transfer.trial",
    "register": ".declarations",
    "site": ".declarations",
    "widget": ".overview.widgets",
}
__all__ = [
    "Card",
    "Chart",
    "EmptyFieldListFilter",
    "GroupAdmin",
    "ModelAdmin",
    "PermissionAdmin",
    "SimpleListFilter",
    "StackedInline",
    "Table",
    "TabularInline",
    "Text",
    "UserAdmin",
    "action",
    "display",
    "is_dry_run",
    "register",
    "site",
    "widget",
]

__getattr__ = names(__name__, _HOMES)
