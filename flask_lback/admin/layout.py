"""How the fields of a record stand on its page: cards, lines, a side column, facts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from ..core.translation import gettext
from .attributes import editable, find, is_time, printable
from .base import BaseModelAdmin, Fieldset
from .cells import Cell
from .columns import column, is_choice

#: The class of a fieldset that stands in the side column.
SIDE = "side"
#: The class of a fieldset that is folded until somebody opens it.
COLLAPSE = "collapse"
#: Texts from this length on take a line of their own.
_WIDE = 120


@dataclass(frozen=True)
class Item:
    """One field on the page: a control, or a printed value.

    :ivar field: the field of the form, None when the value is printed.
    """

    name: str
    label: str
    field: Any = None
    cell: Cell | None = None
    is_wide: bool = False


@dataclass
class Card:
    """A fieldset."""

    title: str
    description: str = ""
    is_side: bool = False
    is_folded: bool = False
    is_facts: bool = False
    items: list[Item] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """Whether a folded card shows its fields: not before one of them needs a change."""
        return any(item.field is not None and item.field.errors for item in self.items)


def names_of(admin: BaseModelAdmin, request: Any, obj: Any) -> list[str]:
    """Every field of the page, printed ones too."""
    return [
        name for _, options in _fieldsets(admin, request, obj) for name in flat(options["fields"])
    ]


def written_names(admin: BaseModelAdmin, request: Any, obj: Any) -> list[str]:
    """The fields that a request may write."""
    fixed = {*admin.get_readonly_fields(request, obj), *admin.left_out(request, obj)}
    return [name for name in names_of(admin, request, obj) if name not in fixed]


def cards(admin: BaseModelAdmin, request: Any, obj: Any, form: Any) -> list[Card]:
    """The cards of a record's page.

    :param form: the form with the fields that can be written; None prints everything.
    """
    fields = form._fields if form is not None else {}
    left_out = admin.left_out(request, obj)
    made = []
    for title, options in _fieldsets(admin, request, obj):
        classes = options.get("classes", ())
        card = Card(
            str(title or ""),
            str(options.get("description", "")),
            is_side=SIDE in classes,
            is_folded=COLLAPSE in classes,
        )
        for line in options["fields"]:
            names = [line] if isinstance(line, str) else list(line)
            for name in [name for name in names if name not in left_out]:
                item = _item(admin, obj, name, fields.get(name), alone=len(names) == 1)
                if item is not None:
                    card.items.append(item)
        if card.items:
            made.append(card)
    if obj is not None and (facts := _facts(admin, request, obj)):
        title = gettext("Facts")
        own = next((card for card in made if card.title == title), None)
        if own is None:
            own = Card(title, is_side=True, is_facts=True)
            made.append(own)
        own.items.extend(facts)
    return made


def _item(admin: BaseModelAdmin, obj: Any, name: str, written: Any, *, alone: bool) -> Item | None:
    if written is not None:
        return Item(name, written.label.text, written, is_wide=alone and _is_wide(admin, name))
    if obj is None:
        return None
    shown = column(admin, name)
    if shown.path is not None and shown.path.is_secret:
        return None
    return Item(name, shown.label, cell=shown.cell(obj, short=False), is_wide=_is_wide(admin, name))


def item_of(admin: BaseModelAdmin, obj: Any, name: str, written: Any) -> Item:
    """One field of a row; what cannot be shown of a new one is a dash."""
    found = _item(admin, obj, name, written, alone=True)
    if found is not None:
        return found
    return Item(name, column(admin, name).label, cell=Cell("none", admin.empty_value_display))


def _facts(admin: BaseModelAdmin, request: Any, obj: Any) -> list[Item]:
    """The key, the stamps and the fixed fields that stand in no card."""
    shown = set(names_of(admin, request, obj))
    wanted = [*printable(admin.model), *admin.get_readonly_fields(request, obj)]
    shown |= admin.left_out(request, obj)
    names = [name for name in dict.fromkeys(wanted) if name not in shown]
    items = []
    for name in names:
        one = column(admin, name)
        items.append(Item(name, one.label, cell=one.cell(obj)))
    return items


def _fieldsets(admin: BaseModelAdmin, request: Any, obj: Any) -> Sequence[Fieldset]:
    given = admin.get_fieldsets(request, obj)
    return given if given else _default(admin, request, obj)


def _default(admin: BaseModelAdmin, request: Any, obj: Any) -> list[Fieldset]:
    """What a record says in the middle; its states and times at the side."""
    main: list[str] = []
    side: list[str] = []
    fixed = {*admin.left_out(request, obj), *admin.get_readonly_fields(request, obj)}
    for name in editable(admin.model):
        path = find(admin.model, name)
        if path is None or name in fixed:
            continue
        is_state = not path.is_relation and (is_choice(path.column) or is_time(path.column))
        (side if is_state else main).append(name)
    if not main:
        main, side = side, []
    made: list[Fieldset] = [(gettext("Content"), {"fields": main})]
    if side:
        made.append((gettext("State"), {"fields": side, "classes": (SIDE,)}))
    return made


def _is_wide(admin: BaseModelAdmin, name: str) -> bool:
    path = find(admin.model, name)
    if path is None:
        return False
    if path.is_relation:
        return not path.is_single
    kind = getattr(path.column.type, "impl", path.column.type)
    if isinstance(kind, sa.Text | sa.JSON):
        return True
    is_text = isinstance(kind, sa.String) and not isinstance(kind, sa.Enum)
    return is_text and (kind.length or _WIDE) >= _WIDE


def form_field_names(admin: BaseModelAdmin) -> Iterable[str]:
    """Every field that a form of the model could have; the class of its form has them all."""
    return dict.fromkeys([*form_names(admin), *editable(admin.model)])


def form_names(admin: BaseModelAdmin) -> list[str]:
    """Every name in ``fields``, ``fieldsets`` and ``add_fieldsets``, in order."""
    found = list(flat(admin.fields))
    for option in ("fieldsets", "add_fieldsets"):
        for _, options in getattr(admin, option, ()):
            found.extend(flat(options.get("fields", ())))
    return found


def flat(names: Iterable[Any]) -> Iterator[str]:
    """Names, those of a line too."""
    for name in names:
        if isinstance(name, str):
            yield name
        else:
            yield from name
