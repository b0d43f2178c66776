"""Making accounts and changing them: the rules that every way in shares."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm.attributes import set_committed_value

from ..core import clock
from ..core.translation import gettext
from ..exceptions import InvalidFieldsError
from .audit.service import Audit
from .models import Models
from .passwords.hasher import PasswordHasher
from .passwords.policy import PasswordPolicy
from .passwords.required_change import RequiredPasswordChanges
from .sessions.service import SessionManager
from .settings import AuthSettings
from .signals import user_activated, user_deactivated, user_password_set
from .users.directory import Directory
from .users.mixins import key_name, key_of
from .users.names import canonical, clean_email, clean_username


class Accounts:
    """Create, change and switch off accounts; the caller commits."""

    def __init__(
        self,
        db: SQLAlchemy,
        models: Models,
        settings: AuthSettings,
        directory: Directory,
        hasher: PasswordHasher,
        policy: PasswordPolicy,
        sessions: SessionManager,
        audit: Audit,
        required_changes: RequiredPasswordChanges,
    ) -> None:
        self._db = db
        self._models = models
        self._settings = settings
        self._directory = directory
        self._hasher = hasher
        self._policy = policy
        self._sessions = sessions
        self._audit = audit
        self._required_changes = required_changes
        self._email = directory.email_name or "email"
        self._revocations: list[Callable[[Any], object]] = []

    def on_revocation(self, action: Callable[[Any], object]) -> None:
        """Have something done in the transaction of every new password and every deactivation.

        For what an account has trusted before; parts do so in their ``plan``.
        """
        self._revocations.append(action)

    def create(self, *, password: str | None, verified: bool = False, **fields: Any) -> Any:
        """Make an account and add it to the session; the caller commits.

        :param password: None for an account without a usable one.
        :param verified: whether its address counts as verified.
        :raises InvalidFieldsError: a name is malformed or taken.
        """
        fields = self.cleaned(fields)
        if taken := self.taken(fields):
            raise InvalidFieldsError(taken)
        user = self.make(password, fields)
        if verified and self._directory.has_email:
            user.email_verified_at = clock.now()
        return user

    def make(self, password: str | None, fields: dict[str, Any]) -> Any:
        """An account of names that are :meth:`cleaned` and free, added to the session."""
        user = self._directory.user_class(**fields)
        user.password_hash = None if password is None else self._hasher.hash(password)
        if password is not None:
            self._policy.password_changed(password, user)
        self._db.session.add(user)
        return user

    def note_superuser(self, user: Any) -> None:
        """Write into the audit log that an account has every right."""
        self._audit.record("auth.superuser_made", user)

    def is_reserved(self, username: str) -> bool:
        """Whether nobody can register with this name."""
        return canonical(username) in map(canonical, self._settings.reserved_usernames)

    def set_password(
        self,
        user: Any,
        password: str,
        *,
        but: int | None = None,
        validate: bool = True,
        must_change: bool = False,
    ) -> None:
        """Give an account a new password and end its sessions; the caller commits.

        Without a session that stays, its API tokens end too: it may have been taken over.

        :param but: the session that stays.
        :param validate: whether the policy has a say.
        :param must_change: whether its owner has to choose another one at the next sign-in.
        :raises InvalidFieldsError: the policy refuses it.
        """
        if validate and (complaints := self.complaints(user, password)):
            raise InvalidFieldsError({"new_password": complaints})
        user.password_hash = self._hasher.hash(password)
        self._policy.password_changed(password, user)
        self._audit.record("auth.password_set", user)
        if must_change:
            self._required_changes.require(user)
        else:
            self._required_changes.settle(user)
        self._end_what_it_opened(user, but)
        user_password_set.emit(self, user=user)

    def disable_password(self, user: Any) -> None:
        """Let no password open an account, and end its sessions and tokens; the caller commits.

        A link by mail still can set one.
        """
        user.password_hash = None
        self._audit.record("auth.password_disabled", user)
        self._required_changes.settle(user)
        self._end_what_it_opened(user, None)

    def _end_what_it_opened(self, user: Any, but: int | None) -> None:
        if but is None:
            self._sessions.end_everything(user)
        else:
            self._sessions.end_all(user, but=but)
        self._revoke(user)

    def claim(self, user: Any) -> bool:
        """Whether the password still is the one that was read: of two at once, one wins.

        The row stays locked until the caller commits.
        """
        kind: Any = self._models.User
        result: Any = self._db.session.execute(
            sa.update(kind)
            .where(
                getattr(kind, key_name(kind)) == key_of(user),
                kind.password_hash.is_not_distinct_from(user.password_hash),
            )
            .values(password_hash=kind.password_hash)
            .execution_options(synchronize_session=False)
        )
        return bool(result.rowcount)

    def claim_address(self, user: Any) -> bool:
        """Let the address count as verified, if it still is the one that was read.

        :returns: whether it was, and nobody had verified it meanwhile; the caller commits.
        """
        kind: Any = self._models.User
        now = clock.now()
        result: Any = self._db.session.execute(
            sa.update(kind)
            .where(
                getattr(kind, key_name(kind)) == key_of(user),
                kind.email_canonical == user.email_canonical,
                kind.email_verified_at.is_not_distinct_from(user.email_verified_at),
            )
            .values(email_verified_at=now)
            .execution_options(synchronize_session=False)
        )
        if not result.rowcount:
            self._db.session.rollback()
            return False
        set_committed_value(user, "email_verified_at", now)
        return True

    def complaints(self, user: Any, password: str) -> list[str]:
        """What the policy has against a password of this account."""
        return self._policy.complaints(password, user)

    def set_active(self, user: Any, active: bool) -> bool:
        """Switch an account on, or off with all its sessions and tokens; the caller commits.

        :returns: whether anything changed.
        """
        if user.is_active == active:
            return False
        user.is_active = active
        self._audit.record("auth.activated" if active else "auth.deactivated", user)
        if active:
            user_activated.emit(self, user=user)
        else:
            self._sessions.end_everything(user)
            self._revoke(user)
            user_deactivated.emit(self, user=user)
        return True

    def cleaned(self, fields: dict[str, Any]) -> dict[str, Any]:
        """The names as they are stored.

        :raises InvalidFieldsError: one is malformed.
        """
        errors, result = {}, dict(fields)
        for name, clean in (("username", clean_username), (self._email, clean_email)):
            if result.get(name) is not None:
                try:
                    result[name] = clean(result[name])
                except ValueError as error:
                    errors[name] = [str(error)]
        if errors:
            raise InvalidFieldsError(errors)
        return result

    def taken(self, fields: dict[str, Any]) -> dict[str, list[str]]:
        """Which of the names belong to another account."""
        errors = {}
        for name in self._directory.names:
            if fields.get(name) and self._directory.by_name(name, fields[name]):
                errors[name] = [gettext("This name is taken. Choose another one.")]
        if self._email in errors:
            errors[self._email] = [gettext("This address has an account. Sign in, or reset it.")]
        return errors

    def _revoke(self, user: Any) -> None:
        for action in self._revocations:
            action(user)
