"""The options of lists."""

from __future__ import annotations

from typing import Any

from ...exceptions import ConfigError
from ..attributes import is_time
from ..filters import Filter
from ..options import ModelAdmin
from ..own_filters import SimpleListFilter, filters_of
from ..query import RESERVED
from .names import error, mapped, place, readable

#: More rows on a page than this are refused.
LONGEST_PAGE = 500


def check_list(admin: ModelAdmin) -> None:
    """Check what a list shows, and how.

    :raises ConfigError: an option cannot work.
    """
    _check_size(admin)
    for option in ("list_display", "list_display_links", "readonly_fields"):
        for name in getattr(admin, option):
            readable(admin, option, name)
            ordering = getattr(getattr(admin, name, None), "display_ordering", None)
            if ordering:
                mapped(admin, option, ordering)
    _check_editable(admin)
    _check_search(admin)
    _check_filters(admin)
    for name in admin.ordering:
        mapped(admin, "ordering", name.lstrip("-"))
    _check_dates(admin)
    for name in admin.list_select_related:
        if not mapped(admin, "list_select_related", name).is_relation:
            raise ConfigError(
                f"{place(admin, 'list_select_related')} names the column {name!r}.",
                "Name relations only.",
            )


def check_actions(admin: ModelAdmin) -> None:
    """Check what can be done with chosen rows.

    :raises ConfigError: an action is no method.
    """
    for entry in admin.actions:
        if not callable(entry) and not callable(getattr(admin, entry, None)):
            raise error(admin, "actions", f"names {entry!r}, which is no method", dir(admin), entry)


def _check_search(admin: ModelAdmin) -> None:
    for name in admin.search_fields:
        path = mapped(admin, "search_fields", name.lstrip("^="))
        if path.is_relation:
            raise ConfigError(
                f"{place(admin, 'search_fields')} names the relation {name!r}.",
                f"Name a column behind it, such as {name + '.name'!r}.",
            )


def _check_dates(admin: ModelAdmin) -> None:
    if admin.date_hierarchy:
        path = mapped(admin, "date_hierarchy", admin.date_hierarchy)
        if path.is_relation or not path.is_single or not is_time(path.column):
            raise ConfigError(
                f"{place(admin, 'date_hierarchy')} names {admin.date_hierarchy!r}.",
                "Name a column that holds days or moments.",
            )


def _check_editable(admin: ModelAdmin) -> None:
    option = "list_editable"
    links = admin.list_display_links or admin.list_display[:1]
    for name in admin.list_editable:
        path = mapped(admin, option, name)
        wrong = ""
        if path.relations:
            wrong = "a column of another record"
        elif name not in admin.list_display:
            wrong = "which is not in list_display"
        elif name in links:
            wrong = "which leads to the record"
        elif name in (*admin.readonly_fields, *admin.exclude):
            wrong = "which no form can write"
        if wrong:
            raise ConfigError(
                f"{place(admin, option)} names {name!r}, {wrong}.",
                "Name columns of list_display that are no links and that the form writes.",
            )


def _check_filters(admin: ModelAdmin) -> None:
    """Check what a list is narrowed by, and that no two filters share a parameter."""
    option = "list_filter"
    for entry in admin.list_filter:
        if isinstance(entry, str):
            mapped(admin, option, entry)
        elif isinstance(entry, type):
            _check_own_filter(admin, entry)
        else:
            given: Any = entry
            name, kind = given if isinstance(given, tuple) and len(given) == 2 else ("", given)
            if not (isinstance(kind, type) and issubclass(kind, Filter)):
                raise ConfigError(
                    f"{place(admin, option)} holds {entry!r}.",
                    'Use a name, ("name", a class of Filter), or a class of SimpleListFilter.',
                )
            mapped(admin, option, name)
    seen: set[str] = set()
    for one in filters_of(admin):
        if one.key in seen:
            raise ConfigError(
                f"{place(admin, option)} has two filters for {one.key!r}.", "Keep one of them."
            )
        seen.add(one.key)


def _check_own_filter(admin: ModelAdmin, kind: type[Any]) -> None:
    where = place(admin, "list_filter")
    if not issubclass(kind, SimpleListFilter):
        raise ConfigError(
            f"{where} holds the class {kind.__name__}.", "Derive it from SimpleListFilter."
        )
    if not kind.title or not kind.parameter_name:
        raise ConfigError(
            f"{where}: {kind.__name__} has no title or no parameter_name.", "Give it both."
        )
    if kind.parameter_name in RESERVED:
        raise ConfigError(
            f"{where}: {kind.__name__}.parameter_name is {kind.parameter_name!r}, "
            "which means something else in a list.",
            "Use another word.",
        )


def _check_size(admin: ModelAdmin) -> None:
    for option in ("list_per_page", "list_max_show_all"):
        rows: Any = getattr(admin, option)
        if not isinstance(rows, int) or not 1 <= rows <= LONGEST_PAGE:
            raise ConfigError(
                f"{place(admin, option)} is {rows!r}.", f"Use a number from 1 to {LONGEST_PAGE}."
            )
