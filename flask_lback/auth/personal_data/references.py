"""What points to an account: found by looking at the tables, not by asking the application."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.exc import NoReferenceError
from sqlalchemy.orm import Mapper

from ..models import Models


@dataclass(frozen=True)
class Reference:
    """A column that holds the key of another table.

    :ivar column: the column that points.
    :ivar target: the column it points to.
    :ivar goes: whether its rows go with what they point to (``ON DELETE CASCADE``).
    """

    column: sa.Column[Any]
    target: sa.Column[Any]
    goes: bool

    @property
    def table(self) -> sa.Table:
        """The table that points."""
        table: sa.Table = self.column.table
        return table


class References:
    """The foreign keys of one application's tables, on all of its databases."""

    def __init__(self, db: SQLAlchemy, models: Models) -> None:
        self._db = db
        self._models = models

    def to_accounts(self) -> list[Reference]:
        """What points to an account; tables that are part of the account itself do not."""
        own = self.own_tables()
        return [
            found for found in self._all() if found.target.table in own and found.table not in own
        ]

    def between_accounts(self) -> list[Reference]:
        """How accounts point to one another, such as to who is in charge of them."""
        own = self.own_tables()
        return [
            found
            for found in self._all()
            if found.target.table in own
            and found.table in own
            and not found.column.primary_key  # that is how a subclass is joined to its base
        ]

    def to(self, table: sa.Table) -> list[Reference]:
        """What points to a table, from outside of it."""
        own = self.own_tables()
        return [
            found
            for found in self._all()
            if found.target.table is table and found.table is not table and found.table not in own
        ]

    def own_tables(self) -> set[Any]:
        """The tables that an account is stored in: more than one where classes inherit."""
        mapper: Mapper[Any] = sa.inspect(self._models.User)
        return {table for each in mapper.self_and_descendants for table in each.tables}

    def is_link(self, table: sa.Table) -> bool:
        """Whether a table only says which rows belong together."""
        mapper: Mapper[Any] = sa.inspect(self._models.User)
        if table in {relation.secondary for relation in mapper.relationships}:
            return True
        return len(table.columns) > 1 and all(column.foreign_keys for column in table.columns)

    def engine_of(self, table: sa.Table) -> dict[str, Any]:
        """Options of a SELECT that lead it to the database of its table."""
        bind_key = table.metadata.info.get("bind_key")
        return {} if bind_key is None else {"bind": self._db.engines[bind_key]}

    def _all(self) -> Iterator[Reference]:
        for metadata in self._db.metadatas.values():
            for table in metadata.sorted_tables:
                for key in sorted(table.foreign_keys, key=lambda key: key.parent.name):
                    try:
                        target = key.column
                    except NoReferenceError:  # a table that this application does not know
                        continue
                    goes = (key.ondelete or "").upper() == "CASCADE"
                    yield Reference(key.parent, target, goes)


def value_of(user: Any, target: sa.Column[Any]) -> Any:
    """What an account has in a column that others point to; None where its kind has none."""
    mapper: Mapper[Any] = sa.inspect(type(user))
    if target.table not in mapper.tables:
        return None
    return getattr(user, mapper.get_property_by_column(target).key)
