"""Passkeys: added, used, removed."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from typing import Any, NoReturn

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from werkzeug.exceptions import NotFound

from ...core.errors import Problem
from ...core.pages import site_name
from ...core.state import current_state
from ...core.translation import gettext
from ...exceptions import AuthenticationError, ConfigError, InvalidFieldsError
from ...limits.service import RateLimits, caller
from ..audit.service import Audit
from ..models import Models
from ..sessions.service import SessionManager
from ..sessions.standing import hold_login
from ..settings import AuthSettings
from ..users.mixins import key_of
from . import proofs
from .ceremonies import REAUTHENTICATE, REGISTER, SIGN_IN, Ceremonies
from .forms import clean_name
from .mails import PasskeyMails
from .refusals import PasskeyError, Refusal
from .relying_party import RelyingParty, relying_party
from .rows import PasskeyRows
from .settings import PasskeySettings
from .signals import passkey_added, passkey_failed, passkey_removed

_ONCE = "1 per 10 minutes"
#: What a passkey proves by itself, so that its device must have known its owner.
_ALONE = (SIGN_IN, REAUTHENTICATE)


class Passkeys:
    """The passkeys of one application. What changes anything commits."""

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

    def of(self, user: Any) -> Sequence[Any]:
        """The passkeys of an account, oldest first."""
        return self._rows.of(user)

    def has_any(self, user: Any) -> bool:
        """Whether an account has one."""
        return self._rows.has_any(user)

    def get(self, user: Any, key: int) -> Any | None:
        """One passkey of this account, and of no other."""
        return self._rows.get(user, key)

    def begin_adding(self, user: Any, *, browser: str) -> dict[str, Any]:
        """What a browser needs to make a passkey: ``publicKey``, and ``ceremony`` to send back.

        :param browser: a secret word of this browser; empty for clients without cookies.
        :raises Problem: 409, passkeys cannot be used at the address of this request.
        """
        from webauthn.helpers import bytes_to_base64url, generate_user_handle

        party, present = self._party_of_page(), self._rows.of(user)
        handle = present[0].user_handle if present else bytes_to_base64url(generate_user_handle())
        ceremony, text = self._ceremonies.begin(
            REGISTER, subject=user.get_id(), browser=browser, handle=handle
        )
        name = user.get_username()
        full_name = getattr(user, "get_full_name", str)() or name
        options = proofs.creation_options(
            party,
            ceremony,
            site=site_name(self._app),
            account=(name, full_name),
            present=present,
        )
        return {"publicKey": options, "ceremony": text}

    def add(
        self,
        user: Any,
        answer: str,
        ceremony: str,
        *,
        browser: str,
        name: str = "",
        but: int | None = None,
    ) -> Any:
        """Keep the passkey that a device has made, commit, and tell the owner.

        It opens the account from now on: every other session ends (ASVS 7.4.3).

        :param answer: what the browser gave, as JSON (RegistrationResponseJSON).
        :param ceremony: the text of :meth:`begin_adding`.
        :param but: the session that stays.
        :raises PasskeyError: it is not accepted.
        :raises InvalidFieldsError: the name cannot be used.
        :raises Problem: 429, too many attempts; 401, the present login has ended meanwhile.
        """
        self._hit()
        name = clean_name(name)
        try:
            begun = self._ceremonies.read(
                REGISTER, ceremony, subject=user.get_id(), browser=browser
            )
            made = proofs.read_registration(self._party_of_answer(), begun, answer)
            if not self._limits.allows(_ONCE, "passkey-registration", begun.digest):
                raise Refusal("replayed")
            hold_login(user)
            most = self._settings.most_per_account
            passkey = self._rows.insert(user, made, begun, name=name, most=most)
        except Refusal as refusal:
            self._refuse(refusal, user)
        self._audit.record("auth.passkey_added", user, passkey=passkey.name)
        self._sessions.end_all(user, but=but)
        self._db.session.commit()
        self._mails.added(user, passkey.name)
        passkey_added.emit(self, user=user, passkey=passkey)
        return passkey

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

    def rename(self, passkey: Any, name: str) -> None:
        """Call a passkey something else, and commit.

        :raises InvalidFieldsError: the name cannot be used.
        """
        name = clean_name(name)
        if not name:
            raise InvalidFieldsError({"name": [gettext("Fill this in.")]})
        passkey.name = name
        self._db.session.commit()

    def remove(self, user: Any, passkey: Any, *, but: int | None = None) -> None:
        """Take a passkey away, commit, and tell the owner; every other session ends.

        :param but: the session that stays.
        :raises InvalidFieldsError: it is the last way into an account without a password.
        :raises Problem: 401, the present login has ended meanwhile.
        """
        name = passkey.name
        hold_login(user)
        if not self._rows.others(user, passkey) and self._needs_passkey(user):
            self._db.session.rollback()
            raise InvalidFieldsError(
                {
                    "passkey": [
                        gettext(
                            "This passkey is the only way into your account. Choose a password, "
                            "or add another passkey, first."
                        )
                    ]
                }
            )
        if removed := self._rows.delete(passkey):
            self._audit.record("auth.passkey_removed", user, passkey=name)
            self._sessions.end_all(user, but=but)
        self._db.session.commit()
        if removed:
            self._mails.removed(user, name)
            passkey_removed.emit(self, user=user, passkey_name=name)

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

    def _needs_passkey(self, user: Any) -> bool:
        """Whether nothing but a passkey opens the account."""
        if user.has_usable_password() or not self.sign_in_allowed:
            return False
        return not self._rows.has_linked_account(user)

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


def present_passkeys() -> Passkeys:
    """The service of the application that handles this request.

    :raises NotFound: passkeys are off.
    """
    service = current_state().get(Passkeys)
    if service is None:
        raise NotFound
    return service


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
