"""Every row that a list shows, with few in memory, and with no lock held for a slow reader."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from .. import keys
from ..columns import loading
from .fields import Field, Selection, converted

if TYPE_CHECKING:
    from ..views.records import RecordView

#: Rows that are read at once; with keys of several columns, and as records, fewer.
BATCH = 2_000
FEW = 200
#: Texts of keys cannot hold it.
_BETWEEN = "\0"

Keys = list[tuple[Any, ...]]


class Rows:
    """The rows of a list as they were when the export began: none comes twice, none is missed.

    The keys are read first, in the order of the list; then the rows by their keys, each batch in
    a transaction of its own. What is deleted meanwhile is left out.

    :param statement: the rows in their order; what an account reaches of them is asked again for
        each batch.
    :raises SQLAlchemyError: the database did not answer.
    """

    def __init__(
        self, view: RecordView, statement: sa.Select[Any], fields: Sequence[Field]
    ) -> None:
        self._view = view
        self._model = view.model
        self._fields = fields
        self._primary = sa.inspect(view.model).primary_key
        self._is_plain = all(one.is_plain for one in fields)
        is_small = self._is_plain and len(self._primary) == 1
        self._kept = _Kept(view.model, BATCH if is_small else FEW)
        self._read_keys(statement)

    def __len__(self) -> int:
        return self._kept.count

    def batches(self) -> Iterator[list[Sequence[Any]]]:
        """Lines of values, several at a time."""
        reach = self._view.listing.every("export")
        read = self._plain(reach) if self._is_plain else self._records(reach)
        for chosen in self._kept.batches():
            found = read(chosen)
            yield [found[key] for key in chosen if key in found]

    def _read_keys(self, statement: sa.Select[Any]) -> None:
        only = statement.with_only_columns(*self._primary, maintain_column_froms=True)
        with self._session() as session:
            result = session.execute(
                only,
                execution_options={"yield_per": 10_000},
                bind_arguments={"mapper": sa.inspect(self._model)},
            )
            for part in result.partitions():
                self._kept.add(map(tuple, part))

    def _plain(self, reach: sa.Select[Any]) -> Callable[[Keys], dict[Any, Sequence[Any]]]:
        statement = Selection(self._model, self._fields).of(reach)
        width = len(self._primary)

        def read(chosen: Keys) -> dict[Any, Sequence[Any]]:
            with self._session() as session:
                rows = session.execute(
                    statement.where(keys.condition(self._model, chosen)),
                    bind_arguments={"mapper": sa.inspect(self._model)},
                ).all()
            lines = converted(self._fields, (row[width:] for row in rows))
            return {row[:width]: line for row, line in zip(rows, lines, strict=True)}

        return read

    def _records(self, reach: sa.Select[Any]) -> Callable[[Keys], dict[Any, Sequence[Any]]]:
        related = [one.path.name for one in self._fields if one.path is not None]
        more = self._view.options.list_select_related
        statement = reach.options(*loading([], [*related, *more], self._model))
        mapper = sa.inspect(self._model)

        def read(chosen: Keys) -> dict[Any, Sequence[Any]]:
            with self._session() as session:
                wanted = statement.where(keys.condition(self._model, chosen))
                return {
                    tuple(mapper.primary_key_from_instance(row)): [
                        one.value(row) for one in self._fields
                    ]
                    for row in session.scalars(wanted).unique()
                }

        return read

    def _session(self) -> Any:
        """A session of its own: the request's would keep every record."""
        return self._view.site.db.session.session_factory()


class _Kept:
    """Keys in order, in little memory: eight bytes for a number, its letters for another one."""

    def __init__(self, model: type[Any], size: int) -> None:
        self._model = model
        self._size = size
        self._numbers = array("q")
        self._texts: list[bytes] = []
        self.count = 0
        (first, *others) = sa.inspect(model).primary_key
        self._is_number = not others and isinstance(first.type, sa.Integer)

    def add(self, found: Iterable[tuple[Any, ...]]) -> None:
        if self._is_number:
            self._numbers.extend(key[0] for key in found)
            self.count = len(self._numbers)
            return
        texts = [keys.encode_values(key) for key in found]
        for start in range(0, len(texts), self._size):
            part = texts[start : start + self._size]
            self._texts.append(_BETWEEN.join(part).encode())
        self.count += len(texts)

    def batches(self) -> Iterator[Keys]:
        if self._is_number:
            for start in range(0, len(self._numbers), self._size):
                part = self._numbers[start : start + self._size]
                yield list(dict.fromkeys((number,) for number in part))
            return
        for joined in self._texts:
            texts = joined.decode().split(_BETWEEN)
            decoded = (keys.decode(self._model, text) for text in texts)
            yield list(dict.fromkeys(key for key in decoded if key is not None))
