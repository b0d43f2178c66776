"""Groups in the panel."""

from __future__ import annotations

from typing import Any

from ...auth.current import resolve
from ...core.translation import gettext
from ..grants import Holder
from ..options import ModelAdmin
from .matrix import show_as_matrix


class GroupAdmin(ModelAdmin):
    """Roles: permissions that members share. What somebody does not hold, he cannot give."""

    list_display = ("name", "description", "is_default")
    search_fields = ("name", "description")
    list_filter = ("is_default",)
    ordering = ("name",)
    fieldsets = (
        (gettext("Group"), {"fields": ("name", "description")}),
        (
            gettext("Permissions"),
            {
                "fields": ("permissions",),
                "description": gettext("What every member may do."),
            },
        ),
        (gettext("Members"), {"fields": ("users",)}),
        (
            gettext("State"),
            {
                "fields": ("is_default",),
                "classes": ("side",),
                "description": gettext("A default group is given to everybody who registers."),
            },
        ),
    )
    icon = "shield"
    view_class = "flask_lback.admin.accounts.views.GroupView"

    def prepare(self, form: Any, obj: Any) -> None:
        """Lock what the present account does not hold."""
        holder = Holder(resolve())
        if "permissions" in form:
            form["permissions"].may_choose = holder.holds_permission
            show_as_matrix(form["permissions"])
        if "users" in form:
            is_member = obj is not None and holder.holds_group(obj)
            form["users"].may_choose = lambda user: holder.is_superuser or is_member
