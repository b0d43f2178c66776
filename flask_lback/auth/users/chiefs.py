"""Administrators by address: who owns one of ``LBACK_AUTH_ADMIN_EMAILS`` becomes a superuser.

One rule for every way in which an address is shown to be somebody's. An account that was there
before may be a stranger's, who has registered with the address or moved an account to it, so that
its owner confirms it in good faith (pre-hijacking, Sudhodanan and Paverd 2022): whatever opened it
is gone then, and the owner is mailed a link to choose a password.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy

from ..audit.service import Audit
from ..mails.service import AccountMails
from ..models import Models, table_of
from ..sessions.service import SessionManager
from ..settings import AuthSettings
from .mixins import key_of
from .names import canonical


class Chiefs:
    """The rule of one application."""

    def __init__(
        self,
        db: SQLAlchemy,
        models: Models,
        settings: AuthSettings,
        sessions: SessionManager,
        mails: AccountMails,
        audit: Audit,
    ) -> None:
        self._db = db
        self._models = models
        chiefs = settings.admin_emails if hasattr(models.User, "is_superuser") else ()
        self._addresses = frozenset(map(canonical, chiefs))
        self._sessions = sessions
        self._mails = mails
        self._audit = audit

    def has(self, email: str | None) -> bool:
        """Whether the owner of this address becomes a superuser."""
        return bool(self._addresses) and bool(email) and canonical(email or "") in self._addresses

    def welcome(self, user: Any) -> None:
        """Raise an account that the owner of its address has just made; the caller commits."""
        if self.has(getattr(user, "email_canonical", None)):
            self._raise(user)

    def confirmed(self, user: Any) -> bool:
        """Raise an account that was there before its owner has shown whose the address is.

        :returns: whether nothing opens it any longer: once the caller has committed,
            :meth:`invite_in` is called.
        :raises ConfigError: the mail could not be written.
        """
        if not self.has(user.email_canonical) or user.is_superuser:
            return False
        self._mails.require_link("reset_password")
        self.forget_strangers(user)
        self._raise(user)
        return True

    def invite_in(self, user: Any) -> None:
        """Mail the link to choose a password."""
        self._mails.reset_password(user)

    def forget_strangers(self, user: Any) -> None:
        """Take away whatever opens an account; the caller commits."""
        models = self._models
        user.password_hash = None
        self._sessions.end_everything(user)
        for kind in (
            *(models.Passkey, models.TotpDevice, models.RecoveryCode),
            *(models.OAuthAccount, models.Device),
        ):
            table: Any = table_of(kind)
            self._db.session.execute(sa.delete(table).where(table.c.user_id == key_of(user)))
        self._audit.record("auth.unconfirmed_access_removed", user, actor=user)

    def _raise(self, user: Any) -> None:
        user.is_staff = user.is_superuser = True
        self._db.session.flush()
        self._audit.record("auth.superuser_made", user, actor=user)
