"""What happens to one row: its fields before and after, and what joins and leaves its relations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapper
from sqlalchemy.orm.attributes import get_history
from sqlalchemy.orm.base import PASSIVE_NO_INITIALIZE, PassiveFlag
from sqlalchemy.orm.interfaces import MANYTOONE
from sqlalchemy.sql import ClauseElement

from ...auth.users.mixins import AbstractBaseUser
from .. import keys
from ..attributes import is_stamp, is_twin
from .kinds import Kinds
from .values import MASK, kept

ADDED, CHANGED, DELETED = "added", "changed", "deleted"
#: So many records that join or leave a relation are told one by one.
MOST_MEMBERS = 500
_LONGEST_NAME = 254
#: What was done to a relation that nobody has read, since its other end was written.
_PENDING = PASSIVE_NO_INITIALIZE | PassiveFlag.INCLUDE_PENDING_MUTATIONS


@dataclass
class Members:
    """Records that joined a relation and left it: names by key."""

    joined: dict[str, str] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)

    def then(self, later: Members) -> None:
        """Add what happened afterwards; who came and went again did neither."""
        for key, name in later.joined.items():
            if self.left.pop(key, None) is None:
                self.joined[key] = name
        for key, name in later.left.items():
            if self.joined.pop(key, None) is None:
                self.left[key] = name

    def __bool__(self) -> bool:
        return bool(self.joined or self.left)


@dataclass
class Change:
    """What a transaction does to one row.

    :ivar what: ``added``, ``changed`` or ``deleted``.
    :ivar values: old and new by the name of the column.
    """

    what: str
    model: type[Any]
    key: str
    name: str
    values: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    members: dict[str, Members] = field(default_factory=dict)

    def order(self) -> tuple[Any, ...]:
        """What was written itself comes before what is only related to it."""
        return not self.values, self.model.__name__, len(self.key), self.key

    def then(self, later: Change) -> Change | None:
        """Both as one change; None when the row is as it was."""
        if self.what == ADDED and later.what == DELETED:
            return None
        for name, (old, new) in later.values.items():
            first = self.values[name][0] if name in self.values else old
            self.values[name] = (first, new)
            if first != MASK and _equal(first, new):  # of a secret nobody can tell
                del self.values[name]
        for name, members in later.members.items():
            self.members.setdefault(name, Members()).then(members)
        self.name = later.name
        if later.what == DELETED:
            self.what = DELETED
            self.values = {name: (old, None) for name, (old, _) in self.values.items()}
        elif self.what == DELETED:  # the same key again
            self.what = CHANGED
        self.members = {name: found for name, found in self.members.items() if found}
        return self if self.what != CHANGED or self.values or self.members else None


def change_of(row: Any, what: str, old: dict[str, Any], new: dict[str, Any]) -> Change:
    """What a flush does to a row; asked after its statements, before SQLAlchemy forgets the rest.

    :param old: values that the session did not hold before.
    :param new: values that the database worked out.
    """
    mapper: Mapper[Any] = sa.inspect(type(row))
    state: Any = sa.inspect(row)
    found = Change(what, type(row), keys.encode(row), name_of(row))
    for attribute in columns_of(mapper):
        name, column = attribute.key, attribute.columns[0]
        if what == CHANGED:
            before, after = _difference(state, name, old, new)
            is_told = not (column.onupdate or column.server_onupdate)
        else:
            before, after = None, state.dict.get(name)
            if what == DELETED:
                before, after = old.get(name, _committed(state, name)), None
            is_told = not (column.primary_key or is_stamp(attribute))
        if is_told and not is_twin(name, mapper) and not _equal(before, after):
            found.values[name] = (kept(column, before), kept(column, after))
    return found


def members_of(row: Any, kinds: Kinds, *, is_gone: bool = False) -> dict[str, Members]:
    """Who joined and left the relations of a row, as far as the session knows them.

    Accounts and groups are told what rights they were given, whichever side was written: so their
    history says where the rights come from. Of other relations only those that were read are told,
    or each new post would be a change of its author.
    """
    found = {}
    for relation in sa.inspect(type(row)).relationships:
        target = relation.mapper.class_
        if not relation.uselist or relation.viewonly or not kinds.is_kept(target):
            continue
        if relation.key.startswith(("_", "lback_")) or relation.direction is MANYTOONE:
            continue
        is_right = kinds.holds_rights(type(row)) and kinds.is_own(target)
        how = _PENDING if is_right else PASSIVE_NO_INITIALIZE
        history = get_history(row, relation.key, how)
        left = [*(history.deleted or ()), *((history.unchanged or ()) if is_gone else ())]
        joined = () if is_gone else history.added or ()
        members = Members(_named(joined), _named(left))
        if members:
            found[relation.key] = members
    return found


def columns_of(mapper: Mapper[Any]) -> Iterator[Any]:
    """The attributes that stand for columns of a table."""
    for attribute in mapper.column_attrs:
        column = attribute.columns[0]
        if isinstance(column, sa.Column) and column is not mapper.version_id_col:
            yield attribute


def unknown(row: Any, *, is_gone: bool = False) -> list[str]:
    """Columns whose old value the session does not hold: set without being read, or deferred."""
    mapper: Mapper[Any] = sa.inspect(type(row))
    state: Any = sa.inspect(row)
    names = []
    for attribute in columns_of(mapper):
        name = attribute.key
        if is_gone:
            if name not in state.dict or state.attrs[name].history.added:
                names.append(name)
            continue
        history = state.attrs[name].history
        if history.added and not history.deleted:
            names.append(name)
    for relation in mapper.relationships if not is_gone else ():
        if relation.direction is MANYTOONE and state.attrs[relation.key].history.has_changes():
            local = [mapper.get_property_by_column(column) for column in relation.local_columns]
            names += [one.key for one in local if one.key not in state.dict]
    return list(dict.fromkeys(names))


def computed(row: Any) -> list[str]:
    """Columns that were given an SQL expression: the database knows what comes out."""
    state: Any = sa.inspect(row)
    return [
        attribute.key
        for attribute in columns_of(sa.inspect(type(row)))
        if isinstance(state.dict.get(attribute.key), ClauseElement)
    ]


def name_of(row: Any) -> str:
    """What a record is called, whatever its ``__str__`` does."""
    try:
        return str(row)[:_LONGEST_NAME]
    except Exception:  # the record is changed all the same
        return f"{type(row).__name__} {keys.encode(row)}"


def _difference(state: Any, name: str, old: dict[str, Any], new: dict[str, Any]) -> tuple[Any, Any]:
    """Old and new value; twice the same when nothing was written."""
    if name in new:
        return old.get(name), new[name]
    history = state.attrs[name].history
    if not history.added:
        return None, None
    return (history.deleted[0] if history.deleted else old.get(name)), history.added[0]


def _committed(state: Any, name: str) -> Any:
    """What a column held when it was read."""
    history = state.attrs[name].history
    if history.deleted:
        return history.deleted[0]
    return state.dict.get(name)


def _named(rows: Any) -> dict[str, str]:
    """Names by key; of accounts the key alone, whose names are asked for when they are shown."""
    return {
        keys.encode(row): "" if isinstance(row, AbstractBaseUser) else name_of(row)
        for row in rows
        if row is not None
    }


def _equal(old: Any, new: Any) -> bool:
    """The same value and the same kind of value: 1 is not True."""
    return type(old) is type(new) and bool(old == new)
