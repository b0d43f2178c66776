"""Permissions in the panel."""

from __future__ import annotations

from typing import Any

from ...core.translation import gettext
from ...exceptions import InvalidFieldsError
from ...permissions.names import ACTIONS, is_name
from .. import words
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


def grouped(name: str) -> tuple[str, str]:
    """The heading that a permission stands under, and what it is called there.

    ``blog.add_post`` is “add” under “Blog: post”; ``blog.feature`` stands under “Blog: other”.
    """
    app, _, what = name.partition(".")
    action, _, model = what.partition("_")
    if action in ACTIONS and model:
        return f"{words.label(app)}: {model.replace('_', ' ')}", action
    if not what:
        return gettext("Other"), name
    return gettext("%(app)s: other", app=words.label(app)), what.replace("_", " ")
