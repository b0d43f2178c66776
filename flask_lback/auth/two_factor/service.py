"""``TwoFactor``: everything that is done with second factors."""

from __future__ import annotations

from typing import Any

from flask_sqlalchemy import SQLAlchemy

from ...core.errors import Problem
from ...core.state import State
from ...core.translation import gettext
from ...exceptions import AuthenticationError
from ...limits.service import RateLimits
from ..audit.service import Audit
from ..devices.service import Devices
from ..locking import hold
from ..second_factors import SecondFactors
from ..sessions.service import SessionManager
from ..sessions.standing import hold_login
from .apps import TOTP, AppSecret, AuthenticatorApps
from .attempts import Attempts
from .enforcement import Enforcement
from .mails import TwoFactorMails
from .recovery import RECOVERY, RecoveryCodes
from .rows import FactorRows
from .sent import EMAIL, SETUP, VERIFY, SentCodes
from .settings import TwoFactorSettings
from .signals import (
    recovery_code_used,
    recovery_codes_made,
    two_factor_disabled,
    two_factor_enabled,
    two_factor_failed,
)


class TwoFactor:
    """The second factors of one application.

    Methods that change something commit, before mails and signals leave.
    """

    def __init__(
        self,
        state: State,
        *,
        rows: FactorRows,
        apps: AuthenticatorApps,
        sent: SentCodes,
        recovery: RecoveryCodes,
        mails: TwoFactorMails,
        enforcement: Enforcement,
    ) -> None:
        self.settings = state[TwoFactorSettings]
        self.recovery = recovery
        self._db = state[SQLAlchemy]
        self._audit = state[Audit]
        self._sessions = state[SessionManager]
        self._factors = state[SecondFactors]
        self._devices = state[Devices]
        self._attempts = Attempts(state[RateLimits], self.settings)
        self._rows = rows
        self._apps = apps
        self._sent = sent
        self._mails = mails
        self._enforcement = enforcement

    # What an account has

    def has(self, user: Any, method: str) -> bool:
        """Whether this account can use one of the ways that this part brings."""
        if method == RECOVERY:
            return self.recovery.left(user) > 0
        if method == EMAIL:
            return _has_confirmed_address(user) and (
                self._rows.confirmed(user, EMAIL) is not None
                or (self.settings.required_by_email and self.is_required(user))
            )
        return self._rows.confirmed(user, method) is not None

    def is_required(self, user: Any) -> bool:
        """Whether this account must have a second factor."""
        return self._enforcement.concerns(user)

    def must_set_up(self, user: Any) -> bool:
        """Whether it must have one and has none."""
        return self.is_required(user) and not self._factors.ways(user)

    def chosen(self, user: Any) -> list[str]:
        """The ways that its owner has set up here, in the order of the setting."""
        return [name for name in self._own() if self._rows.confirmed(user, name) is not None]

    def can_set_up(self, user: Any) -> list[str]:
        """The ways that its owner can set up."""
        return [name for name in self._own() if name != EMAIL or _has_confirmed_address(user)]

    def may_remove(self, user: Any, method: str | None) -> bool:
        """Whether the rule still holds once that way, or all that are set up here, are gone."""
        gone = self._own() if method is None else [method]
        left = [way for way in self._factors.ways(user) if way.counts and way.name not in gone]
        return bool(left) or not self.is_required(user)

    def sends(self, method: str) -> bool:
        """Whether that way is a code which is sent."""
        return method in self._sent.senders

    # Set up

    def begin(self, user: Any, method: str) -> AppSecret | None:
        """Begin to set a way up: give the secret of an app, or send a code.

        :returns: the secret; None when a code was sent.
        :raises Problem: 400, the way is not offered to this account; 429, too many were sent.
        """
        self._require_offered(user, method)
        if method == TOTP:
            secret = self._apps.begin(user)
            self._db.session.commit()
            return secret
        self._attempts.count_sent(user)
        self._rows.begin(user, method)
        self._sent.send(user, method, SETUP)
        return None

    def begun(self, user: Any) -> AppSecret | None:
        """The secret that waits for its first code."""
        return self._apps.begun(user)

    def confirm(self, user: Any, method: str, code: str, *, but: int | None = None) -> list[str]:
        """Let a way count, after its first right code; every other session ends.

        :param but: the session that stays.
        :returns: recovery codes, when the account had none.
        :raises AuthenticationError: ``invalid_code``.
        :raises Problem: 429, too many attempts; 401, the present login has ended meanwhile.
        """
        self._require_offered(user, method)
        self._attempts.count(user)
        hold_login(user)
        row = self._rows.pending(user, method)
        right = row is not None and (
            self._apps.use(row, code)
            if method == TOTP
            else self._sent.use(user, method, SETUP, code)
        )
        if row is None or not right or not self._rows.confirm(user, row):
            raise self._refused(user, method)
        wants_codes = RECOVERY in self.settings.methods and not self.recovery.left(user)
        codes = self.recovery.make(user) if wants_codes else []
        self._audit.record("auth.two_factor_enabled", user, actor=user, method=method)
        self._sessions.end_all(user, but=but)
        self._db.session.commit()
        two_factor_enabled.emit(self, user=user, method=method)
        if codes:
            recovery_codes_made.emit(self, user=user)
        self._mails.enabled(user, label_of(method))
        return codes

    def make_recovery_codes(self, user: Any) -> list[str]:
        """New recovery codes; the former ones are dead.

        :raises Problem: 400, the account has no second factor that they could stand in for; 401,
            the present login has ended meanwhile.
        """
        if RECOVERY not in self.settings.methods or not self._factors.ways(user):
            raise _not_offered()
        hold_login(user)
        codes = self.recovery.make(user)
        self._audit.record("auth.recovery_codes_made", user, actor=user)
        self._db.session.commit()
        recovery_codes_made.emit(self, user=user)
        return codes

    # Use

    def send(self, user: Any, method: str) -> None:
        """Send a code to somebody who waits with a challenge.

        :raises Problem: 400, the account has not set that way up; 429, too many were sent.
        """
        if method not in self._sent.senders or not self._may_use(user, method):
            raise _not_offered()
        self._attempts.count_sent(user)
        self._sent.send(user, method, VERIFY)

    def verify(self, user: Any, method: str, code: str) -> None:
        """Take the code of a second proof in, once.

        :raises AuthenticationError: ``invalid_code``.
        :raises Problem: 429, too many attempts.
        """
        self._attempts.count(user)
        hold(self._db, user)
        if not self._may_use(user, method) or not self._take(user, method, code):
            raise self._refused(user, method)
        left = self.recovery.left(user)
        if method == RECOVERY:
            self._audit.record("auth.recovery_code_used", user, actor=user, left=left)
        self._db.session.commit()
        self._attempts.forgive(user)
        if method == RECOVERY:
            recovery_code_used.emit(self, user=user, left=left)
            self._mails.recovery_code_used(user, left)

    def trust(self, user: Any) -> None:
        """Ask this request's browser for no second factor for a while; for after a sign-in."""
        if self.settings.trust_days:
            self._devices.trust(user, self.settings.trust_days)
            self._db.session.commit()

    # Take away

    def disable(self, user: Any, method: str | None = None, *, but: int | None = None) -> bool:
        """Remove a way, or all that are set up here, with the recovery codes of the last one.

        :param but: the session that stays; every other one ends.
        :returns: whether there was anything to remove.
        :raises Problem: 403, the account must have a second factor; 401, the present login has
            ended meanwhile.
        """
        hold_login(user)
        if not self.may_remove(user, method):
            raise Problem(
                403, "two_factor_needed", gettext("Your account must have a second step.")
            )
        if not self._rows.remove(user, method):
            return False
        if not self._factors.ways(user):
            self.recovery.remove(user)
        self._audit.record("auth.two_factor_disabled", user, actor=user, method=method)
        self._sessions.end_all(user, but=but)
        self._db.session.commit()
        two_factor_disabled.emit(self, user=user, method=method)
        self._mails.disabled(user, None if method is None else label_of(method))
        return True

    def reset(self, user: Any) -> None:
        """Let an owner in again who has lost everything: for administrators, who know who asks.

        Every way, recovery code, trusted device and session of the account is gone; other parts
        take theirs away where they have said how (:class:`SecondFactors`).
        """
        hold(self._db, user)
        self._rows.remove(user)
        self._sent.remove(user)
        self.recovery.remove(user)
        self._factors.forget(user)
        self._audit.record("auth.two_factor_reset", user)
        self._sessions.end_all(user)
        self._db.session.commit()
        self._attempts.forgive(user)
        two_factor_disabled.emit(self, user=user, method=None)
        self._mails.disabled(user, None)

    def _own(self) -> list[str]:
        return [name for name in self.settings.methods if name != RECOVERY]

    def _require_offered(self, user: Any, method: str) -> None:
        if method not in self.can_set_up(user):
            raise _not_offered()

    def _may_use(self, user: Any, method: str) -> bool:
        return method in self.settings.methods and any(
            way.name == method for way in self._factors.ways(user)
        )

    def _take(self, user: Any, method: str, code: str) -> bool:
        if method == RECOVERY:
            return self.recovery.use(user, code)
        if method != TOTP:
            return self._sent.use(user, method, VERIFY, code)
        row = self._rows.confirmed(user, TOTP)
        return row is not None and self._apps.use(row, code)

    def _refused(self, user: Any, method: str) -> AuthenticationError:
        self._db.session.rollback()
        self._audit.refuse("auth.two_factor", user, actor=user, method=method)
        two_factor_failed.emit(self, user=user, method=method)
        return AuthenticationError(gettext("This code is not right, or no longer."), "invalid_code")


def label_of(method: str) -> str:
    """What people call a way."""
    known = {
        TOTP: gettext("Authenticator app"),
        EMAIL: gettext("Code by mail"),
        RECOVERY: gettext("Recovery code"),
        "sms": gettext("Code by text message"),
    }
    return known.get(method, method.replace("_", " ").capitalize())


def _has_confirmed_address(user: Any) -> bool:
    return bool(getattr(user, "email", None) and getattr(user, "email_verified_at", None))


def _not_offered() -> Problem:
    return Problem(400, "method_not_offered", gettext("This way is not offered here."))
