"""The options of forms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from wtforms import Form

from ...exceptions import ConfigError
from ..base import BaseModelAdmin
from ..layout import flat
from ..options import ModelAdmin
from .names import mapped, place


def check_form(admin: ModelAdmin) -> None:
    """Check what a form has, and in which order.

    :raises ConfigError: an option cannot work.
    """
    _check_classes(admin)
    if admin.fields and admin.fieldsets:
        raise ConfigError(
            f"{type(admin).__name__} has both fields and fieldsets.", "Keep one of them."
        )
    check_names(admin, "fields", flat(admin.fields))
    for option in ("fieldsets", "add_fieldsets"):
        check_names(admin, option, _in_cards(admin, option))
    check_common(admin)
    for option in ("filter_horizontal", "filter_vertical"):
        for name in getattr(admin, option):
            path = mapped(admin, option, name)
            if not path.is_relation or path.is_single:
                raise ConfigError(
                    f"{place(admin, option)} names {name!r}, which is no relation to many.",
                    "Name relations such as 'groups'.",
                )


def _check_classes(admin: ModelAdmin) -> None:
    for option in ("form", "add_form"):
        value = getattr(admin, option)
        if value is not None and not (isinstance(value, type) and issubclass(value, Form)):
            raise ConfigError(
                f"{place(admin, option)} is {value!r}, which is no form.",
                "Give a class that derives from wtforms.Form or flask_lback.forms.Form.",
            )
    named = getattr(type(admin), "model", admin.model)
    if named is not admin.model and not issubclass(admin.model, named):
        raise ConfigError(
            f"{place(admin, 'model')} is {named!r}, but it was registered for "
            f"{admin.model.__name__}.",
            "Leave the option out, or register the class for that model.",
        )


def check_common(admin: BaseModelAdmin) -> None:
    """Check what forms and inlines share.

    :raises ConfigError: an option cannot work.
    """
    for name in admin.exclude:
        mapped(admin, "exclude", name, secret=True)
    for name in admin.autocomplete_fields:
        if not mapped(admin, "autocomplete_fields", name).is_relation:
            raise ConfigError(
                f"{place(admin, 'autocomplete_fields')} names the column {name!r}.",
                "Name relations only.",
            )
    if not isinstance(admin.prepopulated_fields, Mapping):
        raise ConfigError(
            f"{place(admin, 'prepopulated_fields')} is {admin.prepopulated_fields!r}.",
            'Write {"slug": ("title",)}.',
        )
    for name, sources in admin.prepopulated_fields.items():
        for one in (name, *([sources] if isinstance(sources, str) else sources)):
            if mapped(admin, "prepopulated_fields", one).is_relation:
                raise ConfigError(
                    f"{place(admin, 'prepopulated_fields')} names the relation {one!r}.",
                    "Name columns only.",
                )
        if isinstance(sources, str):
            raise ConfigError(
                f"{place(admin, 'prepopulated_fields')} makes {name!r} from {sources!r}.",
                f"Write ({sources!r},).",
            )


def check_names(admin: BaseModelAdmin, option: str, names: Iterable[str]) -> None:
    """Check names that become fields.

    :raises ConfigError: one stands for nothing that can be filled in or printed.
    """
    extra, printed = admin.extra_fields(), admin.printed_fields()
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ConfigError(f"{place(admin, option)} names {name!r} twice.", "Name it once.")
        seen.add(name)
        if name in printed or name in extra:
            continue
        path = mapped(admin, option, name)
        if path.relations:
            raise ConfigError(
                f"{place(admin, option)} names {name!r}, a field of another record.",
                "Put it into readonly_fields to print it.",
            )


def _in_cards(admin: ModelAdmin, option: str) -> list[str]:
    found: list[str] = []
    for card in getattr(admin, option):
        if not _is_card(card):
            raise ConfigError(
                f"{place(admin, option)} has {card!r}.",
                'Write ("Title", {"fields": ("name", …)}).',
            )
        found.extend(flat(card[1]["fields"]))
    return found


def _is_card(card: Any) -> bool:
    return (
        isinstance(card, tuple | list)
        and len(card) == 2
        and isinstance(card[1], Mapping)
        and not isinstance(card[1].get("fields", ""), str)
    )
