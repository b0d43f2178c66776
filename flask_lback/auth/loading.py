"""The one statement of a signed-in request."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from flask import Response, after_this_request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import StaticPool

from ..core import clock
from . import prefetch
from .models import Models, table_of
from .principal import Login, build, key_attribute, loaded_columns, unite_with_session
from .rights import RightsSource
from .settings import AuthSettings
from .versions import EVERYBODY, has_raised

#: ``last_seen_at`` is written at most this often, in seconds.
SEEN_EVERY = 60
#: Sessions whose owner one process remembers; then it starts again.
MOST_SESSIONS = 50_000
#: Columns of the statement before those of the account: session, versions, rights.
_FACTS = 11


def digest(key: str) -> str:
    """What is stored of a random key: a database that leaks opens no session."""
    return hashlib.sha256(key.encode()).hexdigest()


class AccountLoader:
    """Loads who asks, by the key in the cookie or by the session that a token names."""

    def __init__(self, db: SQLAlchemy, models: Models, settings: AuthSettings) -> None:
        self._db = db
        self._bind_key = table_of(models.User).metadata.info.get("bind_key")
        self._idle = dt.timedelta(minutes=settings.session_idle_minutes)
        self._sessions: Any = table_of(models.UserSession)
        mapper = sa.inspect(models.User)
        columns = loaded_columns(mapper)
        self._attributes = tuple(columns)
        self._classes = {
            identity: sub.class_ for identity, sub in mapper.polymorphic_map.items()
        } or {None: models.User}
        on = mapper.polymorphic_on
        self._kind_at = None if on is None else list(columns.values()).index(on)
        self._default_class = models.User
        self._key_at = self._attributes.index(key_attribute(mapper))
        statement = self._written(models, tuple(columns.values()))
        table = self._sessions
        self._by_cookie = statement.where(table.c.key_hash == sa.bindparam("key"))
        self._by_id = statement.where(table.c.id == sa.bindparam("key"))
        self._rights: RightsSource | None = None
        self._owners: dict[Any, Any] = {}

    def fill(self, rights: RightsSource) -> None:
        """Keep the rights that are loaded with an account there."""
        self._rights = rights

    def by_cookie(self, key: str) -> tuple[Any, Login] | None:
        """The account of a cookie, None when its session is not alive."""
        return self._load(self._by_cookie, digest(key), "session")

    def by_session(self, session_id: int) -> tuple[Any, Login] | None:
        """The account of a session that an access token names."""
        return self._load(self._by_id, session_id, "jwt")

    @property
    def engine(self) -> Engine:
        """Where the accounts are."""
        return self._db.engines[self._bind_key]

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """The connection of a transaction that the request has begun, else a pooled one.

        A database in memory has one connection, and a session may be bound to a test's: then
        it is the session's, too.
        """
        session = self._db.session
        bound = getattr(session.session_factory, "kw", {}).get("bind")
        shared = isinstance(bound, Connection) or isinstance(self.engine.pool, StaticPool)
        if not shared and session.registry.has():
            shared = session().in_transaction() and session.is_active
        if shared:
            yield session.connection(bind_arguments={"bind": bound or self.engine})
        else:
            with self.engine.connect() as connection:
                yield connection

    def _load(self, statement: Any, key: Any, mechanism: str) -> tuple[Any, Login] | None:
        with self.connection() as connection:
            every, own = self._known_versions(key)
            values = {"key": key, "known_every": every, "known_own": own}
            row = connection.execute(statement, values).first()
            if row is None:
                return None
            session_id, seen, authenticated, expires, revoked, remembered, every, own = row[:8]
            versions = (every or 0, own or 0)
            if not has_raised(connection):
                self._keep_rights(key, row, versions, connection.dialect.name)
        now = clock.now()
        if revoked is not None or expires <= now or not (remembered or seen + self._idle > now):
            return None
        held = dict(zip(self._attributes, row[_FACTS:], strict=True))
        if not held["is_active"]:
            return None
        kind = None if self._kind_at is None else row[_FACTS + self._kind_at]
        user_class = self._classes.get(kind, self._default_class)
        user = build(user_class, held, self._db.session)
        unite_with_session(user)
        login = Login(session_id, mechanism, authenticated, versions)
        if (now - seen).total_seconds() >= SEEN_EVERY:
            self._note_seen(session_id)
        return user, login

    def _known_versions(self, key: Any) -> tuple[int, int]:
        """The versions of the rights that this process remembers of the session's owner."""
        owner = self._owners.get(key)
        known = None if owner is None or self._rights is None else self._rights.versions_of(owner)
        return known or prefetch.UNKNOWN

    def _keep_rights(self, key: Any, row: Any, versions: tuple[int, int], dialect: str) -> None:
        names = prefetch.read(tuple(row[8:_FACTS]), dialect)
        if names is None or self._rights is None:
            return
        if len(self._owners) >= MOST_SESSIONS:
            self._owners.clear()
        owner = self._owners[key] = row[_FACTS + self._key_at]
        self._rights.remember(owner, versions, *names)

    def _note_seen(self, session_id: int) -> None:
        """Have the moment written after the response, on a connection of its own."""
        engine, table = self.engine, self._sessions

        def write() -> None:
            with engine.begin() as connection:
                connection.execute(
                    table.update().where(table.c.id == session_id).values(last_seen_at=clock.now())
                )

        @after_this_request
        def later(response: Response) -> Response:
            response.call_on_close(write)
            return response

    def _written(self, models: Models, columns: tuple[sa.Column[Any], ...]) -> sa.Select[Any]:
        session = self._sessions
        user: Any = table_of(models.User)
        version: Any = table_of(models.AccessVersion)
        own = version.alias("own_version")
        for_everybody = (
            sa.select(version.c.value).where(version.c.scope == EVERYBODY).scalar_subquery()
        )
        key = user.primary_key.columns[0]
        return (
            sa.select(
                session.c.id,
                session.c.last_seen_at,
                session.c.authenticated_at,
                session.c.expires_at,
                session.c.revoked_at,
                session.c.is_remembered,
                for_everybody,
                own.c.value,
                *prefetch.columns(models, key, for_everybody, own.c.value),
                *columns,
            )
            .select_from(session)
            .join(user, key == session.c.user_id)
            .outerjoin(own, own.c.user_id == key)
        )
