"""Passkeys: added, used, removed."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from typing import Any, NoReturn

import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.exc import IntegrityError
from werkzeug.exceptions import NotFound

from ...core import clock
from ...core.errors import Problem
from ...core.pages import site_name
from ...core.state import current_state
from ...core.translation import gettext
from ...exceptions import AuthenticationError, ConfigError, InvalidFieldsError
from ...limits.service import RateLimits, caller
from ..audit.service import Audit
from ..mixins import key_name, key_of
from ..models import Models
from ..settings import AuthSettings
from . import proofs
from .ceremonies import LIFE_SECONDS, REAUTHENTICATE, REGISTER, SIGN_IN, Ceremonies, Ceremony
from .forms import NAME_LENGTH
from .mails import PasskeyMails
from .refusals import PasskeyError, Refusal
from .relying_party import RelyingParty, relying_party
from .settings import PasskeySettings
from .signals import passkey_added, passkey_failed, passkey_removed

#: How many answers are remembered of one passkey; more within one life of a challenge are refused.
_MOST_ANSWERS = 100
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
    ) -> None:
        self._app = app
        self._db = db
        self._models = models
        self._kind: Any = models.Passkey
        self._settings = settings
        self._accounts = accounts
        self._audit = audit
        self._limits = limits
        self._mails = mails
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
        return self._rows(user)

    def has_any(self, user: Any) -> bool:
        """Whether an account has one."""
        query = sa.select(self._kind.id).where(self._kind.user_id == key_of(user)).limit(1)
        return self._db.session.scalar(query) is not None

    def get(self, user: Any, key: int) -> Any | None:
        """One passkey of this account, and of no other."""
        query = sa.select(self._kind).filter_by(id=key, user_id=key_of(user))
        return self._db.session.scalar(query)

    def begin_adding(self, user: Any, *, browser: str) -> dict[str, Any]:
        """What a browser needs to make a passkey: ``publicKey``, and ``ceremony`` to send back.

        :param browser: a secret word of this browser; empty for clients without cookies.
        :raises Problem: 409, passkeys cannot be used at the address of this request.
        """
        from webauthn.helpers import bytes_to_base64url, generate_user_handle

        party, present = self._party_of_page(), self._rows(user)
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

    def add(self, user: Any, answer: str, ceremony: str, *, browser: str, name: str = "") -> Any:
        """Keep the passkey that a device has made, commit, and tell the owner.

        :param answer: what the browser gave, as JSON (RegistrationResponseJSON).
        :param ceremony: the text of :meth:`begin_adding`.
        :raises PasskeyError: it is not accepted.
        :raises InvalidFieldsError: the name cannot be used.
        :raises Problem: 429, too many attempts.
        """
        self._hit()
        name = _clean_name(name)
        try:
            begun = self._ceremonies.read(
                REGISTER, ceremony, subject=user.get_id(), browser=browser
            )
            made = proofs.read_registration(self._party_of_answer(), begun, answer)
            if not self._limits.allows(_ONCE, "passkey-registration", begun.digest):
                raise Refusal("replayed")
            passkey = self._insert(user, made, begun, name)
        except Refusal as refusal:
            self._refuse(refusal, user)
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
            allowed=() if user is None else self._rows(user),
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
            passkey = self._find(assertion.credential_id)
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
            self._claim(passkey, proof, begun)
        except Refusal as refusal:
            self._refuse(refusal, owner)
        if purpose == SIGN_IN:
            self._require_address(owner)
        return owner

    def rename(self, passkey: Any, name: str) -> None:
        """Call a passkey something else, and commit.

        :raises InvalidFieldsError: the name cannot be used.
        """
        name = _clean_name(name)
        if not name:
            raise InvalidFieldsError({"name": [gettext("Fill this in.")]})
        passkey.name = name
        self._db.session.commit()

    def remove(self, user: Any, passkey: Any) -> None:
        """Take a passkey away, commit, and tell the owner.

        :raises InvalidFieldsError: it is the last way into an account without a password.
        """
        self._lock(user)
        rows = self._rows(user, lock=True)
        others = [row for row in rows if row.id != passkey.id]
        if not others and self._is_last_way(user):
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
        name = passkey.name
        self._audit.record("auth.passkey_removed", user, passkey=name)
        result: Any = self._db.session.execute(
            sa.delete(self._kind)
            .where(self._kind.id == passkey.id)
            .execution_options(synchronize_session=False)
        )
        self._db.session.commit()
        if result.rowcount:
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

    def _rows(self, user: Any, *, lock: bool = False) -> Sequence[Any]:
        query = (
            sa.select(self._kind)
            .where(self._kind.user_id == key_of(user))
            .order_by(self._kind.created_at, self._kind.id)
        )
        if lock:  # else MariaDB shows what was there when the transaction began
            query = query.with_for_update().execution_options(populate_existing=True)
        return self._db.session.scalars(query).all()

    def _lock(self, user: Any) -> None:
        """Let nobody else add or remove passkeys of this account before the commit."""
        kind: Any = self._models.User
        self._db.session.execute(
            sa.update(kind)
            .where(getattr(kind, key_name(kind)) == key_of(user))
            .values(password_hash=kind.password_hash)
            .execution_options(synchronize_session=False)
        )

    def _insert(self, user: Any, made: proofs.NewPasskey, begun: Ceremony, name: str) -> Any:
        self._lock(user)
        present = self._rows(user, lock=True)
        if any(row.user_handle != begun.handle for row in present):
            raise Refusal("handle")
        if len(present) >= self._settings.most_per_account:
            raise Refusal("too_many")
        passkey = self._kind(
            user_id=key_of(user),
            name=name or gettext("Passkey %(n)s", n=len(present) + 1),
            credential_hash=_digest(made.credential_id),
            user_handle=begun.handle,
            last_used_at=None,
            **vars(made),
        )
        self._db.session.add(passkey)
        self._audit.record("auth.passkey_added", user, passkey=passkey.name)
        try:
            self._db.session.commit()
        except IntegrityError as error:  # it is in this list already, or in somebody else's
            raise Refusal("known") from error
        return passkey

    def _find(self, credential_id: str) -> Any:
        query = sa.select(self._kind).filter_by(credential_hash=_digest(credential_id))
        if (passkey := self._db.session.scalar(query)) is None:
            raise Refusal("unknown")
        return passkey

    def _claim(self, passkey: Any, proof: proofs.Proof, begun: Ceremony) -> None:
        """Take a proof once: by its challenge, by its count, and by one conditional update.

        Passkeys that are copied between devices count nothing, so that a count alone would let an
        old answer in again; what was answered is kept beside the key, in the database that every
        worker shares.
        """
        counts = proof.sign_count or passkey.sign_count
        if counts and proof.sign_count <= passkey.sign_count:
            raise Refusal("sign_count")
        answered = _lately(passkey.answered)
        if begun.digest in answered or len(answered) >= _MOST_ANSWERS:
            raise Refusal("replayed")
        answered[begun.digest] = int(clock.timestamp())
        result: Any = self._db.session.execute(
            sa.update(self._kind)
            .where(self._kind.id == passkey.id, self._kind.uses == passkey.uses)
            .values(
                uses=passkey.uses + 1,
                answered=" ".join(f"{digest}:{moment}" for digest, moment in answered.items()),
                sign_count=proof.sign_count,
                is_backed_up=proof.is_backed_up,
                last_used_at=clock.now(),
            )
            .execution_options(synchronize_session=False)
        )
        if result.rowcount != 1:
            raise Refusal("replayed")
        self._db.session.commit()

    def _is_last_way(self, user: Any) -> bool:
        if user.has_usable_password() or not self.sign_in_allowed:
            return False
        kind: Any = self._models.OAuthAccount
        query = sa.select(kind.id).where(kind.user_id == key_of(user)).limit(1)
        return self._db.session.scalar(query) is None

    def _require_address(self, user: Any) -> None:
        """As a password does: every way in asks for the same (ASVS 6.3.4)."""
        if not self._accounts.verify_email or not hasattr(user, "email_verified_at"):
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


def _clean_name(name: str) -> str:
    name = name.strip()
    if len(name) > NAME_LENGTH:
        raise InvalidFieldsError(
            {"name": [gettext("Use at most %(n)s characters.", n=NAME_LENGTH)]}
        )
    if not name.isprintable():
        raise InvalidFieldsError({"name": [gettext("This holds a character that cannot be used.")]})
    return name


def _digest(credential_id: str) -> str:
    return hashlib.sha256(credential_id.encode()).hexdigest()


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


def _lately(text: str) -> dict[str, int]:
    """The challenges answered while they could still be answered again, with their times."""
    oldest = clock.timestamp() - 2 * LIFE_SECONDS
    pairs = (pair.partition(":") for pair in text.split())
    return {digest: int(moment) for digest, _, moment in pairs if int(moment) >= oldest}
