"""See the site as somebody else, for a while: a session of the other account, and the way back.

The own session stays. Its key waits in a second cookie, and is replaced on the way back. The
session of the other account names who is behind it; it opens nothing that belongs to the account
itself (``freshness.personal_login``), and the audit log names both.
"""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Any

import sqlalchemy as sa
from flask import g, session
from flask_sqlalchemy import SQLAlchemy

from ...core import clock
from ...core.errors import Problem
from ...core.security_log import write_refusal
from ...core.translation import gettext
from ..audit.service import Audit
from ..models import Models
from ..sessions.loading import AccountLoader, digest
from ..sessions.own import forget_own_key, own_key, send_own_key
from ..sessions.principal import LOGIN, USER, Impersonator, Login
from ..sessions.rows import SessionRows
from ..sessions.service import SessionManager
from ..sessions.standing import hold_login
from ..settings import AuthSettings
from ..users.mixins import key_of
from .rules import ImpersonationRules
from .settings import ImpersonationSettings

METHOD = "impersonation"


class Impersonations:
    """Those of one application."""

    def __init__(
        self,
        db: SQLAlchemy,
        models: Models,
        settings: AuthSettings,
        own_settings: ImpersonationSettings,
        sessions: SessionManager,
        loader: AccountLoader,
        audit: Audit,
    ) -> None:
        self._db = db
        self._kind: Any = models.UserSession
        self._life = dt.timedelta(minutes=own_settings.minutes)
        self._sessions = sessions
        self._loader = loader
        self._audit = audit
        self._rows = SessionRows(db, models, settings)
        self.rules = ImpersonationRules(db, models)

    def begin(self, actor: Any, login: Login, user: Any) -> None:
        """Let this browser see the site as another account, and commit.

        :param login: how the present account is signed in.
        :raises Problem: 403, it may not.
        """
        if login.mechanism != "session" or login.session_id is None or login.impersonator:
            raise _refused(gettext("Sign in with this browser first."))
        if text := self.rules.refusal(actor, user):
            raise _refused(text)
        hold_login(actor)
        own, key_of_own = self._sessions.present(), str(self._sessions.present_key())
        by = Impersonator(str(key_of(actor)), str(actor)[:254], login.session_id)
        key = secrets.token_urlsafe(32)
        row = self._rows.make(user, digest(key), remember=False, method=METHOD)
        row.expires_at = min(clock.now() + self._life, own.expires_at)
        row.impersonator_id, row.impersonator_name, row.impersonator_session_id = by
        self._audit.record("admin.impersonation_started", user, actor=actor)
        self._db.session.commit()
        session.clear()  # it holds what the application kept for somebody else
        taken = Login(row.id, "session", row.authenticated_at, (-1, -1), impersonator=by)
        self._sessions.assume(user, taken, key, None)
        send_own_key(key_of_own, _age(own))

    def end(self) -> bool:
        """Give this browser its own session back, and commit.

        :returns: False when that has ended; then nobody is signed in.
        """
        login: Login | None = g.get(LOGIN)
        user, by = g.get(USER), None if login is None else login.impersonator
        if login is not None and by is None:  # a login of one's own
            forget_own_key()
            return True
        found = self._own()
        if by is not None and login is not None:
            self._sessions.end(login.session_id)
            is_own = found is not None and found[1].session_id == by.session_id
            found = found if is_own else None
            actor = user if found is None else found[0]
            self._audit.record("admin.impersonation_ended", user, actor=actor)
        if found is None:
            self._db.session.commit()
            self._sessions.forget()
            return False
        if by is None and (row := self._last_of(found[1])) is not None:  # its time had passed
            self._audit.record("admin.impersonation_ended", row.owner, actor=found[0])
        return self._take_back(*found)

    def stands(self, user: Any, login: Login) -> bool:
        """Whether whoever is behind a login still is signed in, and still may.

        Looked at for every request: it ends with the own session, the account or the right.
        """
        by: Any = login.impersonator
        found = self._loader.by_session(by.session_id)
        if found is not None and not (found[1].impersonator or found[1].must_change_password):
            actor = found[0]
            if str(key_of(actor)) == by.key and self.rules.refusal(actor, user) is None:
                return True
        write_refusal("admin.impersonation", account=str(user), impersonator_name=by.name)
        return False

    def _last_of(self, own: Login) -> Any:
        """The row of the session that this one has led to last."""
        kind = self._kind
        query = sa.select(kind).where(kind.impersonator_session_id == own.session_id)
        return self._db.session.scalar(query.order_by(kind.id.desc()).limit(1))

    def _own(self) -> tuple[Any, Login] | None:
        """The session whose key waits in the second cookie."""
        key = own_key()
        found = self._loader.by_cookie(key) if key else None
        return None if found is None or found[1].impersonator is not None else found

    def _take_back(self, actor: Any, login: Login) -> bool:
        """With a new key: the former has been lying about."""
        kind, key = self._kind, secrets.token_urlsafe(32)
        values = {"key_hash": digest(key), "last_seen_at": clock.now()}
        done = self._rows.change(values, kind.id == login.session_id, kind.revoked_at.is_(None))
        self._db.session.commit()
        if not done:
            self._sessions.forget()
            return False
        row: Any = self._rows.get(login.session_id)
        session.clear()
        self._sessions.assume(actor, login, key, _age(row))
        forget_own_key()
        return True


def _age(row: Any) -> int | None:
    """Seconds that the cookie of a session lives; None for as long as the browser runs."""
    left = int((row.expires_at - clock.now()).total_seconds())
    return left if row.is_remembered else None


def _refused(text: str) -> Problem:
    return Problem(403, "impersonation_refused", text)
