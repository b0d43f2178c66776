"""A cell of a file as a browser would send it for the field of a form."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from wtforms import BooleanField, DateField, DateTimeLocalField, Field, TimeField

from ...core.state import current_state
from ...core.translation import gettext
from .. import keys
from ..attributes import label_column
from ..fields import JsonField, PickField, TriStateField
from ..relation_field import Offer, RelationField
from ..scope import Scopes
from . import values

#: Words for yes and for no, beside those of the reader's language.
_YES = frozenset({"yes", "true", "1", "y", "t", "on"})
_NO = frozenset({"no", "false", "0", "n", "f", "off"})
_MOST_NAMED = 12


class CellRefused(ValueError):
    """A cell that its field cannot take; the message is for people."""


class Adapter:
    """Turns cells into what forms read; remembers the records that names led to."""

    def __init__(self) -> None:
        self._found: dict[tuple[type[Any], str], list[str]] = {}
        self._offers: dict[str, Offer] = {}

    def share(self, fields: Iterable[Field]) -> None:
        """Let the forms of all rows ask for the same related records once."""
        for field in fields:
            if isinstance(field, RelationField):
                field.offer = self._offers.setdefault(field.name, field.offer)

    def sent(self, field: Field, cell: Any) -> list[str]:
        """What a browser sends.

        :param cell: a text, or what JSON has.
        :raises CellRefused: it cannot be a value of this field.
        """
        for kind, make in self._makers.items():
            if isinstance(field, kind):
                return make(self, field, cell)
        if isinstance(cell, list | dict):
            raise CellRefused(gettext("Use a text or a number."))
        return [cell if isinstance(cell, str) else _text(cell)]

    def _flag(self, field: Field, cell: Any) -> list[str]:
        return ["y"] if _yes_or_no(cell) else []

    def _tri_state(self, field: Field, cell: Any) -> list[str]:
        if _text(cell) == "":
            return [""]
        return ["yes" if _yes_or_no(cell) else "no"]

    def _word(self, field: PickField, cell: Any) -> list[str]:
        text = _text(cell)
        folded = text.casefold()
        words = dict(field._choices)
        if text in words:
            return [text]
        same = [word for word in words if word.casefold() == folded]
        same = same or [word for word, label in words.items() if str(label).casefold() == folded]
        if len(same) != 1:
            named = ", ".join([word for word in words if word][:_MOST_NAMED])
            raise CellRefused(gettext("Use one of: %(words)s.", words=named))
        return same

    def _document(self, field: Field, cell: Any) -> list[str]:
        if isinstance(cell, str):
            return [cell]
        return ["" if cell is None else json.dumps(cell, ensure_ascii=False)]

    def _moment(self, field: Field, cell: Any) -> list[str]:
        text = _text(cell)
        if not text:
            return [""]
        try:
            moment = dt.datetime.fromisoformat(text)
            if moment.tzinfo is not None:
                moment = moment.astimezone(dt.UTC)
        except (ValueError, OverflowError) as error:
            raise CellRefused(gettext("Write it like 2026-11-21 19:30.")) from error
        return [moment.strftime("%Y-%m-%dT%H:%M:%S")]

    def _day(self, field: Field, cell: Any) -> list[str]:
        text = _text(cell)
        try:
            return [dt.date.fromisoformat(text).isoformat() if text else ""]
        except ValueError as error:
            raise CellRefused(gettext("Write it like 2026-11-21.")) from error

    def _time(self, field: Field, cell: Any) -> list[str]:
        text = _text(cell)
        try:
            return [dt.time.fromisoformat(text).strftime("%H:%M") if text else ""]
        except ValueError as error:
            raise CellRefused(gettext("Write it like 19:30.")) from error

    # --- relations ----------------------------------------------------------------------------

    def _relation(self, field: RelationField, cell: Any) -> list[str]:
        if field.is_fixed:
            raise CellRefused(gettext("You may not see these, so you cannot choose one."))
        named = _names(cell) if field.multiple else [_text(cell)]
        chosen = [self._key(field, name) for name in named if name]
        self._refuse_unheld(field, chosen)
        return chosen

    def _key(self, field: RelationField, name: str) -> str:
        """The key of the record that a text names: by what it is called, or by its key."""
        found = self._called(field.target.model, name)
        if len(found) > 1:
            raise CellRefused(
                gettext("%(n)s are called “%(name)s”: use the key.", n=len(found), name=name)
            )
        if found:
            return found[0]
        rows = field.offer.get([name])
        if not rows:
            raise CellRefused(
                gettext("Nothing is called “%(name)s”, or has it as its key.", name=name)
            )
        return keys.encode(rows[0])

    def _called(self, model: type[Any], name: str) -> list[str]:
        known = self._found.get((model, name))
        if known is not None:
            return known
        label, state = label_column(sa.inspect(model)), current_state()
        found = []
        if label is not None:
            statement = state[Scopes].every(model).where(label == name).order_by(None).limit(9)
            session = state[SQLAlchemy].session
            with session.no_autoflush:
                found = [keys.encode(row) for row in session.scalars(statement).unique()]
        if found:  # a row further up in the file may bring what is not there yet
            self._found[model, name] = found
        return found

    def _refuse_unheld(self, field: RelationField, chosen: list[str]) -> None:
        """What a form would leave as it is without a word, a file is told about."""
        present = {keys.encode(row): row for row in field.chosen}
        given = [row for row in field.offer.get(chosen) if keys.encode(row) not in present]
        taken = [row for key, row in present.items() if key not in chosen]
        wrong = [row for row in [*given, *taken] if not field.may_choose(row)]
        if wrong:
            named = ", ".join(map(str, wrong[:_MOST_NAMED]))
            raise CellRefused(
                gettext(
                    "What you do not hold yourself, you cannot give or take: %(names)s.",
                    names=named,
                )
            )

    _makers: Mapping[Any, Callable[[Adapter, Any, Any], list[str]]] = {
        RelationField: _relation,
        TriStateField: _tri_state,
        PickField: _word,
        BooleanField: _flag,
        JsonField: _document,
        DateTimeLocalField: _moment,
        DateField: _day,
        TimeField: _time,
    }


def untouched(field: Field) -> list[str]:
    """What a browser sends for a field that nobody has touched."""
    if isinstance(field, RelationField):
        return [keys.encode(row) for row in field.chosen]
    if isinstance(field, BooleanField):
        return ["y"] if field.data else []
    if isinstance(field, PickField):
        return [field.sent]
    return [str(field._value())] if hasattr(field, "_value") else []


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    return str(cell).strip()


def _names(cell: Any) -> list[str]:
    if isinstance(cell, list):
        if any(isinstance(one, list | dict) for one in cell):
            raise CellRefused(gettext("Use names or keys."))
        return [_text(one) for one in cell]
    try:
        return values.split(_text(cell))
    except ValueError as error:
        raise CellRefused(gettext("A quote is not closed.")) from error


def _yes_or_no(cell: Any) -> bool:
    word = _text(cell).casefold()
    if word in _YES or word == gettext("Yes").casefold():
        return True
    if word in _NO or word == gettext("No").casefold():
        return False
    raise CellRefused(gettext("Use yes or no."))
