"""The one statement of a signed-in request."""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from flask import Response, after_this_request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import StaticPool

from ...core import clock
from ...db.prepared import PreparedRow
from ..models import Models, table_of
from ..rights import RightsSource
from ..settings import AuthSettings
from ..versions import EVERYBODY, has_raised
from . import prefetch
from .principal import Impersonator, Login, build, key_attribute, loaded_columns, unite_with_session

logger = logging.getLogger(__name__)

#: ``last_seen_at`` is written at most this often.
SEEN_EVERY = dt.timedelta(seconds=60)
#: Sessions and tokens whose owner one process remembers; then it starts again.
MOST_OWNERS = 50_000
#: Columns of the statement before those of the account: both access versions, names of rights.
_FACTS = 3


def digest(key: str) -> str:
    """What is stored of a random key: a database that leaks opens no session."""
    return hashlib.sha256(key.encode()).hexdigest()


class AccountLoader:
    """Loads who asks: by the key in the cookie, by the session that a token names, by a token.

    A row holds the facts about rights, then the account, then the session or the token.
    """

    def __init__(self, db: SQLAlchemy, models: Models, settings: AuthSettings) -> None:
        self._db = db
        self._users: Any = table_of(models.User)
        self._bind_key = self._users.metadata.info.get("bind_key")
        self._idle = dt.timedelta(minutes=settings.session_idle_minutes)
        mapper = sa.inspect(models.User)
        columns = loaded_columns(mapper)
        self._attributes = tuple(columns)
        self._classes = {
            identity: sub.class_ for identity, sub in mapper.polymorphic_map.items()
        } or {None: models.user_class}
        on = mapper.polymorphic_on
        self._kind_at = None if on is None else _FACTS + list(columns.values()).index(on)
        self._default_class = models.user_class
        self._key_at = _FACTS + self._attributes.index(key_attribute(mapper))
        self._rest_at = _FACTS + len(columns)
        self._seen = columns.get("last_seen_at")
        self._rights: RightsSource | None = None
        self._owners: dict[Any, Any] = {}

        sessions: Any = table_of(models.UserSession)
        tokens: Any = table_of(models.ApiToken)
        self._session_seen, self._token_seen = sessions.c.last_seen_at, tokens.c.last_used_at
        of_session = self._written(
            models,
            sessions,
            columns.values(),
            (
                *("id", "last_seen_at", "authenticated_at", "expires_at", "revoked_at"),
                *("is_remembered", "impersonator_id"),
                *("impersonator_name", "impersonator_session_id"),
            ),
        )
        of_token = self._written(
            models,
            tokens,
            columns.values(),
            ("id", "last_used_at", "created_at", "expires_at", "revoked_at", "scopes"),
        )
        key: Any = sa.bindparam("key")
        self._by_cookie = PreparedRow(of_session.where(sessions.c.key_hash == key))
        self._by_id = PreparedRow(of_session.where(sessions.c.id == key))
        self._by_token = PreparedRow(of_token.where(tokens.c.token_hash == key))

    def fill(self, rights: RightsSource) -> None:
        """Keep the rights that are loaded with an account there."""
        self._rights = rights

    def by_cookie(self, key: str) -> tuple[Any, Login] | None:
        """The account of a cookie, None when its session is not alive."""
        return self._of_session(self._row(self._by_cookie, digest(key)), "session")

    def by_session(self, session_id: int) -> tuple[Any, Login] | None:
        """The account of a session that an access token names."""
        return self._of_session(self._row(self._by_id, session_id), "jwt")

    def by_api_token(self, token_hash: str) -> tuple[Any, Login] | None:
        """The owner of an API token, None when it is revoked or has expired.

        :param token_hash: the :func:`digest` of the token.
        """
        row = self._row(self._by_token, token_hash)
        if row is None:
            return None
        token_id, seen, created, expires, revoked, scopes, must_change = row[self._rest_at :]
        now = clock.now()
        if revoked is not None or (expires is not None and expires <= now):
            return None
        user = self._account(row)
        if user is None:
            return None
        if seen is None or now - seen >= SEEN_EVERY:
            self._note_seen(now, self._token_seen, token_id, row[self._key_at])
        narrowed = None if scopes is None else frozenset(scopes.split())
        versions = (row[0], row[1])
        return user, Login(None, "token", created, versions, narrowed, token_id, must_change)

    @property
    def engine(self) -> Engine:
        """Where the accounts are: an engine, or a connection that a test has put in its place."""
        return self._engines[self._bind_key]

    @functools.cached_property
    def _engines(self) -> Mapping[str | None, Engine]:
        return self._db.engines  # looked up by the application, of which a loader has one

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """The connection of the request's transaction, else a pooled one."""
        present = self._present_connection(self.engine)
        if present is not None:
            yield present
        else:
            with self.engine.connect() as connection:
                yield connection

    def _present_connection(self, engine: Engine) -> Connection | None:
        """The connection of a transaction that the request has begun.

        A database in memory has one connection, and a session or the application may be bound
        to a test's: then it is the session's, too.
        """
        session = self._db.session
        bound = getattr(session.session_factory, "kw", {}).get("bind") or engine
        shared = isinstance(bound, Connection) or isinstance(engine.pool, StaticPool)
        if not shared and session.registry.has():
            shared = session().in_transaction() and session.is_active
        if not shared:
            return None
        return session.connection(bind_arguments={"bind": bound})

    def _row(self, query: PreparedRow, key: Any) -> Sequence[Any] | None:
        """Ask, and remember the rights that come along."""
        engine = self.engine
        connection = self._present_connection(engine)
        every, own = self._known_versions(key)
        values = {"key": key, "known_every": every, "known_own": own}
        if connection is None:
            row = query.first(engine, values)
        else:
            row = query.first_on(connection, values)
        if row and row[2] is not None and not (connection and has_raised(connection)):
            self._keep_rights(key, row, engine.dialect.name)
        return row

    def _of_session(self, row: Sequence[Any] | None, mechanism: str) -> tuple[Any, Login] | None:
        if row is None:
            return None
        session_id, seen, authenticated, expires, revoked, remembered, *more = row[self._rest_at :]
        now = clock.now()
        if revoked is not None or expires <= now or not (remembered or seen + self._idle > now):
            return None
        user = self._account(row)
        if user is None:
            return None
        by_key, by_name, by_session, must_change = more
        by = None if by_session is None else Impersonator(by_key, by_name, by_session)
        if now - seen >= SEEN_EVERY:
            owner = None if by is not None else row[self._key_at]
            self._note_seen(now, self._session_seen, session_id, owner)
        versions = (row[0], row[1])
        return user, Login(
            *(session_id, mechanism, authenticated, versions, None, None, must_change, by)
        )

    def _account(self, row: Sequence[Any]) -> Any:
        """The account of a row, None when it is switched off."""
        kind = None if self._kind_at is None else row[self._kind_at]
        user_class = self._classes.get(kind, self._default_class)
        values = dict(zip(self._attributes, row[_FACTS : self._rest_at], strict=True))
        user = build(user_class, values, self._db.session)
        if not values["is_active"]:
            return None
        unite_with_session(user)
        return user

    def _known_versions(self, key: Any) -> tuple[int, int]:
        """The versions of the rights that this process remembers of the account."""
        owner = self._owners.get(key)
        known = None if owner is None or self._rights is None else self._rights.versions_of(owner)
        return known or prefetch.UNKNOWN

    def _keep_rights(self, key: Any, row: Sequence[Any], dialect: str) -> None:
        names = prefetch.read(row[2], dialect)
        if names is None or self._rights is None:
            return
        if len(self._owners) >= MOST_OWNERS:
            self._owners.clear()
        owner = self._owners[key] = row[self._key_at]
        self._rights.remember(owner, (row[0], row[1]), *names)

    def _note_seen(self, now: dt.datetime, column: sa.Column[Any], key: Any, owner: Any) -> None:
        """Have the moment written after the response, on a connection of its own.

        :param column: that of the session or token; its owner's is written in the same
            transaction.
        :param owner: the key of the account; None when it is somebody else who was seen.
        """
        engine = self.engine
        statements = [_touch(column, now, column.table.c.id == key)]
        if self._seen is not None and owner is not None:
            # First, as every transaction locks the account first.
            is_owner = self._users.primary_key.columns[0] == owner
            statements.insert(0, _touch(self._seen, now, is_owner))

        def write() -> None:
            try:
                with _transaction(engine) as connection:
                    for statement in statements:
                        connection.execute(statement)
            except sa.exc.SQLAlchemyError:
                logger.warning("%s was not written", column, exc_info=True)

        @after_this_request
        def later(response: Response) -> Response:
            response.call_on_close(write)
            return response

    def _written(
        self, models: Models, login: Any, columns: Any, names: tuple[str, ...]
    ) -> sa.Select[Any]:
        """Rights, account, those columns of the session or token, and whether it is held back."""
        version: Any = table_of(models.AccessVersion)
        own = version.alias("own_version")
        of_everybody = sa.select(version.c.value).where(
            version.c.scope == prefetch.constant(EVERYBODY)
        )
        key = self._users.primary_key.columns[0]
        versions = [
            sa.func.coalesce(one, prefetch.constant(0))
            for one in (of_everybody.scalar_subquery(), own.c.value)
        ]
        required = table_of(models.RequiredPasswordChange)
        is_required = sa.exists(prefetch.constant(1)).where(required.c.user_id == key)
        return (
            sa.select(
                *versions,
                prefetch.column(models, key, *versions),
                *columns,
                *(login.c[name] for name in names),
                is_required.correlate(self._users),
            )
            .select_from(login)
            .join(self._users, key == login.c.user_id)
            .outerjoin(own, own.c.user_id == key)
        )


@contextmanager
def _transaction(engine: Engine | Connection) -> Iterator[Connection]:
    """One that is committed; within that of a test, when its connection stands for the engine."""
    if isinstance(engine, Connection):
        with engine.begin_nested():
            yield engine
    else:
        with engine.begin() as connection:
            yield connection


def _touch(column: sa.Column[Any], now: dt.datetime, condition: Any) -> sa.Update:
    """Write the moment; columns that note when a row was changed keep what they say."""
    table: Any = column.table
    kept = {one: one for one in table.c if one.onupdate is not None or one.server_onupdate}
    return sa.update(table).where(condition).values({**kept, column: now})
