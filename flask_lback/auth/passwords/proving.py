"""Who somebody is, by their password: how often they may try, and what they are told."""

from __future__ import annotations

from typing import Any

from flask import has_request_context, request

from ...core.translation import gettext
from ...exceptions import AuthenticationError
from ..accounts import Accounts
from ..audit.service import Audit
from ..lback.calls import lback_call
from ..settings import AuthSettings
from ..signals import (
    user_authenticated,
    user_authentication_failed,
    user_authentication_started,
    user_login_failed,
)
from ..throttle.service import PasswordThrottle
from ..users.directory import Directory
from .hasher import PasswordHasher


class PasswordProofs:
    """What ``UserManager`` does when it is given a password that is to be right."""

    _accounts: Accounts
    _audit: Audit
    _directory: Directory
    _hasher: PasswordHasher
    _settings: AuthSettings
    _throttle: PasswordThrottle

    @lback_call("identifier", "password", "require_email_verified", username="identifier")
    def authenticate_user(
        self,
        identifier: str,
        password: str,
        *,
        require_email_verified: bool | None = None,
        repeated: bool = False,
    ) -> Any:
        """The account that a name and a password open.

        Attempts are counted before anything is hashed, for unknown names too, see
        :class:`PasswordThrottle`; the caller commits, since an old hash is replaced.

        :param require_email_verified: the setting decides when left out.
        :param repeated: whether a program sends them with every request: a right password then
            leaves the attempts of others counted.
        :raises AuthenticationError: they open none; the message is always the same, but that an
            unverified address is named after a right password.
        :raises Problem: 429, too many attempts.
        """
        user_authentication_started.emit(self, username=identifier)
        user = self._directory.by_identifier(identifier)
        attempt = self._throttle.admit(user, identifier)
        stored = user.password_hash if user is not None and attempt.allowed else None
        right = self._hasher.verify(password, stored)
        if user is None or not right:
            reason = "user_not_found" if user is None else "incorrect_password"
            reason = reason if attempt.allowed else "too_many_attempts"
            raise self._refused(identifier, user, reason)
        if not user.is_active:
            raise self._refused(identifier, user, "user_inactive")
        if repeated:
            self._throttle.accept_again(attempt)
        else:
            self._throttle.accept(user)
        must = (
            self._settings.refuses_unconfirmed
            if require_email_verified is None
            else require_email_verified
        )
        if must and self._directory.has_email and user.email_verified_at is None:
            self._refused(identifier, user, "email_not_verified")
            raise AuthenticationError(
                gettext("Your address is not confirmed yet. Open the link in our mail first."),
                "email_not_verified",
            )
        # From here to the commit nobody can change the password: a reset at the same moment either
        # comes first, and this sign-in fails, or finds the new session and ends it.
        if not self._accounts.claim(user):
            raise self._refused(identifier, user, "incorrect_password")
        if self._hasher.needs_rehash(user.password_hash):
            user.password_hash = self._hasher.hash(password)
        user_authenticated.emit(self, user=user)
        return user

    def confirm_password(self, user: Any, password: str) -> None:
        """Ask somebody who is signed in for their password once more.

        It is counted with the attempts to sign in, so that a session that was left open gives no
        further guesses.

        :raises AuthenticationError: it is another one.
        :raises Problem: 429, too many attempts.
        """
        self._throttle.admit(user)
        if not self._hasher.verify(password, user.password_hash):
            self._audit.refuse("auth.password_confirmed", user)
            raise AuthenticationError(gettext("This is not your password."))
        self._throttle.accept(user)

    def _refused(self, identifier: str, user: Any, reason: str) -> AuthenticationError:
        self._audit.refuse("auth.login", user, identifier=identifier[:254], reason=reason)
        user_authentication_failed.emit(self, username=identifier, user=user, reason=reason)
        if has_request_context():
            user_login_failed.emit(self, request=request, username=identifier, reason=reason)
        return AuthenticationError(gettext("The name or the password is wrong."))
