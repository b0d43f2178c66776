"""Form fields for what columns and relations hold, drawn with plain HTML."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup
from wtforms import DateTimeLocalField, Field, StringField, TextAreaField
from wtforms.widgets import NumberInput

from ..core.translation import gettext
from .cells import NOTHING

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


class LongTextField(TextAreaField):
    """A text of several lines, whose ends browsers send as CR and LF (HTML, 4.10.21.4)."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read a text with ends as programs write them."""
        super().process_formdata([one.replace("\r\n", "\n") for one in valuelist])

    def populate_obj(self, obj: object, name: str) -> None:
        """Write it, unless only the ends of lines differ from what is there."""
        present = getattr(obj, name, None)
        if not isinstance(present, str) or present.replace("\r\n", "\n") != self.data:
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

    @property
    def sent(self) -> str:
        """What a browser sends: of a select without an empty choice, the first one."""
        words = [value for value, _ in self._choices]
        return str(self.data) if self.data in words else words[0]

    @property
    def label_of_choice(self) -> str:
        """The words of what is chosen."""
        return dict(self._choices).get(str(self.data), NOTHING)

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
