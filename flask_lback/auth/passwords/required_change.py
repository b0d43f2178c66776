"""Who has to choose another password before anything else: somebody else has set the present one.

The account is signed in and held: whoever asks who is there is told nobody, but for the pages that
end it. So no view, whatever guards it, serves an account whose password two people know.
"""

from __future__ import annotations

from typing import Any, NoReturn

import sqlalchemy as sa
from flask import current_app, flash, g, redirect, request
from flask.typing import ResponseReturnValue
from flask_sqlalchemy import SQLAlchemy

from ...core.errors import Problem, answer_json, wants_json
from ...core.pages import url_or_none
from ...core.state import current_state
from ...core.translation import gettext
from ...security.csrf import has_header_token
from ..models import Models
from ..sessions.principal import HELD, Login
from ..users.mixins import key_of

CODE = "password_change_required"
PAGE = "lback_auth.change_password"
#: What an account may use that is held.
_OPEN = frozenset(
    f"{blueprint}.{page}"
    for blueprint in ("lback_auth", "lback_api_auth")
    for page in ("change_password", "logout")
)


class RequiredPasswordChanges:
    """Which accounts of one application have to; the caller commits."""

    def __init__(self, db: SQLAlchemy, models: Models) -> None:
        self._db = db
        self._kind: Any = models.RequiredPasswordChange

    def require(self, user: Any) -> None:
        """Let the next sign-in of an account lead to a new password."""
        self.settle(user)
        self._db.session.add(self._kind(owner=user))

    def settle(self, user: Any) -> None:
        """Its owner has chosen one."""
        self._db.session.execute(
            sa.delete(self._kind)
            .where(self._kind.user_id == key_of(user))
            .execution_options(synchronize_session=False)
        )

    def is_due(self, user: Any) -> bool:
        """Whether an account has to."""
        query = sa.select(self._kind.id).where(self._kind.user_id == key_of(user)).limit(1)
        with self._db.session.no_autoflush:
            return self._db.session.scalar(query) is not None


def holds(login: Login) -> bool:
    """Whether the account of this request is held back from what the request asks for.

    Who sees the site as somebody else can change nothing of this, and so is not led there.
    """
    if not login.must_change_password or login.impersonator is not None:
        return False
    return request.endpoint not in _OPEN and not _changes_password()


def is_held() -> bool:
    """Whether an account is held back in this request."""
    return g.get(HELD) is not None


def lead_to_change() -> ResponseReturnValue:
    """The page that asks for a new password.

    :raises Problem: 403 ``password_change_required``, when a program asks or there is no page.
    """
    is_program = has_header_token(request)
    if is_program:
        answer_json()
    page = None if is_program or wants_json() else url_or_none(PAGE)
    if page is None:
        refuse()
    flash(gettext("Choose a password of your own first."), "info")
    return redirect(page)


def refuse() -> NoReturn:
    """Say what is missing.

    :raises Problem: always, 403 ``password_change_required``.
    """
    raise Problem(
        403, CODE, gettext("Somebody else has set your password. Choose one of your own first.")
    )


def _changes_password() -> bool:
    """Whether the view is our page at an address of the application's own."""
    view: Any = current_app.view_functions.get(request.endpoint or "")
    return getattr(getattr(view, "view_class", None), "page", "") == "change_password"


def leads_to_change(user: Any) -> str | None:
    """Where somebody who has just signed in has to go first; None: wherever they want."""
    if not current_state()[RequiredPasswordChanges].is_due(user):
        return None
    return url_or_none(PAGE)
