"""The forms of the account pages over JSON: one definition of what is asked serves both."""

from __future__ import annotations

from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import (
    BooleanField,
    DecimalField,
    Field,
    FieldList,
    FloatField,
    FormField,
    IntegerField,
    SelectField,
    SelectMultipleField,
)
from wtforms.validators import EqualTo

from ...auth.views.page import form_for
from ...core.errors import Problem
from ...core.translation import gettext
from ..documents import Document

_NUMBERS = (IntegerField, DecimalField, FloatField)
#: The body has a limit; each field says by itself what is too long for it.
_LONGEST = 1_000_000


def form_of_request(page: str, *without: str) -> Any:
    """The form of a page, ours or the application's, with the values of this request's document.

    Keys that the form does not ask for are ignored. What is only asked twice, because people
    cannot see what they type, need not be sent.

    :param without: fields that are not asked for now.
    :raises Problem: 400 with the messages by field, and as :meth:`Document.of_request`.
    """
    document: Any = FormDocument.of_request()
    blank = _made(page, without)
    form = _made(page, without, document.form_data(blank))
    document.checked()
    if not form.validate():
        raise invalid(form.errors)
    return form


def invalid(errors: dict[Any, Any]) -> Problem:
    """The refusal of fields, 400; the messages of a whole form become its detail."""
    named = {name: [str(text) for text in texts] for name, texts in errors.items() if name}
    whole = [str(text) for name, texts in errors.items() if not name for text in texts]
    detail = " ".join(whole) or gettext("Some fields need a change.")
    return Problem(400, "invalid", detail, errors=named)


class FormDocument(Document):
    """A document whose values go through a form, or other rules than those of its kind."""

    @property
    def values(self) -> dict[str, Any]:
        """Everything that was sent."""
        return dict(self._values)

    def form_data(self, form: Any) -> MultiDict[str, str]:
        """The values that the form asks for, as a browser would send them."""
        data: MultiDict[str, str] = MultiDict()
        for field in form:
            if self._values.get(field.name) is not None:
                data.setlist(field.name, self._sent(field))
        for field in form:
            twin = _twin_of(field)
            if twin is not None and field.name not in self._values:
                data.setlist(field.name, data.getlist(twin))
        return data

    def _sent(self, field: Field) -> list[str]:
        value = self._values[field.name]
        if isinstance(field, BooleanField):
            return ["y"] if self.flag(field.name) else []
        if isinstance(field, FieldList | FormField):
            self._errors[field.name] = [gettext("Use the page for this.")]
        elif isinstance(field, SelectMultipleField):
            if isinstance(value, list) and all(map(_is_choice, value)):
                return [str(one) for one in value]
            self._errors[field.name] = [gettext("This must be a list.")]
        elif isinstance(field, (*_NUMBERS, SelectField)) and _is_choice(value):
            return [str(value)]
        elif value == "":
            return [""]  # whether that is enough is the form's business
        elif text := self.text(field.name, longest=_LONGEST):
            return [text]
        return []


def _made(page: str, without: tuple[str, ...], data: MultiDict[str, str] | None = None) -> Any:
    form = form_for(page, formdata=data, meta={"csrf": False})
    for name in without:
        if name in form:
            del form[name]
    return form


def _is_choice(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _twin_of(field: Field) -> str | None:
    names = (one.fieldname for one in field.validators if isinstance(one, EqualTo))
    return next(names, None)
