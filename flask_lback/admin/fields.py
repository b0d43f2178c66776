"""Form fields for what columns and relations hold, drawn with plain HTML."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from markupsafe import Markup
from wtforms import DateTimeLocalField, Field, StringField, TextAreaField
from wtforms.validators import ValidationError
from wtforms.widgets import NumberInput

from ..core.translation import gettext
from . import keys
from .cells import NOTHING
from .relations import Target

#: Longer lists of keys are refused unread.
MOST_CHOSEN = 5_000
_MOMENTS = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"]


class AnyNumber(NumberInput):
    """A number with as many decimals as the column has room for."""

    def __init__(self) -> None:
        super().__init__(step="any")


class MomentField(DateTimeLocalField):
    """A day and a time in UTC, to the minute; seconds that were there stay.

    :param aware: whether the column takes moments with a zone.
    """

    def __init__(self, *args: Any, aware: bool = False, **kwargs: Any) -> None:
        kwargs["format"] = _MOMENTS
        super().__init__(*args, **kwargs)
        self._aware = aware

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read a local time as UTC."""
        if valuelist and not valuelist[0].strip():
            self.data = None
            return
        super().process_formdata(valuelist)
        if self.data is not None and self._aware:
            self.data = self.data.replace(tzinfo=dt.UTC)

    def populate_obj(self, obj: object, name: str) -> None:
        """Write it, unless only the seconds would be lost."""
        present = getattr(obj, name, None)
        if present is None or present.replace(second=0, microsecond=0) != self.data:
            setattr(obj, name, self.data)


class PickField(Field):
    """One of a few words, in a select of our own: WTForms changes its way of giving choices.

    :param choices: value and label.
    """

    def __init__(self, *args: Any, choices: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "filters": ()})
        self._choices = list(choices)
        if all(value for value, _ in choices):
            self.flags.required = True

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read a word.

        :raises ValueError: it is none of the choices.
        """
        word = valuelist[0] if valuelist else ""
        if word not in dict(self._choices):
            raise ValueError(gettext("Choose one."))
        self.data = word

    def widget(self, field: Field, **kwargs: Any) -> Markup:  # type: ignore[override]
        """Draw the select."""
        mark = Markup(" selected")
        options = Markup("").join(
            Markup('<option value="{}"{}>{}</option>').format(
                value, mark if value == self.data else "", label
            )
            for value, label in self._choices
        )
        given = {"id": self.id, "name": self.name, **kwargs}
        attributes = Markup(" ").join(
            Markup('{}="{}"').format(name, value) for name, value in given.items()
        )
        return Markup("<select {}>{}</select>").format(attributes, options)


class TriStateField(PickField):
    """Yes, no, or not known."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        words = [("", NOTHING), ("yes", gettext("Yes")), ("no", gettext("No"))]
        super().__init__(*args, choices=words, **kwargs)

    def process_data(self, value: Any) -> None:
        """Show a value."""
        self.data = {True: "yes", False: "no"}.get(value, "")

    def populate_obj(self, obj: object, name: str) -> None:
        """Write a value."""
        setattr(obj, name, {"yes": True, "no": False}.get(self.data))


class WordField(PickField):
    """One of the words of an Enum column.

    :param values: what stands in Python for each word of the database.
    """

    def __init__(self, *args: Any, values: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._values = values

    def process_data(self, value: Any) -> None:
        """Show the word of a value."""
        self.data = next((word for word, one in self._values.items() if one == value), "")

    def populate_obj(self, obj: object, name: str) -> None:
        """Write the value of a word."""
        setattr(obj, name, self._values[self.data] if self.data else None)


class JsonField(TextAreaField):
    """A JSON document."""

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else json.dumps(self.data, indent=2, ensure_ascii=False)

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read a document; nothing is None."""
        text = valuelist[0].strip() if valuelist else ""
        try:
            self.data = json.loads(text) if text else None
        except (ValueError, RecursionError) as error:
            self.data = None
            raise ValueError(gettext("This is not JSON.")) from error


class UuidField(StringField):
    """A UUID."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read it; nothing is None."""
        text = valuelist[0].strip() if valuelist else ""
        try:
            self.data = uuid.UUID(text) if text else None  # type: ignore[assignment]
        except ValueError as error:
            self.data = None
            raise ValueError(gettext("This is not a UUID.")) from error


class RelationField(Field):
    """Records of another model: one, or several.

    It offers nothing to people who may not view that model, and then keeps what is there. With
    more rows than the limit it is a look-up: without script it offers what is chosen.

    :param target: the other model.
    :param multiple: whether several can be chosen.
    :param limit: see the setting ``LBACK_ADMIN_CHOICE_LIMIT``.
    """

    def __init__(
        self,
        *args: Any,
        target: Target,
        multiple: bool,
        allow_blank: bool,
        limit: int,
        **kwargs: Any,
    ) -> None:
        kwargs["filters"] = ()
        super().__init__(*args, **kwargs)
        self.target = target
        self.multiple = multiple
        self.allow_blank = allow_blank
        #: Whether the present account may give and take a record.
        self.may_choose: Callable[[Any], bool] = lambda row: True
        #: How records are put under headings, and called there; by their name without it.
        self.grouped: Callable[[Any], tuple[str, str]] | None = None
        #: Where a look-up asks; set by the view.
        self.lookup_url = ""
        self._limit = limit
        self._present: list[Any] = []
        self._offered: list[Any] | None = None

    @property
    def is_fixed(self) -> bool:
        """Whether the present account may not choose at all."""
        return not self.target.is_visible

    @property
    def is_lookup(self) -> bool:
        """Whether there are too many rows to list."""
        return len(self._rows()) > self._limit

    @property
    def chosen(self) -> list[Any]:
        """The records that are chosen, of one relation too."""
        if self.multiple:
            return list(self.data or ())
        return [] if self.data is None else [self.data]

    def options(self) -> list[tuple[str, str, bool, bool]]:
        """Key, name, whether it is chosen, and whether it cannot be changed."""
        chosen = {keys.encode(row): row for row in self.chosen}
        offered = [] if self.is_fixed or self.is_lookup else self._rows()
        rows = {keys.encode(row): row for row in offered}
        for key, row in chosen.items():
            rows.setdefault(key, row)
        return [
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
        """Read keys; what may not be given or taken stays as it is."""
        if self.is_fixed:
            return
        texts = [text for text in valuelist if text][: MOST_CHOSEN + 1]
        if len(texts) > MOST_CHOSEN:
            raise ValueError(gettext("These are too many."))
        found = self.target.get(texts)
        if len(found) != len(set(texts)):
            raise ValueError(gettext("One of these is gone. Choose again."))
        if not self.multiple:
            self.data = found[0] if found else None
            return
        given = [row for row in found if row in self._present or self.may_choose(row)]
        fixed = [row for row in self._present if row not in given and not self.may_choose(row)]
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

    def _rows(self) -> list[Any]:
        if self._offered is None:
            visible = self.target.is_visible
            self._offered = list(self.target.first(self._limit + 1)) if visible else []
        return self._offered
