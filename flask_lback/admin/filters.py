"""What a list can be narrowed by; one class for each kind of column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from werkzeug.datastructures import MultiDict

from ..core.translation import gettext
from . import keys, words
from .attributes import Path
from .columns import label_of
from .query import RESERVED
from .relations import Target
from .ways import in_sight, is_visible

#: Longer values of the address are no filter.
LONGEST = 200
#: Related records that a filter offers by name.
MOST_CHOICES = 50
#: The value that asks for rows without one.
NOTHING = "none"


@dataclass(frozen=True)
class Choice:
    """One value that a filter offers."""

    value: str
    label: str


@dataclass(frozen=True)
class Input:
    """Something to type into a filter.

    :ivar name: of the parameter.
    :ivar kind: ``text``, ``number`` or ``date``.
    """

    name: str
    label: str
    kind: str = "text"


class Filter:
    """One way to narrow a list.

    ``list_filter`` takes a subclass beside the name of a column: ``("title", Short)``.

    :param path: the column or relation.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.label = label_of(path)
        self.key = path.name + "_" if path.name in RESERVED else path.name

    @property
    def is_visible(self) -> bool:
        """Whether the present account may use it."""
        return is_visible(self.path)

    def choices(self) -> list[Choice]:
        """What is offered."""
        return []

    def inputs(self) -> list[Input]:
        """What can be typed."""
        return []

    def read(self, args: MultiDict[str, str]) -> str:
        """The value that an address has for it, nothing when it has none."""
        return args.get(self.key, "")

    def shown(self, value: str) -> str | None:
        """The value in words, None when it is no value of this filter."""
        return next((one.label for one in self.choices() if one.value == value), None)

    def narrowed(self, statement: sa.Select[Any], value: str) -> sa.Select[Any]:
        """Only the rows that a value asks for."""
        return statement.where(self.condition(value))

    def condition(self, value: str) -> Any:
        """What rows must fulfil."""
        return in_sight(self.path, lambda attribute: self._test(attribute, value))

    def _test(self, attribute: Any, value: str) -> Any:
        raise NotImplementedError

    def _with_nothing(self, choices: list[Choice]) -> list[Choice]:
        if getattr(self.path.column, "nullable", False):
            choices.append(Choice(NOTHING, gettext("None")))
        return choices


class YesNoFilter(Filter):
    """A flag."""

    def choices(self) -> list[Choice]:
        """Yes and no."""
        return self._with_nothing([Choice("yes", gettext("Yes")), Choice("no", gettext("No"))])

    def _test(self, attribute: Any, value: str) -> Any:
        return attribute.is_(None) if value == NOTHING else attribute.is_(value == "yes")


class ChoiceFilter(Filter):
    """One of a few words."""

    def choices(self) -> list[Choice]:
        """The words of the column."""
        known = words.enumerated(self.path.column.type)
        return self._with_nothing([Choice(word, words.label(word.lower())) for word in known])

    def _test(self, attribute: Any, value: str) -> Any:
        if value == NOTHING:
            return attribute.is_(None)
        return attribute == words.enumerated(self.path.column.type)[value]


class RelationFilter(Filter):
    """A related record by its key, or those whose name holds a text.

    Only for people who may view its model.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.target = Target(path.target)
        columns = sa.inspect(path.target).primary_key
        kind = getattr(columns[0].type, "impl", columns[0].type)
        self._has_text_key = len(columns) == 1 and isinstance(kind, sa.String)

    @property
    def is_visible(self) -> bool:
        """Whether the present account may view the related records."""
        return self.target.is_visible and super().is_visible

    def inputs(self) -> list[Input]:
        """A part of the name."""
        return [] if self.target.label is None else [Input(self.key, self.label)]

    def shown(self, value: str) -> str | None:
        """The text; the list puts the name of the record in its place when it is a key."""
        if keys.decode(self.path.target, value) is None and self.target.label is None:
            return None
        return value.strip() or None

    def _test(self, attribute: Any, value: str) -> Any:
        key = keys.decode(self.path.target, value)
        wanted: Any = sa.false()
        if key is not None:
            wanted = keys.condition(self.path.target, [key])
        if (key is None or self._has_text_key) and self.target.label is not None:
            wanted = sa.or_(wanted, self.target.label.icontains(value.strip(), autoescape=True))
        wanted = self.target.within(wanted)
        return attribute.any(wanted) if self.path.prop.uselist else attribute.has(wanted)


class TextFilter(Filter):
    """A text that holds what was typed."""

    def inputs(self) -> list[Input]:
        """The text."""
        return [Input(self.key, self.label)]

    def shown(self, value: str) -> str | None:
        """The text itself."""
        return value.strip() or None

    def _test(self, attribute: Any, value: str) -> Any:
        return attribute.icontains(value.strip(), autoescape=True)


class EmptyFieldListFilter(Filter):
    """Whether there is anything at all: ``("author", EmptyFieldListFilter)``."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.key = f"{path.name}__isempty"

    def choices(self) -> list[Choice]:
        """Empty, and not."""
        return [Choice("1", gettext("Empty")), Choice("0", gettext("Not empty"))]

    def _test(self, attribute: Any, value: str) -> Any:
        prop: Any = self.path.prop
        if self.path.is_relation:
            full = attribute.any() if prop.uselist else attribute.has()
            return ~full if value == "1" else full
        empty = attribute.is_(None)
        kind = getattr(self.path.column.type, "impl", self.path.column.type)
        if isinstance(kind, sa.String) and not isinstance(kind, sa.Enum):
            empty = sa.or_(empty, attribute == "")
        return empty if value == "1" else sa.not_(empty)
