"""Who asks: one statement loads session, account and access versions.

The account is a real object of the user class with its columns in place, but without a database
session until something needs one: reading a loaded column costs an attribute, and a write, a
relation or a flush attaches it to ``db.session`` without a second statement. Asking the database
for the same row gives an object that shares everything with it.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

import sqlalchemy as sa
from flask import g, has_app_context
from sqlalchemy import event
from sqlalchemy.orm import Session, make_transient_to_detached
from sqlalchemy.orm.attributes import instance_state, manager_of_class

PENDING = "_lback_pending"
TWIN = "_lback_twin"
HASH = "_lback_hash"
USER = "_login_user"  # where Flask-Login's proxy looks
LOGIN = "lback_login"
HELD = "lback_held"  # an account that has to choose another password first
RIGHTS = "lback_rights"  # those of the present account, for one request
OBJECT_RIGHTS = "lback_object_rights"  # those on single objects, by account, for one request


class LazyState:
    """SQLAlchemy's own state of an object, made when it is first asked for."""

    def __get__(self, instance: Any, owner: type[Any]) -> Any:
        if instance is None or PENDING not in instance.__dict__:
            raise AttributeError("_sa_instance_state")
        return _attach(instance)


class Impersonator(NamedTuple):
    """Who sees the site as somebody else.

    :ivar key: of the account, as text.
    :ivar name: what it is called.
    :ivar session_id: the key of the row of its own session, which stays.
    """

    key: str
    name: str
    session_id: int


class Login(NamedTuple):
    """How the present account is signed in.

    :ivar session_id: the key of its session row, None for an API token and a Basic password.
    :ivar mechanism: ``session`` for the cookie, ``jwt`` for an access token, ``token`` for an
        API token, ``basic`` for a name and a password.
    :ivar authenticated_at: when the person last proved who they are.
    :ivar versions: access versions of everybody and of this account, for cached rights.
    :ivar scopes: permissions that the login is narrowed to, None for all of the account.
    :ivar token_id: the key of the row of an API token.
    :ivar must_change_password: whether somebody else has set the password of the account.
    :ivar impersonator: who has put themselves in the place of the account.
    """

    session_id: int | None
    mechanism: str
    authenticated_at: dt.datetime
    versions: tuple[int, int]
    scopes: frozenset[str] | None = None
    token_id: int | None = None
    must_change_password: bool = False
    impersonator: Impersonator | None = None


def build(user_class: type[Any], values: dict[str, Any], sessions: Any) -> Any:
    """An object of the user class from a loaded row.

    :param sessions: the scoped session that it joins when it must.
    """
    user: Any = object.__new__(user_class)
    held = user.__dict__
    held.update(values)
    held[PENDING] = sessions
    return user


def is_pending(user: Any) -> bool:
    """Whether nothing has needed the database session of this object yet."""
    return PENDING in user.__dict__


def _attach(user: Any) -> Any:
    session: Session = user.__dict__[PENDING]()  # fails outside of an application context
    del user.__dict__[PENDING]
    manager = manager_of_class(type(user))
    manager.setup_instance(user)
    make_transient_to_detached(user)
    key = instance_state(user).key
    present = session.identity_map.get(key)  # type: ignore[arg-type]
    if present is None:
        session.add(user)
    else:
        _share(user, present)
    return instance_state(user)


def _share(user: Any, present: Any) -> None:
    """Make ``user`` the same thing as the object that the session holds for its row."""
    user.__dict__ = present.__dict__
    present.__dict__[TWIN] = present  # the session refers to it weakly


def unite_with_session(user: Any) -> None:
    """Be the object that the request's session already holds for this row, if it does."""
    sessions = user.__dict__[PENDING]
    if not sessions.registry.has():
        return
    mapper: Any = sa.inspect(type(user))
    key = mapper.identity_key_from_primary_key((user.__dict__[key_attribute(mapper)],))
    present = sessions().identity_map.get(key)
    if present is not None:
        _share(user, present)


def unite_on_load(user_class: type[Any]) -> None:
    """When the row of the present account is queried, let both objects be one thing.

    Once for a class, however many applications use it.
    """
    if not event.contains(user_class, "load", _unite):
        event.listen(user_class, "load", _unite, propagate=True)


def _unite(loaded: Any, context: Any) -> None:
    user = g.get(USER) if has_app_context() else None
    if user is None or not is_pending(user) or user != loaded:
        return
    registry = user.__dict__[PENDING].registry
    if registry.has() and registry() is context.session:
        _share(user, loaded)


def key_attribute(mapper: Any) -> str:
    """The attribute that holds the primary key."""
    return str(mapper.get_property_by_column(mapper.primary_key[0]).key)


def loaded_columns(mapper: sa.orm.Mapper[Any]) -> dict[str, sa.Column[Any]]:
    """The columns of the user's own table that are loaded with it, by attribute."""
    table = mapper.local_table
    return {
        attribute.key: column
        for attribute in mapper.column_attrs
        if not attribute.deferred
        and isinstance(column := attribute.columns[0], sa.Column)
        and column.table is table
    }
