"""Names of the records that entries speak of by their keys; as many as the reader may see."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm.interfaces import MANYTOONE

from .. import keys, words
from ..relations import Target
from .changes import name_of

#: So many records of one model are named on a page.
_MOST = 500


class Names:
    """The names that one page needs, asked for with one statement for each model."""

    def __init__(self) -> None:
        self._targets: dict[type[Any], Target] = {}
        self._wanted: dict[type[Any], dict[str, None]] = {}
        self._found: dict[type[Any], dict[str, str]] = {}

    def want(self, model: type[Any], key: Any) -> None:
        """Ask for a name; :meth:`find` gets all of them."""
        if key is not None and key != "":
            self._wanted.setdefault(model, {})[str(key)] = None

    def find(self) -> None:
        """Read what was asked for."""
        for model, wanted in self._wanted.items():
            if self.may_see(model):
                rows = self._targets[model].get(list(wanted)[:_MOST])
                self._found[model] = {keys.encode(row): name_of(row) for row in rows}

    def may_see(self, model: type[Any]) -> bool:
        """Whether the present account may view the model."""
        if model not in self._targets:
            self._targets[model] = Target(model)
        return self._targets[model].is_visible

    def name(self, model: type[Any], key: Any, kept: str = "") -> str:
        """A record in words.

        :param kept: the name that it had then.
        """
        if not self.may_see(model):
            kept = ""
        found = self._found.get(model, {}).get(str(key))
        return kept or found or f"{words.spoken(model.__name__)} {key}"


def target_of(mapper: Any, name: str) -> tuple[str, type[Any]] | None:
    """The relation that a foreign key belongs to, and the model it leads to by its key."""
    if mapper is None or name not in mapper.column_attrs:
        return None
    column = mapper.column_attrs[name].columns[0]
    for relation in mapper.relationships:
        if relation.direction is MANYTOONE and set(relation.local_columns) == {column}:
            remote = {far for _, far in relation.local_remote_pairs}
            if remote == set(relation.mapper.primary_key):
                return relation.key, relation.mapper.class_
    return None


def relation_of(mapper: Any, name: str) -> type[Any] | None:
    """The model at the end of a relation."""
    if mapper is None or name not in mapper.relationships:
        return None
    found: type[Any] = mapper.relationships[name].mapper.class_
    return found


def mapped(model: type[Any] | None) -> Any:
    """The mapper of a model, None without one."""
    return None if model is None else sa.inspect(model)
