"""The inlines of a model, made once for an application."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from flask import request
from flask_sqlalchemy import SQLAlchemy

from ...core.state import current_state
from .. import keys, words
from ..attributes import find
from ..columns import column, loading
from ..converter import Converter
from ..forms import RecordForm
from ..layout import form_field_names
from ..scope import Scopes
from .options import InlineModelAdmin

if TYPE_CHECKING:
    from ..options import ModelAdmin
    from ..settings import AdminSettings


#: No page has more rows of an inline than this, whatever the setting says.
MOST_ROWS = 1_000


@dataclass(frozen=True)
class Inline:
    """One inline of one model.

    :ivar form_class: the form of a row, with every field that one could have.
    :ivar prefix: what the names of its fields begin with.
    :ivar limit: at most so many rows are on a page.
    """

    admin: InlineModelAdmin
    form_class: type[RecordForm]
    prefix: str
    limit: int
    loading: Sequence[Any]

    @property
    def noun(self) -> str:
        """What one row is called."""
        return self.admin.verbose_name or words.spoken(self.admin.model.__name__)

    @property
    def title(self) -> str:
        """What the rows are called."""
        return words.heading(self.admin.verbose_name_plural or words.plural(self.noun))

    def statement(self, record: Any, action: str = "view") -> sa.Select[Any]:
        """The rows of a record that the present account reaches."""
        admin = self.admin
        statement = current_state()[Scopes].every(admin.model, action)
        statement = admin.get_query(request, statement, action)
        return statement.where(admin.link.belongs(admin.model, record))

    def load(self, record: Any, texts: Iterable[str] | None = None) -> list[Any]:
        """The rows of a record in their order, one more than the limit at most.

        :param texts: keys; only these rows, and nobody else writes them meanwhile.
        """
        model = self.admin.model
        statement = self._ordered(self.statement(record)).options(*self.loading)
        if texts is None:
            statement = statement.limit(self.limit + 1)
        else:
            decoded = [key for text in texts if (key := keys.decode(model, text)) is not None]
            if not decoded:
                return []
            statement = statement.where(keys.condition(model, decoded))
            statement = statement.with_for_update(of=model)
            statement = statement.execution_options(populate_existing=True)
        return list(current_state()[SQLAlchemy].session.scalars(statement).unique())

    def count(self, record: Any) -> int:
        """How many rows a record has, those out of sight too."""
        link, model = self.admin.link, self.admin.model
        statement = sa.select(sa.func.count()).where(link.belongs(model, record))
        return int(current_state()[SQLAlchemy].session.scalar(statement) or 0)

    def _ordered(self, statement: sa.Select[Any]) -> sa.Select[Any]:
        statement = statement.order_by(None)
        for name in self.admin.ordering:
            if path := find(self.admin.model, name.removeprefix("-")):
                attribute = path.prop.class_attribute
                statement = statement.order_by(
                    attribute.desc() if name.startswith("-") else attribute
                )
        return statement.order_by(*sa.inspect(self.admin.model).primary_key)


def built(
    options: ModelAdmin, db: Any, settings: AdminSettings
) -> dict[type[InlineModelAdmin], Inline]:
    """The inlines of a model, by their class.

    :raises ConfigError: it is not clear what ties the rows to their record.
    """
    made: dict[type[InlineModelAdmin], Inline] = {}
    for kind in options.inlines:
        admin = kind(options.model)
        tied = admin.link.names
        names = [name for name in form_field_names(admin) if name not in tied]
        converter = Converter(db, admin, settings.choice_limit)
        shown = [column(admin, name) for name in (*names, *admin.readonly_fields)]
        taken = [one.prefix for one in made.values()]
        made[kind] = Inline(
            admin,
            converter.form(names),
            _prefix(admin.model, taken),
            min(settings.inline_limit, MOST_ROWS),
            loading(shown, (), admin.model),
        )
    return made


def _prefix(model: type[Any], taken: list[str]) -> str:
    name = model.__name__.lower()
    return name if name not in taken else f"{name}{len(taken) + 1}"
