"""The form field of a relation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from wtforms import Field
from wtforms.validators import ValidationError

from ..core.state import current_state
from ..core.translation import gettext
from . import keys
from .relations import Target
from .scope import Scopes

#: Longer lists of keys are refused unread.
MOST_CHOSEN = 5_000


class Offer:
    """The records that a relation leads to, read once however many fields offer them.

    :param limit: with more rows than this, they are looked up.
    """

    def __init__(self, target: Target, limit: int, *, always_lookup: bool = False) -> None:
        self.target = target
        self._limit = limit
        self._always_lookup = always_lookup
        self._rows: Sequence[Any] | None = None
        self._known: dict[str, Any] = {}
        self._asked: set[str] = set()

    @property
    def is_lookup(self) -> bool:
        """Whether there are too many rows to list."""
        return self._always_lookup or len(self.rows()) > self._limit

    def rows(self) -> Sequence[Any]:
        """The first rows, one more than the limit at most; none to those who may not see them."""
        if self._rows is None:
            visible = self.target.is_visible
            self._rows = self.target.first(self._limit + 1) if visible else ()
        return self._rows

    def learn(self, texts: Iterable[str]) -> None:
        """Read the rows of these keys in one statement."""
        new = {text for text in texts if text} - self._asked
        if new:
            self._asked |= new
            self._known.update({keys.encode(row): row for row in self.target.get(new)})

    def get(self, texts: Iterable[str]) -> list[Any]:
        """The rows of these keys that are in sight, in their order."""
        wanted = list(dict.fromkeys(texts))
        self.learn(wanted)
        return [self._known[text] for text in wanted if text in self._known]

    def out_of_sight(self, rows: Sequence[Any]) -> list[Any]:
        """Those of the rows that the present account may not see."""
        if not rows or not current_state()[Scopes].narrows(self.target.model):
            return []
        seen = {keys.encode(row) for row in self.get(map(keys.encode, rows))}
        return [row for row in rows if keys.encode(row) not in seen]


class RelationField(Field):
    """Records of another model: one, or several.

    It offers nothing to people who may not view that model, and then keeps what is there; so it
    does with single records out of their sight. With more rows than the limit it is a look-up:
    without script it offers what is chosen.

    :param target: the other model.
    :param multiple: whether several can be chosen.
    :param limit: see the setting ``LBACK_ADMIN_CHOICE_LIMIT``.
    :param always_lookup: whether it is a look-up however few rows there are.
    :param is_narrowed: whether its boxes can be narrowed by typing.
    """

    def __init__(
        self,
        *args: Any,
        target: Target,
        multiple: bool,
        allow_blank: bool,
        limit: int,
        always_lookup: bool = False,
        is_narrowed: bool = False,
        **kwargs: Any,
    ) -> None:
        kwargs["filters"] = ()
        super().__init__(*args, **kwargs)
        self.target = target
        self.multiple = multiple
        self.allow_blank = allow_blank
        self.is_narrowed = is_narrowed
        #: What can be chosen; the rows of a form share it.
        self.offer = Offer(target, limit, always_lookup=always_lookup)
        #: Whether the present account may give and take a record.
        self.may_choose: Callable[[Any], bool] = lambda row: True
        #: How records are put under headings, and called there; by their name without it.
        self.grouped: Callable[[Any], tuple[str, str]] | None = None
        #: Where a look-up asks; set by the view.
        self.lookup_url = ""
        self._present: list[Any] = []

    @property
    def is_fixed(self) -> bool:
        """Whether the present account may not choose at all."""
        return not self.target.is_visible

    @property
    def is_lookup(self) -> bool:
        """Whether there are too many rows to list."""
        return self.offer.is_lookup

    @property
    def chosen(self) -> list[Any]:
        """The records that are chosen, of one relation too."""
        if self.multiple:
            return list(self.data or ())
        return [] if self.data is None else [self.data]

    def options(self) -> list[tuple[str, str, bool, bool]]:
        """Key, name, whether it is chosen, and whether it cannot be changed."""
        hidden = {keys.encode(row) for row in self._hidden()}
        chosen = {keys.encode(row): row for row in self.chosen}
        offered = () if self.is_fixed or self.is_lookup else self.offer.rows()
        rows = {keys.encode(row): row for row in offered}
        for key, row in chosen.items():
            if key not in hidden:
                rows.setdefault(key, row)
        kept = gettext("Stays: you may not see it")
        found = [(key, kept, True, False) for key in hidden if not self.multiple and key in chosen]
        return found + [
            (key, str(row), key in chosen, self.is_fixed or not self.may_choose(row))
            for key, row in rows.items()
        ]

    def groups(self) -> dict[str, list[tuple[str, str, bool, bool]]]:
        """The options under their headings."""
        named: dict[str, list[tuple[str, str, bool, bool]]] = {}
        for key, name, is_chosen, is_locked in self.options():
            title, short = self.grouped(name) if self.grouped else ("", name)
            named.setdefault(title, []).append((key, short, is_chosen, is_locked))
        return named

    def process_data(self, value: Any) -> None:
        """Keep what the record has."""
        if self.multiple:
            self._present = list(value or ())
            self.data = list(self._present)
        else:
            self._present = [] if value is None else [value]
            self.data = value

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read keys; what may not be seen, given or taken stays as it is."""
        if self.is_fixed:
            return
        texts = [text for text in valuelist if text][: MOST_CHOSEN + 1]
        if len(texts) > MOST_CHOSEN:
            raise ValueError(gettext("These are too many."))
        hidden = self._hidden()
        if not self.multiple and texts and texts == [keys.encode(row) for row in hidden]:
            return
        found = self.offer.get(texts)
        if len(found) != len(set(texts)):
            raise ValueError(gettext("One of these is gone. Choose again."))
        if not self.multiple:
            self.data = found[0] if found else None
            return
        given = [row for row in found if row in self._present or self.may_choose(row)]
        fixed = [
            row
            for row in self._present
            if row not in given and (row in hidden or not self.may_choose(row))
        ]
        self.data = given + fixed

    def populate_obj(self, obj: object, name: str) -> None:
        """Write the records; nothing when they are the same."""
        if self.is_fixed:
            return
        if self.multiple:
            if {keys.encode(row) for row in self.data} != {
                keys.encode(row) for row in self._present
            }:
                setattr(obj, name, self.data)
        elif self.chosen != self._present or not self._present:
            setattr(obj, name, self.data)

    def pre_validate(self, form: Any) -> None:
        """A relation that must not be empty, is not."""
        if not self.chosen and not self.allow_blank:
            if self.is_fixed:
                raise ValidationError(gettext("You may not see these, so you cannot choose one."))
            raise ValidationError(gettext("Choose one."))

    def _hidden(self) -> list[Any]:
        return [] if self.is_fixed else self.offer.out_of_sight(self._present)
