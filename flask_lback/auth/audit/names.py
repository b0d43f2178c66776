"""Take the names of a deleted account out of the audit log."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import sqlalchemy as sa

from ..users.mixins import key_of
from ..users.names import canonical

_BATCH = 500


def renamed(
    session: Any, entries: Any, user: Any, label: str, names: Collection[str]
) -> Iterator[sa.Update]:
    """The statements that put a label in place of an account's names, and of what it held.

    :param entries: the table.
    :param names: the canonical names of the account.
    """
    key, kind = key_of(user), type(user).__name__
    of_account = sa.or_(
        entries.c.actor_id == key,
        entries.c.impersonator_id == str(key),
        sa.and_(entries.c.target_kind == kind, entries.c.target_id == str(key)),
    )
    last = 0
    while True:
        batch = sa.select(entries).where(of_account, entries.c.id > last)
        found = session.execute(batch.order_by(entries.c.id).limit(_BATCH)).all()
        if not found:
            return
        last = found[-1].id
        for entry in found:
            is_target = entry.target_kind == kind and entry.target_id == str(key)
            values: dict[str, Any] = {}
            if entry.actor_id == key:
                values["actor_name"] = label
            if entry.impersonator_id == str(key):
                values["impersonator_name"] = label
            if is_target:
                values["target_name"] = label
            details = dict(entry.details)
            if is_target and "changes" in details:
                # What the account held is as personal as its name.
                details["changes"] = {name: [] for name in details["changes"]}
            values["details"] = _without(details, label, names)
            yield sa.update(entries).where(entries.c.id == entry.id).values(values)


def _without(value: Any, label: str, names: Collection[str]) -> Any:
    """The same with every name replaced, however deep it stands."""
    if isinstance(value, str):
        return label if canonical(value) in names else value
    if isinstance(value, dict):
        return {name: _without(one, label, names) for name, one in value.items()}
    if isinstance(value, list):
        return [_without(one, label, names) for one in value]
    return value
