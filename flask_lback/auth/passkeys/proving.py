"""Who somebody is, by a passkey."""

from __future__ import annotations

import hmac
from typing import Any, NoReturn

from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from ...core.errors import Problem
from ...core.translation import gettext
from ...exceptions import AuthenticationError, ConfigError
from ...limits.service import RateLimits, caller
from ..audit.service import Audit
from ..models import Models
from ..sessions.service import SessionManager
from ..settings import AuthSettings
from ..users.mixins import key_of
from . import proofs
from .ceremonies import REAUTHENTICATE, SIGN_IN, Ceremonies
from .mails import PasskeyMails
from .refusals import PasskeyError, Refusal
from .relying_party import RelyingParty, relying_party
from .rows import PasskeyRows
from .settings import PasskeySettings
from .signals import passkey_failed

#: What a passkey proves by itself, so that its device must have known its owner.
_ALONE = (SIGN_IN, REAUTHENTICATE)


class PasskeyProofs:
    """Asks for passkeys and judges what a device answers; :class:`Passkeys` keeps them."""

    def __init__(
        self,
        app: Flask,
        db: SQLAlchemy,
        models: Models,
        settings: PasskeySettings,
        accounts: AuthSettings,
        audit: Audit,
        limits: RateLimits,
        mails: PasskeyMails,
        sessions: SessionManager,
    ) -> None:
        self._app = app
        self._db = db
        self._rows = PasskeyRows(db, models)
        self._settings = settings
        self._accounts = accounts
        self._audit = audit
        self._limits = limits
        self._mails = mails
        self._sessions = sessions
        self._ceremonies = Ceremonies(app)

    @property
    def sign_in_allowed(self) -> bool:
        """Whether a passkey opens an account by itself."""
        return self._settings.sign_in

    def obstacle(self) -> str:
        """Why passkeys cannot be used at the address of this request; empty when they can."""
        try:
            self._party()
        except ConfigError:
            return gettext(
                "Passkeys do not work at this address. They need a name and https; on your own "
                "machine, open this site as localhost, not by its number."
            )
        return ""

    def begin_using(self, purpose: str, *, browser: str, user: Any = None) -> dict[str, Any]:
        """What a browser needs to use a passkey: ``publicKey``, and ``ceremony`` to send back.

        :param purpose: ``SIGN_IN``, ``SECOND_STEP`` or ``REAUTHENTICATE`` of ``ceremonies``.
        :param user: whose passkeys are asked for; None lets the person choose an account.
        :raises Problem: 409, passkeys cannot be used at the address of this request.
        """
        party = self._party_of_page()
        ceremony, text = self._ceremonies.begin(purpose, subject=_subject(user), browser=browser)
        options = proofs.request_options(
            party,
            ceremony,
            allowed=() if user is None else self._rows.of(user),
            verified=purpose in _ALONE,
        )
        return {"publicKey": options, "ceremony": text}

    def use(
        self, purpose: str, answer: str, ceremony: str, *, browser: str, user: Any = None
    ) -> Any:
        """The account that a passkey proves, which may enter.

        Commits, so that no answer counts twice, whatever comes after.

        :param answer: what the browser gave, as JSON (AuthenticationResponseJSON).
        :param ceremony: the text of :meth:`begin_using`.
        :param user: who it must be; None for a sign-in, where the passkey tells.
        :raises PasskeyError: it is not accepted; the message is the same for most reasons.
        :raises AuthenticationError: the address of the account is not confirmed yet.
        :raises Problem: 429, too many attempts.
        """
        self._hit()
        owner = user
        try:
            begun = self._ceremonies.read(
                purpose, ceremony, subject=_subject(user), browser=browser
            )
            assertion = proofs.read_assertion(answer)
            passkey = self._rows.find(assertion.credential_id)
            owner = passkey.owner
            _check_owner(owner, user)
            _check_handle(passkey, assertion, required=purpose == SIGN_IN)
            proof = proofs.check_assertion(
                self._party_of_answer(),
                begun,
                assertion,
                public_key=passkey.public_key,
                verified=purpose in _ALONE,
            )
            if proof.may_back_up != passkey.may_back_up:
                raise Refusal("backup_flag")  # WebAuthn 7.2, step 19: it never changes
            self._rows.claim(passkey, proof, begun)
        except Refusal as refusal:
            self._refuse(refusal, owner)
        self._db.session.commit()
        if purpose == SIGN_IN:
            self._require_address(owner)
        return owner

    def _party(self) -> RelyingParty:
        return relying_party(self._app, self._settings)

    def _party_of_page(self) -> RelyingParty:
        if obstacle := self.obstacle():
            raise Problem(409, "passkeys_unusable", obstacle)
        return self._party()

    def _party_of_answer(self) -> RelyingParty:
        try:
            return self._party()
        except ConfigError as error:
            raise Refusal("address") from error

    def _hit(self) -> None:
        self._limits.hit(self._settings.attempts_per_address, "passkey-address", caller())

    def _require_address(self, user: Any) -> None:
        """As a password does: every way in asks for the same (ASVS 6.3.4)."""
        if not self._accounts.refuses_unconfirmed or not hasattr(user, "email_verified_at"):
            return
        if user.email_verified_at is None:
            self._audit.refuse("auth.passkey", user, reason="email_not_verified")
            raise AuthenticationError(
                gettext("Your address is not confirmed yet. Open the link in our mail first."),
                "email_not_verified",
            )

    def _refuse(self, refusal: Refusal, user: Any) -> NoReturn:
        self._db.session.rollback()
        reason = refusal.reason
        self._audit.refuse("auth.passkey", user, reason=reason)
        if reason == "sign_count":
            self._mails.suspected(user)
        passkey_failed.emit(self, user=user, reason=reason)
        raise PasskeyError(reason) from refusal


def _subject(user: Any) -> str:
    return "" if user is None else str(user.get_id())


def _check_owner(owner: Any, wanted: Any) -> None:
    if wanted is not None and key_of(owner) != key_of(wanted):
        raise Refusal("other_account")
    if not owner.is_active:
        raise Refusal("inactive")


def _check_handle(passkey: Any, assertion: proofs.Assertion, *, required: bool) -> None:
    """The device names the account that it means (WebAuthn 7.2, step 6)."""
    handle = assertion.user_handle
    if handle is None:
        if required:
            raise Refusal("handle")
    elif not hmac.compare_digest(handle, passkey.user_handle):
        raise Refusal("handle")
