"""Note what a request of the panel changes, in the transaction that changes it.

The session tells: so it holds for every form, action and relation, for rows that are deleted along
with others, and for bulk statements. What goes past the session (``connection.execute``, an engine)
is not seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session

from ...auth.audit.service import Audit
from ...auth.models import Models
from ...auth.users.mixins import key_of
from ...core.state import current_state
from .. import keys
from .bulk import Bulk, bulk_of
from .changes import (
    ADDED,
    CHANGED,
    DELETED,
    Change,
    change_of,
    computed,
    members_of,
    unknown,
)
from .entries import bulk_entry, entry
from .kinds import Kinds

_Identity = tuple[type[Any], str]


class Level:
    """What a transaction, or a savepoint within it, has done so far."""

    def __init__(self) -> None:
        self.rows: dict[_Identity, Change] = {}
        self.bulk: list[Bulk] = []

    def add(self, identity: _Identity, change: Change) -> None:
        """Take note of what happens to a row."""
        before = self.rows.pop(identity, None)
        after = change if before is None else before.then(change)
        if after is not None:
            self.rows[identity] = after

    def merge(self, inner: Level) -> None:
        """Take over what a savepoint did."""
        for identity, change in inner.rows.items():
            self.add(identity, change)
        self.bulk += inner.bulk

    def clear(self) -> None:
        """Nothing of it has happened."""
        self.rows.clear()
        self.bulk.clear()


class Recorder:
    """Listens to one session."""

    def __init__(self, user: Any) -> None:
        state = current_state()
        self._actor = key_of(user)
        self._models = state[Models]
        self._audit = state[Audit]
        self._kinds = Kinds(state[SQLAlchemy], self._models)
        self._levels = [Level()]
        # By the state that SQLAlchemy keeps of a row: rows need not be hashable.
        self._old: dict[Any, dict[str, Any]] = {}
        self._computed: dict[Any, list[str]] = {}
        self._gone: set[Any] = set()

    # --- while rows are written ---------------------------------------------------------------

    def before_flush(self, session: Session, context: Any, instances: Any) -> None:
        """Read what the session does not hold of the rows that it is about to write."""
        self._gone.clear()
        with session.no_autoflush:
            asked: dict[Any, list[str]] = {}
            for row in self._kept(session.dirty):
                names = computed(row)
                asked[sa.inspect(row)] = [*unknown(row), *names]
                if names:
                    self._computed[sa.inspect(row)] = names
            for row in self._kept(session.deleted):
                asked[sa.inspect(row)] = unknown(row, is_gone=True)
            self._old = read(session, asked)

    def after_flush(self, session: Session, context: Any) -> None:
        """Note the changes: keys of new rows are known, and old values are not forgotten yet."""
        new = read(session, self._computed)
        old, self._old, self._computed = self._old, {}, {}
        for rows, what in (
            (session.new, ADDED),
            (session.dirty, CHANGED),
            (session.deleted, DELETED),
        ):
            for row in self._kept(rows):
                state = sa.inspect(row)
                if what == DELETED:
                    self._gone.add(state)
                change = change_of(row, what, old.get(state, {}), new.get(state, {}))
                change.members = members_of(row, self._kinds, is_gone=what == DELETED)
                if what != CHANGED or change.values or change.members:
                    self._note(row, change)

    def persistent_to_deleted(self, session: Session, row: Any) -> None:
        """A row that went along with another one, as its orphan."""
        if self._is_kept(row) and sa.inspect(row) not in self._gone:
            self._note(row, change_of(row, DELETED, {}, {}))

    def do_orm_execute(self, state: ORMExecuteState) -> Any:
        """Run a bulk statement and note what it did."""
        found = bulk_of(state, self._kinds)
        if found is None:
            return None
        result = state.invoke_statement()
        found.count(state, result)
        self._levels[-1].bulk.append(found)
        return result

    # --- transactions and savepoints ----------------------------------------------------------

    def after_transaction_create(self, session: Session, transaction: Any) -> None:
        """A savepoint begins."""
        if transaction.nested:
            self._levels.append(Level())

    def after_rollback(self, session: Session) -> None:
        """The innermost transaction has done nothing."""
        self._levels[-1].clear()

    def after_transaction_end(self, session: Session, transaction: Any) -> None:
        """What a savepoint did belongs to the transaction around it; one that is over is told."""
        if transaction.nested and len(self._levels) > 1:
            inner = self._levels.pop()
            self._levels[-1].merge(inner)
        elif transaction.parent is None:
            self._levels = [Level()]

    def before_commit(self, session: Session) -> None:
        """Write what was noted into the transaction that is about to end well."""
        if session.in_nested_transaction():
            return
        session.flush()
        self.write()

    def write(self) -> None:
        """Write everything with one statement, and begin anew."""
        level, self._levels = self._levels[0], [Level()]
        changes = sorted(level.rows.values(), key=Change.order)
        events = [entry(change, changes, self._kinds) for change in changes]
        events += [bulk_entry(found, self._kinds) for found in level.bulk if found.rows != 0]
        if not events:
            return
        gone = (self._models.User, str(self._actor))
        is_gone = any(
            change.what == DELETED and identity == gone for identity, change in level.rows.items()
        )
        self._audit.record_many(events, is_gone=is_gone)

    def _note(self, row: Any, change: Change) -> None:
        self._levels[-1].add(_identity(row), change)

    def _kept(self, rows: Any) -> list[Any]:
        return [row for row in rows if self._is_kept(row)]

    def _is_kept(self, row: Any) -> bool:
        return self._kinds.is_kept(type(row))


#: The events of a session that are listened to.
_EVENTS = (
    "before_flush",
    "after_flush",
    "persistent_to_deleted",
    "do_orm_execute",
    "after_transaction_create",
    "after_rollback",
    "after_transaction_end",
    "before_commit",
)


@contextmanager
def recorded(user: Any) -> Iterator[None]:
    """Within the block, what the session of this request changes is noted.

    What a handler leaves to be committed later is noted as far as it is flushed.

    :param user: who acts.
    """
    session = current_state()[SQLAlchemy].session()
    recorder = Recorder(user)
    for name in _EVENTS:
        event.listen(session, name, getattr(recorder, name))
    try:
        yield
        if session.in_transaction():
            recorder.write()
    finally:
        for name in _EVENTS:
            event.remove(session, name, getattr(recorder, name))


def read(session: Session, asked: Mapping[Any, list[str]]) -> dict[Any, dict[str, Any]]:
    """Columns of rows as the database has them, with one statement for each model."""
    by_model: dict[type[Any], dict[Any, list[str]]] = {}
    for state, names in asked.items():
        if names:
            by_model.setdefault(state.class_, {})[state] = names
    found: dict[Any, dict[str, Any]] = {}
    for model, states in by_model.items():
        mapper = sa.inspect(model)
        every = list(dict.fromkeys(name for names in states.values() for name in names))
        primary = [mapper.get_property_by_column(one).class_attribute for one in mapper.primary_key]
        columns = [getattr(model, name) for name in every]
        by_key = {tuple(state.identity): state for state in states}
        statement = sa.select(*primary, *columns).where(keys.condition(model, list(by_key)))
        for values in session.execute(statement):
            state = by_key.get(tuple(values[: len(primary)]))
            if state is not None:
                held = dict(zip(every, values[len(primary) :], strict=True))
                found[state] = {name: held[name] for name in states[state]}
    return found


def _identity(row: Any) -> _Identity:
    return sa.inspect(type(row)).base_mapper.class_, keys.encode(row)
