"""``UserManager``: Lback's name for everything that is done with accounts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_sqlalchemy import SQLAlchemy

from ..core.state import State, current_state
from ..core.translation import gettext
from ..exceptions import AuthenticationError, InvalidFieldsError, TokenError
from ..limits.service import RateLimits, caller
from .accounts import Accounts
from .audit.service import Audit
from .lback.calls import lback_call
from .lback.users import LbackUserNames
from .mails.links import RESET, VERIFY, LinkTokens, refused
from .mails.service import AccountMails
from .passwords.hasher import PasswordHasher
from .passwords.proving import PasswordProofs
from .passwords.required_change import RequiredPasswordChanges
from .registration import Registration
from .sessions.service import SessionManager
from .settings import AuthSettings, LimitSettings
from .signals import (
    password_reset_failed,
    password_reset_request_failed,
    password_reset_request_processed,
    password_reset_request_started,
    password_reset_started,
    password_reset_successful,
    user_email_verification_failed,
    user_email_verification_successful,
    user_email_verified,
    user_registration_started,
)
from .throttle.service import PasswordThrottle
from .users.chiefs import Chiefs
from .users.directory import Directory
from .users.names import canonical


class UserManager(PasswordProofs, LbackUserNames):
    """The accounts of an application; make one wherever it is needed.

    :param state: of the application; the current one's when left out.
    """

    def __init__(self, state: State | None = None) -> None:
        state = state or current_state()
        self._db = state[SQLAlchemy]
        self._accounts = state[Accounts]
        self._audit = state[Audit]
        self._chiefs = state[Chiefs]
        self._directory = state[Directory]
        self._hasher = state[PasswordHasher]
        self._limits = state[RateLimits]
        self._limit_settings = state[LimitSettings]
        self._links = state[LinkTokens]
        self._mails = state[AccountMails]
        self._registration = state[Registration]
        self._required_changes = state[RequiredPasswordChanges]
        self._sessions = state[SessionManager]
        self._settings = state[AuthSettings]
        self._throttle = state[PasswordThrottle]

    def create_user(
        self, *, password: str | None = None, verified: bool = False, **fields: Any
    ) -> Any:
        """Make an account and add it to ``db.session``; commit it yourself.

        :raises InvalidFieldsError: a name is malformed or taken.
        """
        return self._accounts.create(password=password, verified=verified, **fields)

    def create_superuser(self, *, password: str | None = None, **fields: Any) -> Any:
        """As :meth:`create_user`, verified, with every right and the admin panel."""
        rights = {"is_staff": True, "is_superuser": True}
        user = self.create_user(password=password, verified=True, **{**rights, **fields})
        self._db.session.flush()
        self._audit.record("auth.superuser_made", user)
        return user

    @lback_call("username", "email", "password", plain_password="password")  # noqa: S106  # nosec B106 - a name
    def register_user(
        self,
        *,
        password: str,
        complete: Callable[[Any], object] | None = None,
        **fields: Any,
    ) -> Any | None:
        """Register an account as the page does; see :meth:`Registration.register`."""
        self._hit(self._limit_settings.register_per_address, "register-address")
        asked = {name: fields.get(name) for name in ("username", "email")}
        user_registration_started.emit(self, **asked)
        if self._directory.has_email and (
            self._settings.verify_email or self._settings.admin_emails
        ):
            self._mails.require_link("verify_email")
        return self._registration.register(password=password, complete=complete, **fields)

    def get_user(self, identifier: str) -> Any | None:
        """The account of that username or address."""
        return self._directory.by_identifier(identifier)

    @lback_call("key", user_id="key")
    def get_user_by_id(self, key: Any) -> Any | None:
        """The account of that key, or of its text."""
        return self._directory.by_key(str(key))

    def verify_email(self, token: str) -> Any:
        """Take a verification link in, and commit.

        An address of ``LBACK_AUTH_ADMIN_EMAILS`` makes a superuser, see :class:`Chiefs`.

        :raises TokenError: it is no longer good.
        """
        try:
            user = self._read(VERIFY, token, self._settings.verify_email_hours * 3600)
            if not self._accounts.claim_address(user):  # the same link was faster elsewhere
                raise refused()
        except TokenError as error:
            user_email_verification_failed.emit(self, error_type=error.code)
            raise
        is_raised = self._chiefs.confirmed(user)
        self._audit.record("auth.email_confirmed", user, actor=user)
        self._db.session.commit()
        if is_raised:
            self._chiefs.invite_in(user)
        user_email_verified.emit(self, user=user)
        user_email_verification_successful.emit(self, user=user)
        return user

    def resend_verification(self, email: str) -> None:
        """Send the verification mail again, if there is an account that needs it."""
        self._hit_mail(email, "verification")
        self._mails.require_link("verify_email")
        user = self._directory.by_email(email)
        if user is None or not user.is_active or not self._directory.has_email:
            return
        if user.email_verified_at is None:
            self._mails.verify_email(user)

    def request_password_reset(self, email: str) -> None:
        """Send a reset mail to the stored address, if there is an account."""
        password_reset_request_started.emit(self, email=email)
        self._hit_mail(email, "reset")
        self._mails.require_link("reset_password")
        user = self._directory.by_email(email)
        if user is None or not user.is_active:
            self._audit.refuse("auth.password_reset_requested", user, email=email[:254])
            password_reset_request_failed.emit(self, email=email, error_type="user_not_found")
            return
        self._audit.note("auth.password_reset_requested", user)
        self._mails.reset_password(user)
        password_reset_request_processed.emit(self, email=email, user=user)

    def check_reset_token(self, token: str) -> Any:
        """The account of a reset link, which stays good.

        :raises TokenError: it is not good.
        """
        return self._read(RESET, token, self._settings.reset_password_minutes * 60)

    @lback_call("token", "new_password")
    def reset_password(self, token: str, new_password: str) -> Any:
        """Take a reset link in: new password, every session ended, one commit, a mail.

        :raises TokenError: the link is no longer good.
        :raises InvalidFieldsError: the policy refuses the password; the link stays good.
        """
        password_reset_started.emit(self)
        try:
            user = self.check_reset_token(token)
            self._refuse_weak(user, new_password)
            if not self._accounts.claim(user):  # the same link was faster elsewhere
                raise refused()
        except TokenError as error:
            password_reset_failed.emit(self, error_type=error.code)
            raise
        self._accounts.set_password(user, new_password, validate=False)
        self._audit.record("auth.password_reset", user, actor=user)
        self._db.session.commit()
        self._throttle.forgive(user)
        self._mails.password_changed(user)
        password_reset_successful.emit(self, user=user)
        return user

    def change_password(
        self, user: Any, current_password: str, new_password: str, *, but: int | None = None
    ) -> None:
        """Change a password by its owner, and commit; every other session ends.

        :param but: the session that stays.
        :raises InvalidFieldsError: the present password is wrong, or the new one is refused.
        :raises Problem: 429, too many attempts.
        """
        try:
            self.confirm_password(user, current_password)
        except AuthenticationError as error:
            raise InvalidFieldsError({"current_password": [error.message]}) from error
        if new_password == current_password and self._required_changes.is_due(user):
            text = gettext("Choose another one than the password that was set for you.")
            raise InvalidFieldsError({"new_password": [text]})
        self._refuse_weak(user, new_password)
        if not self._accounts.claim(user):  # it was changed meanwhile, perhaps by a reset
            raise InvalidFieldsError({"current_password": [gettext("This is not your password.")]})
        self._accounts.set_password(user, new_password, but=but, validate=False)
        self._db.session.commit()
        if self._directory.email_name:
            self._mails.password_changed(user)

    def set_password(
        self, user: Any, password: str, *, validate: bool = True, must_change: bool = False
    ) -> None:
        """Give an account a new password and end its sessions; commit it yourself.

        :param validate: whether the policy has a say.
        :param must_change: whether its owner has to choose another one at the next sign-in: until
            then nothing but that page opens.
        :raises InvalidFieldsError: the policy refuses it.
        """
        self._accounts.set_password(user, password, validate=validate, must_change=must_change)

    def disable_password(self, user: Any) -> None:
        """Let no password open an account, and end its sessions; commit it yourself."""
        self._accounts.disable_password(user)

    def password_complaints(self, password: str, user: Any = None) -> list[str]:
        """What the policy has against a password."""
        return self._accounts.complaints(user, password)

    def activate(self, user: Any) -> bool:
        """Switch an account on; whether that changed anything. Commit it yourself."""
        return self._accounts.set_active(user, True)

    def deactivate(self, user: Any) -> bool:
        """Switch an account off and end its sessions. Commit it yourself."""
        return self._accounts.set_active(user, False)

    def _read(self, purpose: str, token: str, max_age: int) -> Any:
        """The account of a link; only links that are not good count towards the limit."""
        limit, key = self._limit_settings.token_per_address, ("token-address", caller())
        self._limits.check(limit, *key)
        try:
            return self._links.read(purpose, token, max_age=max_age, load=self._directory.by_key)
        except TokenError as error:
            self._limits.hit(limit, *key)
            self._audit.refuse(f"auth.{purpose.replace('-', '_')}_link", reason=error.code)
            raise

    def _refuse_weak(self, user: Any, password: str) -> None:
        """Ask the policy before anything is locked: it may ask another site, which may be slow."""
        if complaints := self._accounts.complaints(user, password):
            raise InvalidFieldsError({"new_password": complaints})

    def _hit(self, limit: str, name: str) -> None:
        self._limits.hit(limit, name, caller())

    def _hit_mail(self, email: str, kind: str) -> None:
        """A budget for each kind: else who asks for what is not sent uses up what is needed."""
        self._hit(self._limit_settings.mail_per_address, "mail-address")
        limit = self._limit_settings.mail_per_account
        self._limits.hit(limit, f"mail-{kind}", canonical(email))
