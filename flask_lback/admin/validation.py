"""Refuse options that cannot work, while the application is set up."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from typing import Any

import sqlalchemy as sa

from ..exceptions import ConfigError
from .attributes import Path, find, normalized
from .options import OPTIONS, ModelAdmin
from .secrets import is_secret_name

_SEQUENCES = (
    "list_display",
    "list_display_links",
    "list_filter",
    "search_fields",
    "ordering",
    "list_select_related",
    "fields",
    "fieldsets",
    "exclude",
    "readonly_fields",
    "actions",
)
#: More rows on a page than this are refused.
LONGEST_PAGE = 500


def check(admin: ModelAdmin) -> None:
    """Check every option of one model.

    :raises ConfigError: names the option, what is wrong with it, and the nearest good name.
    """
    for name in _unknown(type(admin)):
        raise _error(admin, name, "is no option of ModelAdmin", OPTIONS, name)
    for name in _SEQUENCES:
        value = getattr(admin, name)
        if not isinstance(value, list | tuple):
            raise ConfigError(
                f"{_place(admin, name)} is {value!r}, but must be a tuple or a list.",
                f"Write ({value!r},)." if isinstance(value, str) else "",
            )
    rows: Any = admin.list_per_page
    if not isinstance(rows, int) or not 1 <= rows <= LONGEST_PAGE:
        raise ConfigError(
            f"{_place(admin, 'list_per_page')} is {admin.list_per_page!r}.",
            f"Use a number from 1 to {LONGEST_PAGE}.",
        )
    _check_list(admin)
    _check_form(admin)
    for entry in admin.actions:
        if not callable(entry) and not callable(getattr(admin, entry, None)):
            raise _error(
                admin, "actions", f"names {entry!r}, which is no method", dir(admin), entry
            )


def form_names(admin: ModelAdmin) -> list[str]:
    """Every name in ``fields`` and ``fieldsets``, in order."""
    groups: list[Any] = list(admin.fields)
    for _, options in admin.fieldsets:
        groups.extend(options.get("fields", ()))
    return list(flat(groups))


def flat(names: Iterable[Any]) -> Iterator[str]:
    """Names, those of a line too."""
    for name in names:
        if isinstance(name, str):
            yield name
        else:
            yield from name


def _check_list(admin: ModelAdmin) -> None:
    for option in ("list_display", "list_display_links", "readonly_fields"):
        for name in getattr(admin, option):
            _readable(admin, option, name)
            ordering = getattr(getattr(admin, name, None), "display_ordering", None)
            if ordering:
                _mapped(admin, option, ordering)
    for name in admin.search_fields:
        path = _mapped(admin, "search_fields", name.lstrip("^="))
        if path.is_relation:
            raise ConfigError(
                f"{_place(admin, 'search_fields')} names the relation {name!r}.",
                f"Name a column behind it, such as {name + '.name'!r}.",
            )
    for option, names in (
        ("list_filter", admin.list_filter),
        ("ordering", [name.lstrip("-") for name in admin.ordering]),
    ):
        for name in names:
            _mapped(admin, option, name)
    for name in admin.list_select_related:
        if not _mapped(admin, "list_select_related", name).is_relation:
            raise ConfigError(
                f"{_place(admin, 'list_select_related')} names the column {name!r}.",
                "Name relations only.",
            )


def _check_form(admin: ModelAdmin) -> None:
    if admin.fields and admin.fieldsets:
        raise ConfigError(
            f"{type(admin).__name__} has both fields and fieldsets.", "Keep one of them."
        )
    extra = admin.extra_fields()
    seen: set[str] = set()
    for name in form_names(admin):
        option = "fields" if admin.fields else "fieldsets"
        if name in seen:
            raise ConfigError(f"{_place(admin, option)} names {name!r} twice.", "Name it once.")
        seen.add(name)
        if name in admin.readonly_fields or name in extra:
            continue
        path = _mapped(admin, option, name)
        if path.relations:
            raise ConfigError(
                f"{_place(admin, option)} names {name!r}, a field of another record.",
                "Put it into readonly_fields to print it.",
            )
    for name in admin.exclude:
        _mapped(admin, "exclude", name, secret=True)


def _readable(admin: ModelAdmin, option: str, name: str) -> None:
    if name == "__str__" or (
        callable(getattr(admin, name, None)) and not hasattr(ModelAdmin, name)
    ):
        return
    path = find(admin.model, name)
    if path is not None:
        _refuse_secret(admin, option, name, path)
        return
    way, _, last = normalized(name).rpartition(".")
    step = find(admin.model, way) if way else None
    if way and (step is None or not step.is_relation):
        raise _missing(admin, option, name)
    owner = admin.model if step is None else step.target
    if not hasattr(owner, last):
        raise _missing(admin, option, name)
    if is_secret_name(last):
        raise _secret(admin, option, name)


def _mapped(admin: ModelAdmin, option: str, name: str, *, secret: bool = False) -> Path:
    path = find(admin.model, name)
    if path is None:
        raise _missing(admin, option, name)
    if not secret:
        _refuse_secret(admin, option, name, path)
    return path


def _refuse_secret(admin: ModelAdmin, option: str, name: str, path: Path) -> None:
    if path.is_secret:
        raise _secret(admin, option, name)


def _secret(admin: ModelAdmin, option: str, name: str) -> ConfigError:
    return ConfigError(
        f"{_place(admin, option)} names {name!r}, which holds a secret.",
        'Leave it out. A column that only sounds like one has info={"secret": False}.',
    )


def _missing(admin: ModelAdmin, option: str, name: str) -> ConfigError:
    known = list(sa.inspect(admin.model).attrs.keys())
    return _error(
        admin, option, f"names {name!r}, which {admin.model.__name__} has not", known, name
    )


def _unknown(kind: type[ModelAdmin]) -> Iterator[str]:
    for base in kind.__mro__[: kind.__mro__.index(ModelAdmin)]:
        for name, value in vars(base).items():
            is_code = callable(value) or isinstance(value, staticmethod | classmethod | property)
            if not name.startswith("_") and not hasattr(ModelAdmin, name) and not is_code:
                yield name


def _error(
    admin: ModelAdmin, option: str, what: str, known: Iterable[str], name: str
) -> ConfigError:
    near = difflib.get_close_matches(name, list(known), n=1)
    hint = f"Did you mean {near[0]!r}?" if near else "See the reference of ModelAdmin."
    return ConfigError(f"{_place(admin, option)} {what}.", hint)


def _place(admin: ModelAdmin, option: str) -> str:
    return f"{type(admin).__name__}.{option}"
