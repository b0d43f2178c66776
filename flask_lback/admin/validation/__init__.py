"""Refuse options that cannot work, while the application is set up."""

from __future__ import annotations

from collections.abc import Iterator

from ...exceptions import ConfigError
from ..options import OPTIONS, ModelAdmin
from .forms import check_form
from .inlines import check_inlines
from .lists import check_actions, check_list
from .names import error, place
from .overview import check_overview
from .transfer import check_transfer

_SEQUENCES = (
    "list_display",
    "list_display_links",
    "list_editable",
    "list_filter",
    "search_fields",
    "ordering",
    "list_select_related",
    "fields",
    "fieldsets",
    "add_fieldsets",
    "autocomplete_fields",
    "filter_horizontal",
    "filter_vertical",
    "inlines",
    "exclude",
    "readonly_fields",
    "actions",
    "export_fields",
)


#: What Django would call, and what says the same here.
_ELSEWHERE = {
    "Media": "the block head_css of a template",
    "delete_queryset": "delete_model",
    "get_actions": "actions",
    "get_form": "form, or formfield",
    "get_list_display": "list_display",
    "get_list_filter": "list_filter",
    "get_ordering": "ordering",
    "get_queryset": "get_query",
    "get_search_results": "search_fields",
    "has_module_permission": "has_view_permission",
    "paginator": "list_per_page",
}


def check(admin: ModelAdmin) -> None:
    """Check every option of one model.

    :raises ConfigError: names the option, what is wrong with it, and the nearest good name.
    """
    for name in _unknown(type(admin)):
        raise error(admin, name, "is no option of ModelAdmin", OPTIONS, name)
    for name, ours in _ELSEWHERE.items():
        if hasattr(admin, name):
            raise ConfigError(
                f"{place(admin, name)} is Django's, and nothing calls it here.", f"Use {ours}."
            )
    for name in _SEQUENCES:
        value = getattr(admin, name)
        if not isinstance(value, list | tuple):
            raise ConfigError(
                f"{place(admin, name)} is {value!r}, but must be a tuple or a list.",
                f"Write ({value!r},)." if isinstance(value, str) else "",
            )
    check_list(admin)
    check_form(admin)
    check_inlines(admin)
    check_actions(admin)
    check_transfer(admin)
    check_overview(admin)


def _unknown(kind: type[ModelAdmin]) -> Iterator[str]:
    for base in kind.__mro__[: kind.__mro__.index(ModelAdmin)]:
        for name, value in vars(base).items():
            is_code = callable(value) or isinstance(value, staticmethod | classmethod | property)
            if not name.startswith("_") and not hasattr(ModelAdmin, name) and not is_code:
                yield name
