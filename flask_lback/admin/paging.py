"""Pages of long lists: sizes, and pages that begin where another one ended."""

from __future__ import annotations

import base64
import datetime as dt
import decimal
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ..db.models import UTCDateTime
from . import keys
from .attributes import Path
from .moments import as_stored

#: Sizes that are offered beside the one of the list.
_SIZES = (25, 50, 100, 200, 500)
#: Longer keys are not written into an address, and not read from one.
_LONGEST = 600
#: Kinds of values that are compared as they are sorted, and written down exactly. MariaDB sorts an
#: Enum by the order of its words and compares it by their letters; a float is equal to nothing.
_KINDS = (str, bool, int, decimal.Decimal, dt.date, uuid.UUID)


def sizes(usual: int, most: int) -> list[int]:
    """The page sizes to choose from."""
    return sorted({usual, *(size for size in _SIZES if size <= most)})


def read_size(text: str, usual: int, most: int) -> int:
    """The size that an address asks for, 0 for the usual one; never more than the most."""
    if not text.isascii() or not text.isdigit():
        return 0
    size = min(int(text[:9]), max(usual, most))
    return 0 if size in (0, usual) else size


@dataclass(frozen=True)
class Place:
    """One column of an order.

    :ivar attribute: what rows are sorted by.
    """

    column: Any
    attribute: Any
    is_down: bool


class Keyset:
    """The order of a list, when a row's own values say where the next page begins.

    Only over columns of the model itself that are never empty: databases disagree on where
    nothing stands.

    :param model: the mapped class.
    :param orders: columns, and whether they descend; the key comes last by itself.
    """

    def __init__(
        self, model: type[Any], orders: Sequence[tuple[Path, bool]], *, is_down: bool
    ) -> None:
        mapper = sa.inspect(model)
        self._places = [
            Place(path.column, path.prop.class_attribute, down) for path, down in orders
        ]
        known = {place.column for place in self._places}
        for column in mapper.primary_key:
            if column not in known:
                attribute = mapper.get_property_by_column(column).class_attribute
                self._places.append(Place(column, attribute, is_down))
        self.is_usable = all(not path.relations and not path.is_relation for path, _ in orders)
        self.is_usable = self.is_usable and all(map(_is_comparable, self._places))

    def written(self, row: Any) -> str:
        """Where a row stands, for an address; nothing when it is too long."""
        values = [getattr(row, place.attribute.key) for place in self._places]
        text = json.dumps([_text(value) for value in values], separators=(",", ":"))
        if len(text) > _LONGEST:
            return ""
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    def read(self, text: str) -> tuple[Any, ...] | None:
        """The values of a place, None when the text cannot be one."""
        if not self.is_usable or not text or len(text) > 2 * _LONGEST or not text.isascii():
            return None
        try:
            texts = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            if not isinstance(texts, list) or len(texts) != len(self._places):
                return None
            pairs = zip(self._places, texts, strict=True)
            return tuple(_value(place.column, one) for place, one in pairs)
        except (ValueError, TypeError, LookupError, ArithmeticError, RecursionError):
            return None

    def condition(self, values: Sequence[Any], *, is_before: bool = False) -> Any:
        """That a row comes after a place, or before it."""
        found: Any = sa.false()
        for place, value in reversed(list(zip(self._places, values, strict=True))):
            one, value = place.attribute, sa.literal(value, place.column.type)
            beyond = one < value if place.is_down != is_before else one > value
            found = sa.or_(beyond, sa.and_(one == value, found))
        # The first column alone lets an index find the place.
        lead = self._places[0]
        value = sa.literal(values[0], lead.column.type)
        reach = lead.attribute <= value if lead.is_down != is_before else lead.attribute >= value
        return sa.and_(reach, found)


def _is_comparable(place: Place) -> bool:
    kind = place.column.type
    if not isinstance(place.column, sa.Column) or place.column.nullable:
        return False
    if isinstance(kind, sa.types.TypeDecorator) and not isinstance(kind, UTCDateTime):
        return False
    try:
        return not isinstance(kind, sa.Enum) and issubclass(_python_type(place.column), _KINDS)
    except NotImplementedError:
        return False


def _python_type(column: Any) -> type[Any]:
    kind = column.type
    found: type[Any] = dt.datetime if isinstance(kind, UTCDateTime) else kind.python_type
    return found


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def _value(column: Any, text: Any) -> Any:
    if not isinstance(text, str) or "\x00" in text:
        raise ValueError(text)
    text.encode()  # half of a character has no place in a statement
    kind = _python_type(column)
    if kind is dt.datetime:
        moment = dt.datetime.fromisoformat(text)
        return as_stored(column, moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC))
    value = keys.parsed(column, text)
    if isinstance(value, decimal.Decimal) and not value.is_finite():
        raise ValueError(text)
    return value
