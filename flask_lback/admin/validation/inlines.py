"""The options of inlines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...auth.users.mixins import AbstractBaseUser
from ...exceptions import ConfigError
from ..inlines.built import MOST_ROWS
from ..inlines.options import INLINE_OPTIONS, InlineModelAdmin
from ..layout import flat
from ..options import ModelAdmin
from .forms import check_common, check_names
from .names import error, mapped, place, readable

_SEQUENCES = ("fields", "exclude", "readonly_fields", "ordering", "autocomplete_fields")


def check_inlines(admin: ModelAdmin) -> None:
    """Check the rows of other models.

    :raises ConfigError: one cannot be shown, or it is not clear what ties it to its record.
    """
    kinds: Any = admin.inlines
    for kind in kinds:
        if not (isinstance(kind, type) and issubclass(kind, InlineModelAdmin)):
            raise ConfigError(
                f"{place(admin, 'inlines')} has {kind!r}, which is no inline.",
                "Derive a class from TabularInline or StackedInline.",
            )
        if not hasattr(getattr(kind, "model", None), "__mapper__"):
            raise ConfigError(
                f"{kind.__name__}.model is no mapped class.", "Say whose rows they are."
            )
        if issubclass(kind.model, AbstractBaseUser):
            raise ConfigError(
                f"{kind.__name__} would change accounts beside the rules of their own page.",
                "Register the user class, and lead there with a relation in readonly_fields.",
            )
        _check(kind(admin.model))


def _check(inline: InlineModelAdmin) -> None:
    for name in _unknown(type(inline)):
        raise error(inline, name, "is no option of an inline", INLINE_OPTIONS, name)
    for name in _SEQUENCES:
        value = getattr(inline, name)
        if not isinstance(value, list | tuple):
            raise ConfigError(
                f"{place(inline, name)} is {value!r}, but must be a tuple or a list.",
                f"Write ({value!r},)." if isinstance(value, str) else "",
            )
    names = list(flat(inline.fields))
    for name in names:
        if name in inline.link.names:
            raise ConfigError(
                f"{place(inline, 'fields')} names {name!r}, which ties the rows to their record.",
                "Leave it out: it is written by itself.",
            )
    check_names(inline, "fields", names)
    for name in inline.readonly_fields:
        readable(inline, "readonly_fields", name)
    for name in inline.ordering:
        path = mapped(inline, "ordering", name.removeprefix("-"))
        if path.relations or path.is_relation:
            raise ConfigError(
                f"{place(inline, 'ordering')} names {name!r}, which is no column of the rows.",
                "Name a column.",
            )
    check_common(inline)
    for option in ("extra", "min_num", "max_num"):
        _check_number(inline, option)


def _check_number(inline: InlineModelAdmin, option: str) -> None:
    value: Any = getattr(inline, option)
    if value is None and option != "extra":
        return
    if not isinstance(value, int) or not 0 <= value <= MOST_ROWS:
        raise ConfigError(
            f"{place(inline, option)} is {value!r}.", f"Use a number from 0 to {MOST_ROWS}."
        )


def _unknown(kind: type[InlineModelAdmin]) -> Iterator[str]:
    for base in kind.__mro__[: kind.__mro__.index(InlineModelAdmin)]:
        for name, value in vars(base).items():
            is_code = callable(value) or isinstance(value, staticmethod | classmethod | property)
            is_known = hasattr(InlineModelAdmin, name) or name in INLINE_OPTIONS
            if not name.startswith("_") and not is_known and not is_code:
                yield name
