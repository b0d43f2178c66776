"""Permissions in the panel."""

from __future__ import annotations

from typing import Any

from ...core.translation import gettext
from ...exceptions import InvalidFieldsError
from ...permissions.names import is_name
from ..options import ModelAdmin


class PermissionAdmin(ModelAdmin):
    """What accounts can be allowed to do."""

    list_display = ("name", "description")
    search_fields = ("name", "description")
    ordering = ("name",)
    fieldsets = ((None, {"fields": ("name", "description")}),)
    icon = "key"

    def populate(self, form: Any, obj: Any) -> None:
        """As for every model, but that the name must be one.

        :raises InvalidFieldsError: it is not.
        """
        if "name" in form and not is_name(form["name"].data):
            raise InvalidFieldsError({"name": [gettext('Use "<app>.<what>".')]})
        super().populate(form, obj)
