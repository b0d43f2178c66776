"""Rights on single objects: rows that name an account or a group, a permission and an object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa
from flask import g, has_request_context
from flask_sqlalchemy import SQLAlchemy

from ..auth.models import Models, table_of
from ..auth.rights import rights_of
from ..auth.sessions.loading import AccountLoader
from ..auth.sessions.principal import OBJECT_RIGHTS
from ..auth.users.mixins import key_of
from ..auth.versions import CHANGED
from ..exceptions import LbackError
from .keys import has_usable_key, itself, key_column, key_expression, key_text
from .names import model_label

#: Rows of one account that are read at once; of more, each object is asked for by itself.
MOST_ROWS = 1_000


class Held(NamedTuple):
    """What one account holds on single objects, by itself and by its groups.

    :ivar keys: those of the objects, by permission and model.
    :ivar is_complete: whether they are all.
    """

    keys: Mapping[tuple[str, str], frozenset[str]]
    is_complete: bool


_NOTHING = Held({}, is_complete=True)


class ObjectGrants:
    """Gives and takes rights on single objects, and answers about them.

    Whether an account holds anything is known with its rights. What it holds is read once for a
    request, when something first asks about an object.
    """

    def __init__(self, db: SQLAlchemy, models: Models, loader: AccountLoader) -> None:
        self._db = db
        self._models = models
        self._loader = loader
        self._rows: Any = table_of(models.ObjectPermission)

    def grant(self, permission: Any, obj: Any, holder: Any) -> bool:
        """Let an account or a group do this with the object; commit it yourself.

        :returns: False when it may already.
        :raises LbackError: the object is not stored, or of a model that cannot be granted.
        """
        values = self._values(permission, obj, holder)
        written: Any = self._db.session.execute(self._insert(values))
        return bool(written.rowcount)

    def revoke(self, permission: Any, obj: Any, holder: Any) -> bool:
        """Take that right back; commit it yourself.

        :returns: False when there was none.
        :raises LbackError: as :meth:`grant`.
        """
        session = self._db.session
        found = session.execute(self._where(self._values(permission, obj, holder))).scalars().all()
        for row in found:
            session.delete(row)
        session.flush()
        return bool(found)

    def covers(self, user: Any, name: str, obj: Any) -> bool:
        """Whether an account has been given this on the object."""
        model = type(obj)
        if not self._is_reachable(model) or (key := key_text(obj)) is None:
            return False
        held = self._held(user)
        if held.is_complete:
            return key in held.keys.get((name, model_label(model)), ())
        query = sa.select(sa.literal(1)).where(
            self._of(user, name, model) & (self._rows.c.object_key == key)
        )
        with self._loader.connection() as connection:
            return connection.execute(query).first() is not None

    def may_cover(self, user: Any, name: str, model: type[Any]) -> bool:
        """Whether it may have been given this on some object of the model."""
        if not self._is_reachable(model):
            return False
        held = self._held(user)
        return not held.is_complete or (name, model_label(model)) in held.keys

    def condition(self, user: Any, name: str, model: type[Any]) -> sa.ColumnElement[bool]:
        """For a query of the model: that the row has been given to the account."""
        if not self._is_reachable(model):
            return sa.false()
        is_row = self._rows.c.object_key == key_expression(model)
        rows = sa.select(sa.literal(1)).where(self._of(user, name, model) & is_row)
        return rows.correlate(key_column(model).table).exists()

    def _held(self, user: Any) -> Held:
        """What the account holds, from memory within a request; most hold nothing."""
        if not rights_of(user).has_objects:
            return _NOTHING
        if not has_request_context() or CHANGED in g:
            return self._read(user)
        known: dict[Any, Held] = g.setdefault(OBJECT_RIGHTS, {})
        key = key_of(user)
        if key not in known:
            known[key] = self._read(user)
        return known[key]

    def _read(self, user: Any) -> Held:
        permission, rows = table_of(self._models.Permission), self._rows
        query = (
            sa.select(permission.c.name, rows.c.model, rows.c.object_key)
            .join(rows, rows.c.permission_id == permission.c.id)
            .where(self._is_holder(user))
            .limit(MOST_ROWS + 1)
        )
        with self._loader.connection() as connection:
            found = connection.execute(query).all()
        keys: dict[tuple[str, str], set[str]] = {}
        for name, model, key in found:
            keys.setdefault((name, model), set()).add(key)
        return Held({pair: frozenset(of) for pair, of in keys.items()}, len(found) <= MOST_ROWS)

    def _is_holder(self, user: Any) -> sa.ColumnElement[bool]:
        key, members = key_of(user), self._models.members
        groups = sa.select(members.c.group_id).where(members.c.user_id == key)
        return sa.or_(self._rows.c.user_id == key, self._rows.c.group_id.in_(groups))

    def _of(self, user: Any, name: str, model: type[Any]) -> sa.ColumnElement[bool]:
        permission = table_of(self._models.Permission)
        known = sa.select(permission.c.id).where(permission.c.name == name)
        is_right = self._rows.c.permission_id.in_(known)
        is_of_model = self._rows.c.model == model_label(model)
        return sa.and_(self._is_holder(user), is_right, is_of_model)

    def _is_reachable(self, model: type[Any]) -> bool:
        """Whether rows of the model stand in the database of the accounts, with a usable key."""
        return has_usable_key(model) and _bind_of(key_column(model).table) == _bind_of(self._rows)

    def _values(self, permission: Any, obj: Any, holder: Any) -> dict[str, Any]:
        obj = itself(obj)
        model = type(obj)
        if not hasattr(model, "__mapper__"):
            raise LbackError(f"{obj!r} is no object of a mapped class.")
        key_column(model)
        if not self._is_reachable(model):
            raise LbackError(
                f"{model.__name__} stands in another database than the accounts.",
                "Write a policy for it.",
            )
        self._db.session.flush()
        if (key := key_text(obj)) is None:
            raise LbackError(
                f"This {model.__name__} has no key that can be granted.",
                "Add it to the session first; a text that is a key has 150 letters at most.",
            )
        is_group = isinstance(holder, self._models.Group)
        return {
            "permission_id": permission.id,
            "model": model_label(model),
            "object_key": key,
            "group_id": holder.id if is_group else None,
            "user_id": None if is_group else key_of(holder),
        }

    def _insert(self, values: dict[str, Any]) -> Any:
        """Write a row, unless it is there: another process may do the same at this moment.

        A savepoint would not do. SQLite's driver ends the transaction with the first one.
        """
        dialect = self._loader.engine.dialect.name
        if dialect in ("mysql", "mariadb"):
            from sqlalchemy.dialects.mysql import insert as mysql_insert

            same = {"id": self._rows.c.id}
            return mysql_insert(self._rows).values(values).on_duplicate_key_update(same)
        from sqlalchemy.dialects.postgresql import insert as postgresql_insert
        from sqlalchemy.dialects.sqlite import insert as sqlite_insert

        kind = sqlite_insert if dialect == "sqlite" else postgresql_insert
        return kind(self._rows).values(values).on_conflict_do_nothing()

    def _where(self, values: dict[str, Any]) -> sa.Select[Any]:
        return sa.select(self._models.ObjectPermission).filter_by(**values)


def _bind_of(table: Any) -> Any:
    return table.metadata.info.get("bind_key")
