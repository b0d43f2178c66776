"""Known devices as rows: made at a sign-in, found by their cookie, forgotten."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Any

import sqlalchemy as sa
from flask import Flask, current_app, has_request_context, request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.exc import DBAPIError

from ...core import clock
from ...core.security_log import origin
from ...db.contention import is_contention, retry
from ..audit.service import Audit
from ..locking import hold
from ..models import Models
from ..sessions.cookies import send_cookie
from ..sessions.loading import digest
from ..users.mixins import key_of
from .models import DeviceMixin
from .settings import DeviceSettings

COOKIE = "lback_device"
#: The key that this request gives the browser.
_GIVEN = "lback.device_key"
#: The rows of its other accounts, the hash that they hold, and the one that they are to hold.
_OTHERS = "lback.device_others"


class Devices:
    """The browsers that each account of one application has signed in from.

    A browser has one random key of 256 bits, in its cookie; a row for each account that it has
    signed in to holds the hash. At a sign-in to an account that does not know the browser yet the
    key is replaced: one that somebody else has put there would be known to them (CWE-384).

    Nothing here commits.
    """

    def __init__(
        self, db: SQLAlchemy, models: Models, settings: DeviceSettings, audit: Audit
    ) -> None:
        self._db = db
        self._audit = audit
        self._kind: Any = models.Device
        self._settings = settings

    def recognise(self, user: Any) -> DeviceMixin | None:
        """The row of this request's browser, when it has signed in to this account before.

        :param user: the account; None, for a name that nobody has, takes as long.
        """
        oldest = clock.now() - dt.timedelta(days=self._settings.remember_days)
        owner = None if user is None else key_of(user)
        found = (row for row in self._rows() if row.user_id == owner)
        return next((row for row in found if row.last_used_at > oldest), None)

    def key_of(self, user: Any) -> str | None:
        """What the attempts of this request's browser are counted under, when it is known."""
        row = self.recognise(user)
        return None if row is None else f"{row.user_id}:{row.key_hash}"

    def remember(self, user: Any) -> bool:
        """Know this request's browser from now on; for the moment of a sign-in.

        :returns: whether it was new to an account that had signed in before, as
            ``last_login_at`` tells.
        """
        row = self.recognise(user)
        if row is None:
            self._give(user, secrets.token_urlsafe(32))
            return user.last_login_at is not None
        row.last_used_at = clock.now()
        row.ip_address, row.user_agent = origin()
        self._send(self._key() or "")
        return False

    def carry_over(self) -> None:
        """Let the browser's other accounts know its new key; commits, for after a sign-in.

        Not within it: rows of other accounts are locked by their own sign-ins, and none of them
        is to wait for another. By primary keys, since a search by hash would lock what lies beside
        it in MariaDB. Who is not carried over is a browser that is not known.
        """
        if (noted := request.environ.pop(_OTHERS, None)) is None:
            return
        (keys, old, new), kind, session = noted, self._kind, self._db.session
        carry = sa.update(kind).where(kind.id.in_(keys), kind.key_hash == old).values(key_hash=new)

        def carried() -> None:
            self._change(carry)
            session.commit()

        try:
            retry(session, carried)
        except DBAPIError as error:
            session.rollback()
            if not is_contention(error):
                raise

    def trust(self, user: Any, days: int) -> bool:
        """Ask this request's browser for no second factor for so long; for after a sign-in.

        :returns: whether the browser is known at all; one that is not cannot be trusted.
        """
        row = self.recognise(user)
        if row is None:
            return False
        row.trusted_until = clock.now() + dt.timedelta(days=days)
        self._audit.record("auth.device_trusted", user, days=days)
        return True

    def is_trusted(self, user: Any) -> bool:
        """Whether this request's browser is trusted by this account now."""
        row = self.recognise(user)
        return row is not None and row.trusted_until is not None and row.trusted_until > clock.now()

    def distrust(self, user: Any) -> int:
        """Trust none of an account's devices any longer.

        :returns: how many were trusted.
        """
        hold(self._db, user)
        kind = self._kind
        return self._change(
            sa.update(kind)
            .where(kind.user_id == key_of(user), kind.trusted_until.is_not(None))
            .values(trusted_until=None)
        )

    def forget(self, user: Any, device_id: int | None = None) -> int:
        """Remove one device of an account, or all of them.

        :returns: how many were removed.
        """
        kind = self._kind
        hold(self._db, user)
        statement = sa.delete(kind).where(kind.user_id == key_of(user))
        if device_id is not None:
            statement = statement.where(kind.id == device_id)
        if count := self._change(statement):
            self._audit.record("auth.devices_forgotten", user, count=count)
        return count

    def cookie_name(self, app: Flask) -> str:
        """``lback_device``, with the ``__Host-`` prefix where cookies are for https only."""
        return f"__Host-{COOKIE}" if app.config["SESSION_COOKIE_SECURE"] else COOKIE

    def _key(self) -> str | None:
        if not has_request_context():
            return None
        given: str | None = request.environ.get(_GIVEN)
        return given or request.cookies.get(self.cookie_name(current_app))

    def _rows(self) -> list[DeviceMixin]:
        """The rows of this request's browser, one for each of its accounts."""
        if (key := self._key()) is None:
            return []
        kind = self._kind
        return list(self._db.session.scalars(sa.select(kind).where(kind.key_hash == digest(key))))

    def _give(self, user: Any, key: str) -> None:
        """Make the row, and note the browser's other accounts for :meth:`carry_over`."""
        kind, rows = self._kind, self._rows()
        # What was too old to be recognised would get the key of the new row.
        own = [row.id for row in rows if row.user_id == key_of(user)]
        others = [row.id for row in rows if row.id not in own]
        if own:
            self._change(sa.delete(kind).where(kind.id.in_(own)))
        if others:
            request.environ[_OTHERS] = (others, digest(self._key() or ""), digest(key))
        address, agent = origin()
        self._db.session.add(
            kind(owner=user, key_hash=digest(key), ip_address=address, user_agent=agent)
        )
        self._db.session.flush()
        self._send(key)

    def _send(self, key: str) -> None:
        if request.environ.get(_GIVEN) != key:
            request.environ[_GIVEN] = key
            send_cookie(self.cookie_name(current_app), key, self._settings.remember_days * 86_400)

    def _change(self, statement: Any) -> int:
        options = {"synchronize_session": "fetch"}
        result: Any = self._db.session.execute(statement.execution_options(**options))
        return int(result.rowcount)
