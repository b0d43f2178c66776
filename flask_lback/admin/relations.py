"""The records that a relation can lead to: listed, looked up, found again by their keys."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy

from ..auth.current import resolve
from ..auth.rights import rights_of
from ..core.state import current_state
from ..permissions.names import permission_name
from . import keys
from .attributes import label_column
from .scope import Scopes

#: A look-up answers with no more rows than this, and reads no longer question.
MOST_FOUND = 20
LONGEST_QUESTION = 100


class Target:
    """A model that forms and filters choose from; only people who may view it see its rows."""

    def __init__(self, model: type[Any]) -> None:
        self.model = model
        self.label = label_column(sa.inspect(model))

    @property
    def is_visible(self) -> bool:
        """Whether the present account may view the model."""
        return rights_of(resolve()).has(permission_name(self.model, "view"))

    def every(self) -> sa.Select[Any]:
        """The rows in sight."""
        return current_state()[Scopes].every(self.model)

    def within(self, condition: Any) -> Any:
        """A condition on rows of the model that only those in sight can fulfil."""
        if not current_state()[Scopes].narrows(self.model):
            return condition
        columns = sa.inspect(self.model).primary_key
        # The way to the rows may pass their own table: nothing here refers to it there.
        reached = self.every().with_only_columns(*columns, maintain_column_froms=True)
        reached = reached.order_by(None).correlate(None)
        key = columns[0] if len(columns) == 1 else sa.tuple_(*columns)
        return sa.and_(condition, key.in_(reached))

    def first(self, limit: int) -> Sequence[Any]:
        """The first rows, by name."""
        return self._rows(self._statement().limit(limit))

    def search(self, question: str, limit: int = MOST_FOUND) -> Sequence[Any]:
        """Rows whose name holds the text, or whose key it is."""
        text = question.strip()[:LONGEST_QUESTION].replace("\x00", "")
        conditions = []
        if self.label is not None:
            conditions.append(self.label.icontains(text, autoescape=True))
        if (key := keys.decode(self.model, text)) is not None:
            conditions.append(keys.condition(self.model, [key]))
        return self._rows(self._statement().where(sa.or_(sa.false(), *conditions)).limit(limit))

    def get(self, texts: Iterable[str]) -> list[Any]:
        """The rows of these keys, in their order; unknown ones are left out."""
        decoded = [key for text in texts if (key := keys.decode(self.model, text)) is not None]
        if not decoded:
            return []
        rows = self._rows(self.every().where(keys.condition(self.model, decoded)))
        by_key = {keys.encode(row): row for row in rows}
        wanted = dict.fromkeys(keys.encode_values(key) for key in decoded)
        return [by_key[key] for key in wanted if key in by_key]

    def _statement(self) -> sa.Select[Any]:
        order = [*sa.inspect(self.model).primary_key]
        if self.label is not None:
            order.insert(0, self.label)
        return self.every().order_by(None).order_by(*order)

    def _rows(self, statement: sa.Select[Any]) -> Sequence[Any]:
        session = current_state()[SQLAlchemy].session
        with session.no_autoflush:
            return session.scalars(statement).unique().all()
