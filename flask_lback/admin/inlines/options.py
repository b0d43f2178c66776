"""``TabularInline`` and ``StackedInline``, in Django's words."""

from __future__ import annotations

from typing import Any, ClassVar

from ..base import BaseModelAdmin
from .links import Link, link_between


class InlineModelAdmin(BaseModelAdmin):
    """Rows of another model on the page of the record that they belong to.

    Their own permissions hold: who may not view the model does not see them, and what may be
    added, changed and deleted is asked one by one. What ties a row to its record is never written.

    :param parent: the model of the record.
    :raises ConfigError: no foreign key, or more than one, leads to it.
    """

    #: The mapped class of the rows.
    model: type[Any]
    #: The foreign key that ties them to the record, or its relation, when there are several, and
    #: when it leads to the model itself.
    fk_name: str = ""
    #: Empty rows that are offered at once. A button adds more.
    extra: int = 0
    #: A record has at least so many rows, and gets at most so many; None is no limit of its own.
    min_num: int | None = None
    max_num: int | None = None
    #: Whether rows can be deleted here.
    can_delete: bool = True
    #: Whether a row leads to its own page.
    show_change_link: bool = False

    #: How the rows stand: a macro of ``_inlines.html``.
    layout: ClassVar[str] = "stacked"

    def __init__(self, parent: type[Any]) -> None:
        super().__init__(type(self).model)
        self.parent = parent
        self.link: Link = link_between(type(self).__name__, self.model, parent, self.fk_name)

    def left_out(self, request: Any, obj: Any = None) -> set[str]:
        """Also what ties a row to its record."""
        return super().left_out(request, obj) | self.link.names

    def has_add_permission(self, request: Any, obj: Any = None) -> bool:
        """Whether rows can be added to a record; without the permission True opens nothing.

        :param obj: the record that the rows belong to, here as in the other hooks.
        """
        return super().has_add_permission(request)

    def get_extra(self, request: Any, obj: Any = None) -> int:
        """How many empty rows are offered at once."""
        return self.extra

    def get_min_num(self, request: Any, obj: Any = None) -> int | None:
        """The smallest number of rows."""
        return self.min_num

    def get_max_num(self, request: Any, obj: Any = None) -> int | None:
        """The largest number of rows."""
        return self.max_num


class TabularInline(InlineModelAdmin):
    """Rows as a table."""

    layout = "tabular"


class StackedInline(InlineModelAdmin):
    """Rows one below the other, each with its fields as on a page."""


#: The options of an inline, by name.
INLINE_OPTIONS: tuple[str, ...] = tuple(
    name
    for kind in (InlineModelAdmin, BaseModelAdmin)
    for name in kind.__annotations__
    if name not in ("layout", "prepopulated_fields")
)
