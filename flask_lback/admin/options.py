"""``ModelAdmin``: what the panel shows of a model, in Django's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, overload

from .base import BaseModelAdmin
from .base import Fieldset as Fieldset

if TYPE_CHECKING:
    from .inlines.options import InlineModelAdmin

F = TypeVar("F", bound=Callable[..., Any])


class ModelAdmin(BaseModelAdmin):
    """What is shown of a model, and what can be done with it.

    Options of its form stand in :class:`~flask_lback.admin.base.BaseModelAdmin`.
    """

    #: Columns of the list; the first one leads to the record.
    list_display: Sequence[str] = ()
    #: Columns that lead to the record, when it is not the first.
    list_display_links: Sequence[str] = ()
    #: Columns and relations that the list can be narrowed by.
    #: With a class of its own: ``("author", EmptyFieldListFilter)``, or a ``SimpleListFilter``.
    list_filter: Sequence[str | tuple[str, type[Any]] | type[Any]] = ()
    #: Columns that the search looks in; ``=name`` compares whole values, ``^name`` beginnings.
    search_fields: Sequence[str] = ()
    #: Columns of the list that are changed in their cells.
    list_editable: Sequence[str] = ()
    #: Rows on a page.
    list_per_page: int = 50
    #: The most rows that an address can ask for on one page.
    list_max_show_all: int = 200
    #: A column of days or moments: years, months and days over the list lead to their rows.
    date_hierarchy: str = ""
    #: A column of days or moments that the dashboard draws the rows by; left out, the first model
    #: of an application is drawn by ``date_hierarchy`` or ``created_at``.
    chart_by: str = ""
    #: Relations that are loaded together with the rows, beyond those that are shown.
    list_select_related: Sequence[str] = ()
    #: Fields of the form in cards; the class ``side`` puts a card into the side column, and
    #: ``collapse`` folds it.
    fieldsets: Sequence[Fieldset] = ()
    #: The same for a new record, when it differs.
    add_fieldsets: Sequence[Fieldset] = ()
    #: A WTForms form: its fields stand in for those that the panel makes of the same columns, and
    #: its ``validate_<field>`` methods are asked.
    form: type[Any] | None = None
    #: The same for a new record, when it differs.
    add_form: type[Any] | None = None
    #: Rows of other models on the page of a record: subclasses of ``TabularInline`` and
    #: ``StackedInline``.
    inlines: Sequence[type[InlineModelAdmin]] = ()
    #: Relations to many whose boxes can be narrowed by typing.
    filter_horizontal: Sequence[str] = ()
    filter_vertical: Sequence[str] = ()
    #: What can be done with chosen rows: functions, or names of methods.
    actions: Sequence[str | Callable[..., Any]] = ()
    #: Columns of an export; left out: the key, then those of the list.
    export_fields: Sequence[str] = ()
    #: An icon of ``icons.svg``.
    icon: str = ""

    #: Pages that this model does not have: ``add``, ``change``, ``delete``.
    without: ClassVar[frozenset[str]] = frozenset()
    #: The class of its pages, by dotted path; a subclass of
    #: ``flask_lback.admin.views.records.RecordView`` may have pages more.
    view_class: ClassVar[str] = "flask_lback.admin.views.records.RecordView"

    def get_fieldsets(self, request: Any, obj: Any = None) -> Sequence[Fieldset]:
        """The cards of the form.

        :param obj: the record, None when one is added.
        """
        if obj is None and self.add_fieldsets:
            return self.add_fieldsets
        if self.fieldsets:
            return self.fieldsets
        return [(None, {"fields": self.fields})] if self.fields else ()

    def get_inlines(self, request: Any, obj: Any = None) -> Sequence[type[InlineModelAdmin]]:
        """Those of :attr:`inlines` that the page of a record has."""
        return self.inlines

    def get_form_initial(self, request: Any) -> Mapping[str, Any]:
        """What a new record begins with: what the address says, as in ``?title=Letters``.

        Values of fields that the person cannot write are left out afterwards.
        """
        return {name: texts for name, texts in request.args.lists() if name != "next"}

    def narrowed_fields(self) -> set[str]:
        """Those that two options of Django name; here they look the same."""
        return {*self.filter_horizontal, *self.filter_vertical}

    def save_related(self, request: Any, form: Any, formsets: Any, change: bool) -> None:
        """Write the rows of the inlines, after their record; the panel commits afterwards.

        :param form: the form of the record, which is its ``instance``.
        """
        for formset in formsets:
            self.save_formset(request, form, formset, change)

    def save_formset(self, request: Any, form: Any, formset: Any, change: bool) -> None:
        """Write the rows of one inline."""
        formset.save(form.instance)

    def get_export_fields(self, request: Any) -> Sequence[str]:
        """The columns of an export; none: the key, then those of the list."""
        return self.export_fields

    def offers(self, action: str, obj: Any) -> bool:
        """Whether the page of a record has a button for an action."""
        return True

    def instead_of_delete(self, rows: list[Any]) -> tuple[str, str, str, str] | None:
        """A milder way that the page before a deletion offers.

        :returns: the name of an action, a question, the words of its button, and what it does.
        """
        return None


#: The options of :class:`ModelAdmin`, by name.
OPTIONS: tuple[str, ...] = tuple(
    name
    for kind in (ModelAdmin, BaseModelAdmin)
    for name in kind.__annotations__
    if name not in ("without", "view_class")
)


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
def display(
    *,
    description: str | None = None,
    ordering: str | None = None,
    boolean: bool = False,
    empty_value: str | None = None,
) -> Callable[[F], F]: ...
def display(
    function: Any = None,
    /,
    *,
    description: str | None = None,
    ordering: str | None = None,
    boolean: bool = False,
    empty_value: str | None = None,
) -> Any:
    """Say how a method is shown as a column of the list.

    :param description: the heading of the column.
    :param ordering: the column that sorts it; it cannot be sorted when left out.
    :param boolean: whether it answers yes or no, of whatever type its values are.
    :param empty_value: what stands for a missing value, in place of ``empty_value_display``.
    """

    def decorate(function: Any) -> Any:
        function.display_description = description
        function.display_ordering = ordering
        function.display_boolean = boolean
        function.display_empty_value = empty_value
        return function

    return decorate if function is None else decorate(function)
