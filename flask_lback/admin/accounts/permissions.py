"""Permissions in the panel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import current_app

from ...core.translation import gettext
from ...exceptions import InvalidFieldsError
from ...permissions.names import ACTIONS, is_name
from ...permissions.sync import models_with_permissions
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


def headings() -> Callable[[str], tuple[str, str]]:
    """A function that takes a permission and gives the heading it stands under, and its name there.

    ``blog.add_post`` is “add” under “Blog: post”; ``blog.feature`` stands with its whole
    name under “Blog: other”.
    """
    app: Any = current_app
    models = {model.__name__.lower(): model for model in models_with_permissions(app)}

    def grouped(name: str) -> tuple[str, str]:
        label, _, what = name.partition(".")
        action, _, model = what.partition("_")
        if action in ACTIONS and model:
            found = models.get(model)
            spoken = words.spoken(found.__name__) if found else model.replace("_", " ")
            return f"{words.label(label)}: {spoken}", action
        if not what:
            return gettext("Other"), name
        # By its whole name, which is what a refused page names.
        return gettext("%(app)s: other", app=words.label(label)), name

    return grouped
