"""Change the address of an account: asked for, confirmed at the new address, told at the old."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.exc import IntegrityError

from ..core import clock
from ..core.translation import gettext
from ..exceptions import InvalidFieldsError, TokenError
from ..limits.service import RateLimits, caller
from .audit.service import Audit
from .current import present_login
from .mails.links import CHANGE_EMAIL, LinkTokens, refused
from .mails.service import AccountMails
from .sessions.service import SessionManager
from .sessions.standing import hold_login
from .settings import AuthSettings, LimitSettings
from .signals import user_email_change_requested, user_email_changed, user_email_verified
from .users.chiefs import Chiefs
from .users.directory import Directory
from .users.mixins import key_name, key_of
from .users.names import canonical, clean_email


class Addresses:
    """Changes of address in one application.

    Nothing changes before somebody opens the link that went to the new address. The link is bound
    to the old address and to the password: a reset stops a change that somebody else asked for.
    """

    def __init__(
        self,
        db: SQLAlchemy,
        settings: AuthSettings,
        limit_settings: LimitSettings,
        limits: RateLimits,
        directory: Directory,
        links: LinkTokens,
        mails: AccountMails,
        sessions: SessionManager,
        audit: Audit,
        chiefs: Chiefs,
    ) -> None:
        self._db = db
        self._settings = settings
        self._limit_settings = limit_settings
        self._limits = limits
        self._directory = directory
        self._links = links
        self._mails = mails
        self._sessions = sessions
        self._audit = audit
        self._chiefs = chiefs

    def request_change(self, user: Any, email: str) -> None:
        """Send a link to the new address and a notice to the present one, and commit.

        The caller has made sure that the owner asks. An address that belongs to another account
        gets the same answer, and its owner a mail.

        :raises InvalidFieldsError: it is no address, or the present one.
        :raises Problem: 429, too many mails; 401, the present login has ended meanwhile.
        """
        try:
            email = clean_email(email)
        except ValueError as error:
            raise InvalidFieldsError({"email": [str(error)]}) from error
        if canonical(email) == user.email_canonical:
            raise InvalidFieldsError({"email": [gettext("This is your address already.")]})
        self._hit_mail(user, email)
        self._mails.require_link("confirm_email")
        owner = self._directory.by_email(email)
        if owner is not None and not self._settings.generic_answers:
            raise InvalidFieldsError({"email": [gettext("This address has an account.")]})
        hold_login(user)
        self._audit.record("auth.email_change_requested", user, email=email)
        self._db.session.commit()
        if owner is None:
            self._mails.change_email(user, email)
        else:
            self._mails.account_exists(owner)
        self._mails.email_change_requested(user)
        user_email_change_requested.emit(self, user=user, email=email)

    def confirm(self, token: str) -> Any:
        """Take a link in: the new address, every other session ended, one commit, a mail.

        :raises TokenError: the link is no longer good, or the address has an account by now.
        """
        user, email = self._read(token)
        old_email = user.email
        login = present_login()
        is_here = login is not None and self._is_owned(login.session_id, user)
        try:
            if self._directory.by_email(email) is not None or not self._claim(user):
                raise refused()
            user.email = email
            user.email_verified_at = clock.now()
            self._db.session.flush()
            is_raised = self._chiefs.confirmed(user)
        except IntegrityError as error:  # somebody registered with it at the same moment
            self._db.session.rollback()
            raise refused() from error
        self._audit.record("auth.email_changed", user, actor=user, old=old_email, new=email)
        self._sessions.end_all(user, but=login.session_id if login and is_here else None)
        self._db.session.commit()
        if is_raised:
            self._chiefs.invite_in(user)
        elif is_here:
            self._sessions.rotate()
        self._mails.email_changed(user, old_email)
        user_email_verified.emit(self, user=user)
        user_email_changed.emit(self, user=user, old_email=old_email, email=email)
        return user

    def _read(self, token: str) -> tuple[Any, str]:
        """Whose link it is and for which address; only bad ones count towards the limit."""
        limit, key = self._limit_settings.token_per_address, ("token-address", caller())
        self._limits.check(limit, *key)
        age = self._settings.verify_email_hours * 3600
        try:
            user, values = self._links.read_values(
                CHANGE_EMAIL, token, max_age=age, load=self._directory.by_key
            )
        except TokenError:
            self._limits.hit(limit, *key)
            raise
        [email] = values
        return user, email

    def _is_owned(self, session_id: int | None, user: Any) -> bool:
        return any(row.id == session_id for row in self._sessions.of(user))

    def _claim(self, user: Any) -> bool:
        """Whether the account still is as the link says: of two links at once, one wins."""
        kind: Any = self._directory.user_class
        result: Any = self._db.session.execute(
            sa.update(kind)
            .where(
                getattr(kind, key_name(kind)) == key_of(user),
                kind.email_canonical == user.email_canonical,
                kind.password_hash.is_not_distinct_from(user.password_hash),
            )
            .values(email_canonical=kind.email_canonical)
            .execution_options(synchronize_session=False)
        )
        return bool(result.rowcount)

    def _hit_mail(self, user: Any, email: str) -> None:
        """One budget for the new address, and one for each account, whose owner is told."""
        limits = self._limit_settings
        self._limits.hit(limits.mail_per_address, "mail-address", caller())
        self._limits.hit(limits.mail_per_account, "mail-change", str(key_of(user)))
        self._limits.hit(limits.mail_per_account, "mail-new-address", canonical(email))
