"""``ModelAdmin``: what the panel shows of a model, in Django's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar, overload

from flask_sqlalchemy import SQLAlchemy

from ..core.state import current_state
from .cells import NOTHING

F = TypeVar("F", bound=Callable[..., Any])

#: ``(title, {"fields": (...), "description": "...", "classes": ("side",)})``
Fieldset = tuple[str | None, Mapping[str, Any]]


class ModelAdmin:
    """What is shown of a model, and what can be done with it.

    A name in an option is a column or a relation; behind a dot, one of a related model
    (``author.username``; ``author__username`` is the same). Lists may also name ``__str__``,
    properties of the model and methods of this class that take a row.

    :param model: the mapped class.
    """

    #: Columns of the list; the first one leads to the record.
    list_display: Sequence[str] = ()
    #: Columns that lead to the record, when it is not the first.
    list_display_links: Sequence[str] = ()
    #: Columns and relations that the list can be narrowed by.
    list_filter: Sequence[str] = ()
    #: Columns that the search looks in; ``=name`` compares whole values, ``^name`` beginnings.
    search_fields: Sequence[str] = ()
    #: Order of the list; ``-name`` is descending.
    ordering: Sequence[str] = ()
    #: Rows on a page.
    list_per_page: int = 50
    #: Relations that are loaded together with the rows, beyond those that are shown.
    list_select_related: Sequence[str] = ()
    #: Fields of the form, in order; a tuple puts several on one line.
    fields: Sequence[str | Sequence[str]] = ()
    #: Fields of the form in cards; the class ``side`` puts a card into the side column.
    fieldsets: Sequence[Fieldset] = ()
    #: Fields that the form leaves out.
    exclude: Sequence[str] = ()
    #: Fields that are printed, and that no request can write.
    readonly_fields: Sequence[str] = ()
    #: What can be done with chosen rows: functions, or names of methods.
    actions: Sequence[str | Callable[..., Any]] = ()
    #: What stands for a missing value.
    empty_value_display: str = NOTHING
    #: What one row is called, and several; made from the class name when left out.
    verbose_name: str = ""
    verbose_name_plural: str = ""
    #: An icon of ``icons.svg``.
    icon: str = ""

    #: Pages that this model does not have: ``add``, ``change``, ``delete``.
    without: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, model: type[Any]) -> None:
        self.model = model

    def get_fieldsets(self, request: Any, obj: Any = None) -> Sequence[Fieldset]:
        """The cards of the form.

        :param obj: the record, None when one is added.
        """
        if self.fieldsets:
            return self.fieldsets
        return [(None, {"fields": self.fields})] if self.fields else ()

    def get_readonly_fields(self, request: Any, obj: Any = None) -> Sequence[str]:
        """The fields that are printed only."""
        return self.readonly_fields

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

    def offers(self, action: str, obj: Any) -> bool:
        """Whether the page of a record has a button for an action."""
        return True

    def instead_of_delete(self, rows: list[Any]) -> tuple[str, str, str, str] | None:
        """A milder way that the page before a deletion offers.

        :returns: the name of an action, a question, the words of its button, and what it does.
        """
        return None


#: The options of :class:`ModelAdmin`, by name.
OPTIONS: tuple[str, ...] = tuple(name for name in ModelAdmin.__annotations__ if name != "without")


@overload
def action(function: F, /) -> F: ...
@overload
def action(
    *, description: str | None = None, permissions: Sequence[str] = ("change",)
) -> Callable[[F], F]: ...
def action(
    function: Any = None,
    /,
    *,
    description: str | None = None,
    permissions: Sequence[str] = ("change",),
) -> Any:
    """Say how an action is called, and what it needs.

    The function is called with the request and the list of chosen rows, and the panel commits.
    It may return a sentence for the person, or a response.

    :param description: the words of its button; the function's name when left out.
    :param permissions: of ``add``, ``change``, ``delete`` and ``view``, all of them; or whole
        names such as ``blog.publish_post``.
    """

    def decorate(function: Any) -> Any:
        function.action_description = description
        function.action_permissions = tuple(permissions)
        return function

    return decorate if function is None else decorate(function)


@overload
def display(function: F, /) -> F: ...
@overload
def display(*, description: str | None = None, ordering: str | None = None) -> Callable[[F], F]: ...
def display(
    function: Any = None,
    /,
    *,
    description: str | None = None,
    ordering: str | None = None,
) -> Any:
    """Say how a method is shown as a column of the list.

    :param description: the heading of the column.
    :param ordering: the column that sorts it; it cannot be sorted when left out.
    """

    def decorate(function: Any) -> Any:
        function.display_description = description
        function.display_ordering = ordering
        return function

    return decorate if function is None else decorate(function)
