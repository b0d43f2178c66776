"""What the records of a model and the rows of an inline have in common: fields, rights, saving."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy

from ..auth.current import resolve
from ..auth.rights import rights_of
from ..core.state import current_state
from ..permissions.names import permission_name
from .cells import NOTHING

#: ``(title, {"fields": (...), "description": "...", "classes": ("side",)})``
Fieldset = tuple[str | None, Mapping[str, Any]]


class BaseModelAdmin:
    """The options of a form, and what happens when it is sent.

    A name in an option is a column or a relation; behind a dot, one of a related model
    (``author.username``; ``author__username`` is the same). Lists may also name ``__str__``,
    properties of the model and methods of this class that take a row.

    :param model: the mapped class.
    """

    #: The mapped class; a subclass may name it, as in Django, and then has it checked.
    model: type[Any]
    #: Fields of the form, in order; a tuple puts several on one line.
    fields: Sequence[str | Sequence[str]] = ()
    #: Fields that the form leaves out.
    exclude: Sequence[str] = ()
    #: Fields that are printed, and that no request can write.
    readonly_fields: Sequence[str] = ()
    #: Fields that are made from others while they are empty: ``{"slug": ("title",)}``.
    prepopulated_fields: Mapping[str, Sequence[str]] = {}
    #: Relations that are looked up, however few rows there are to choose from.
    autocomplete_fields: Sequence[str] = ()
    #: Order of the rows; ``-name`` is descending.
    ordering: Sequence[str] = ()
    #: What stands for a missing value.
    empty_value_display: str = NOTHING
    #: What one row is called, and several; made from the class name when left out.
    verbose_name: str = ""
    verbose_name_plural: str = ""

    def __init__(self, model: type[Any]) -> None:
        self.model = model

    # --- who may do what with which rows ------------------------------------------------------

    def get_query(self, request: Any, statement: sa.Select[Any], action: str) -> sa.Select[Any]:
        """The rows that the present account reaches; policies narrow them further.

        :param statement: every row of the model.
        :param action: ``view``, ``change``, ``delete``, ``export`` or one of the model's own.
        """
        return statement

    def has_view_permission(self, request: Any, obj: Any = None) -> bool:
        """Whether the present account may read; without the permission True opens nothing.

        :param obj: the record, None to ask about the model.
        """
        return _holds(self.model, "view")

    def has_add_permission(self, request: Any) -> bool:
        """As :meth:`has_view_permission`, for adding records."""
        return _holds(self.model, "add")

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        """As :meth:`has_view_permission`, for changing."""
        return _holds(self.model, "change")

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        """As :meth:`has_view_permission`, for deleting."""
        return _holds(self.model, "delete")

    # --- forms --------------------------------------------------------------------------------

    def get_fieldsets(self, request: Any, obj: Any = None) -> Sequence[Fieldset]:
        """The cards of the form.

        :param obj: the record, None when one is added.
        """
        return [(None, {"fields": self.fields})] if self.fields else ()

    def get_readonly_fields(self, request: Any, obj: Any = None) -> Sequence[str]:
        """The fields that are printed only."""
        return self.readonly_fields

    def get_exclude(self, request: Any, obj: Any = None) -> Sequence[str]:
        """The fields that the form leaves out."""
        return self.exclude

    def left_out(self, request: Any, obj: Any = None) -> set[str]:
        """Every name that the form has not, for whichever reason."""
        return {*self.get_exclude(request, obj)}

    def formfield(self, name: str, field: Any) -> Any:
        """Change how a column or relation is filled in, while the application is set up.

        :param field: what the panel would take, not bound to a form yet: ``field.kwargs`` can be
            changed.
        :returns: it, or another WTForms field; None leaves it out.
        """
        return field

    def printed_fields(self) -> set[str]:
        """Names that a form may have though no request writes them."""
        return {*self.readonly_fields}

    def narrowed_fields(self) -> set[str]:
        """The relations whose boxes can be narrowed by typing."""
        return set()

    def extra_fields(self) -> Mapping[str, Any]:
        """WTForms fields that are no columns; :meth:`populate` reads them."""
        return {}

    def prepare(self, form: Any, obj: Any) -> None:
        """Adjust a form before it is filled in or shown: choices, locks, values."""

    def construct(self, form: Any) -> Any:
        """Make a record from a valid form; it is saved by :meth:`save_model`.

        :raises InvalidFieldsError: a rule behind the form refuses a value.
        """
        obj = self.model()
        self.populate(form, obj)
        return obj

    def populate(self, form: Any, obj: Any) -> None:
        """Write a valid form into a record.

        :raises InvalidFieldsError: a rule behind the form refuses a value.
        """
        extra = self.extra_fields()
        for name, field in form._fields.items():
            if name not in extra:
                field.populate_obj(obj, name)

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        """Add a record to the session; the panel commits afterwards.

        :param change: False for a new record.
        """
        current_state()[SQLAlchemy].session.add(obj)

    def delete_model(self, request: Any, obj: Any) -> None:
        """Delete a record; the panel commits afterwards."""
        current_state()[SQLAlchemy].session.delete(obj)


def _holds(model: type[Any], action: str) -> bool:
    return rights_of(resolve()).has(permission_name(model, action))
