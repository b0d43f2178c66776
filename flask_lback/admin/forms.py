"""The form of one record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from werkzeug.datastructures import MultiDict
from wtforms import Field

from ..forms.base import Form

if TYPE_CHECKING:
    from .inlines.formset import Formset


class RecordForm(Form):
    """The base of every form of a model.

    Its fields are reached by ``form["name"]``: a column may be called ``data`` or ``errors``.

    :ivar extra: fields that are no columns and no relations.
    :ivar instance: the record that the form is about, or has made.
    :ivar seen: the digests of the values that it was drawn with, "" when it is drawn now.
    :ivar formsets: the rows of other models that are sent along.
    """

    extra: frozenset[str] = frozenset()
    instance: Any = None
    seen: str = ""
    formsets: Sequence[Formset] = ()

    class Meta:
        def bind_field(self, form: Any, unbound_field: Any, options: dict[str, Any]) -> Field:
            options["id"] = f"f-{options.get('prefix', '')}{options['name']}"
            return unbound_field.bind(form=form, **options)  # type: ignore[no-any-return]

    def __init__(self, *args: Any, obj: Any = None, **kwargs: Any) -> None:
        self._obj = obj  # what Flask-Admin's Unique compares with
        super().__init__(*args, obj=obj, **kwargs)

    def __setattr__(self, name: str, value: Any) -> None:
        if not (isinstance(value, Field) and hasattr(RecordForm, name)):
            super().__setattr__(name, value)

    def keep(self, names: Iterable[str]) -> None:
        """Forget every other field, whatever a request sends for it."""
        kept = {*names, "csrf_token"}
        for name in [name for name in self._fields if name not in kept]:
            self._fields.pop(name)

    def validate(self, extra_validators: Mapping[str, Sequence[Any]] | None = None) -> bool:
        """Whether this form and its rows are right; all of them are looked at."""
        right = [super().validate(extra_validators), *(one.validate() for one in self.formsets)]
        return all(right)

    def begin(self, values: Mapping[str, Any]) -> None:
        """Fill in what a new record begins with. What cannot be read counts as not said.

        :param values: by field; a text, or several, as a browser sends it, or the value itself.
        """
        for name in [name for name in values if name in self._fields and name != "csrf_token"]:
            field, value = self._fields[name], values[name]
            texts = [value] if isinstance(value, str) else value
            if isinstance(texts, list) and all(isinstance(one, str) for one in texts):
                field.process(MultiDict({field.name: texts}))
                if field.process_errors:
                    field.process(None)
                field.process_errors, field.raw_data = [], None
            else:
                field.process(None, value)
