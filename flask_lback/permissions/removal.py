"""Rights on single objects go with the object: no later row with its key inherits them.

A database may give a key again, and these rows have no foreign key to the object. Of objects that
are deleted past the session (SQL written as text, a cascade of the database, a connection of the
application's own) nobody is told: revoke the rights on them first.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session

from ..auth.models import Models, table_of
from ..core.state import current_state
from .keys import has_usable_key, key_expression, key_text
from .names import model_label

#: Keys in one statement: SQLite takes 999 parameters in its older versions.
_AT_ONCE = 500


def watch(db: SQLAlchemy) -> None:
    """Listen to the sessions of a database object; once, however many applications use it."""
    for name, listener in (("after_flush", _after_flush), ("do_orm_execute", _before_bulk)):
        if not event.contains(db.session, name, listener):
            event.listen(db.session, name, listener)


def _after_flush(session: Session, context: Any) -> None:
    """Remove the rights on what this flush has deleted."""
    if not session.deleted:
        return
    models = current_state()[Models]
    gone: dict[str, list[str]] = {}
    for obj in session.deleted:
        if _may_be_granted(models, type(obj)) and (key := key_text(obj)) is not None:
            gone.setdefault(model_label(type(obj)), []).append(key)
    rows = table_of(models.ObjectPermission)
    for model, keys in gone.items():
        for some in _parts(keys):
            _execute(session, models, rows.c.model == model, rows.c.object_key.in_(some))


def _before_bulk(state: ORMExecuteState) -> None:
    """Remove the rights on what ``delete(Model)`` is about to delete."""
    mapper = state.bind_mapper
    if not state.is_delete or mapper is None or mapper.local_table != state.statement.table:  # type: ignore[attr-defined]
        return
    models = current_state()[Models]
    model: Any = mapper.class_
    if not _may_be_granted(models, model) or mapper.inherits is not None:
        return
    rows = table_of(models.ObjectPermission)
    keys = sa.select(key_expression(model))
    if (condition := state.statement.whereclause) is not None:  # type: ignore[attr-defined]
        keys = keys.where(condition)
    _execute(
        state.session,
        models,
        rows.c.model == model_label(model),
        rows.c.object_key.in_(keys),
        parameters=state.parameters,
    )


def _execute(session: Session, models: Models, *conditions: Any, parameters: Any = None) -> None:
    connection = session.connection(bind_arguments={"mapper": sa.inspect(models.ObjectPermission)})
    rows = table_of(models.ObjectPermission)
    connection.execute(sa.delete(rows).where(*conditions), parameters)


def _may_be_granted(models: Models, model: type[Any]) -> bool:
    """Whether rights on single objects of a class can stand somewhere."""
    people_manage = (models.User, models.Group, models.Permission)
    is_own = model in vars(models).values() and model not in people_manage
    table: Any = sa.inspect(model).local_table
    is_near = table.metadata.info.get("bind_key") == table_of(
        models.ObjectPermission
    ).metadata.info.get("bind_key")
    return not is_own and is_near and has_usable_key(model)


def _parts(keys: list[str]) -> Iterable[list[str]]:
    return (keys[at : at + _AT_ONCE] for at in range(0, len(keys), _AT_ONCE))
