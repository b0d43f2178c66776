"""The login of a request, looked at once more by the transaction that writes.

A view looks at it before it reads the body, and a body may be sent slowly, or another site may be
slow to answer: a request that is held open must not outlive a reset, a deactivation or the end of
its session, and leave a token, a passkey or a second factor behind (CWE-367).
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import g
from flask_sqlalchemy import SQLAlchemy

from ...core.errors import Problem
from ...core.state import current_state
from ...core.translation import gettext
from ..locking import hold
from ..models import Models
from ..users.anonymous import AnonymousUser
from ..users.mixins import key_name, key_of
from .principal import LOGIN, USER, Login


def hold_login(user: Any) -> None:
    """Lock an account, and keep the login of this request as it is until the commit.

    Where nobody is signed in, as on the command line, or where the request is somebody else's,
    as before a second step, there is no login that could have ended.

    :param user: the account that is about to be changed.
    :raises Problem: 401, the login has ended since it was looked at; nothing is written.
    """
    db = current_state()[SQLAlchemy]
    hold(db, user)
    login: Login | None = g.get(LOGIN)
    if login is None or key_of(g.get(USER)) != key_of(user) or _stands(db, user, login):
        return
    db.session.rollback()
    g.pop(LOGIN)
    setattr(g, USER, AnonymousUser())  # the page of the refusal greets nobody
    raise Problem(401, "not_authenticated", gettext("Sign in first."))


def _stands(db: SQLAlchemy, user: Any, login: Login) -> bool:
    """Whether it is alive, by an update: a read would show MariaDB's past, and locks nothing."""
    models = current_state()[Models]
    kind: Any
    if login.session_id is not None:
        kind = models.UserSession
        unchanged = {"revoked_at": None}
        conditions = [kind.id == login.session_id, kind.revoked_at.is_(None)]
    elif login.token_id is not None:
        kind = models.ApiToken
        unchanged = {"revoked_at": None}
        conditions = [kind.id == login.token_id, kind.revoked_at.is_(None)]
    else:  # a password that came with the request
        kind = models.User
        unchanged = {"password_hash": kind.password_hash}
        conditions = [
            getattr(kind, key_name(kind)) == key_of(user),
            kind.is_active.is_(True),
            kind.password_hash.is_not_distinct_from(user.password_hash),
        ]
    result: Any = db.session.execute(
        sa.update(kind)
        .where(*conditions)
        .values(unchanged)
        .execution_options(synchronize_session=False)
    )
    return bool(result.rowcount)
