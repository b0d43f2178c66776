"""Accounts and the identities that open them: found, made, linked, unlinked.

Provider and subject alone decide who somebody is. An address never does: it may be unverified, and
it may have had another owner (the takeover of accounts that were registered beforehand).
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.exc import IntegrityError

from ...core import clock
from ...core.state import current_state
from ...exceptions import InvalidFieldsError
from ...limits.service import RateLimits, caller
from ..accounts import Accounts
from ..audit.service import Audit
from ..current import resolve
from ..freshness import Proofs
from ..mails.service import AccountMails
from ..models import Models
from ..sessions.standing import hold_login
from ..settings import AuthSettings, LimitSettings, PasskeySettings
from ..signals import user_registered
from ..users.directory import Directory
from ..users.mixins import key_of
from .client import ProviderClient
from .identity import Identity
from .mails import OAuthMails
from .newcomers import Newcomers
from .refusals import AwaitsConfirmation, Refusal
from .signals import oauth_account_linked, oauth_account_unlinked, oauth_refused


class OAuthAccounts:
    """The identities of one application's accounts. Every method that changes something commits.

    :ivar clients: one for each provider, by name.
    """

    def __init__(
        self,
        clients: dict[str, ProviderClient],
        db: SQLAlchemy,
        models: Models,
        settings: AuthSettings,
        limits: tuple[RateLimits, LimitSettings],
        directory: Directory,
        accounts: Accounts,
        newcomers: Newcomers,
        audit: Audit,
        account_mails: AccountMails,
        mails: OAuthMails,
    ) -> None:
        self.clients = clients
        self._db = db
        self._models = models
        self._settings = settings
        self._limits, self._limit_settings = limits
        self._directory = directory
        self._accounts = accounts
        self._audit = audit
        self._account_mails = account_mails
        self._mails = mails
        self._newcomers = newcomers

    def of(self, user: Any) -> list[Any]:
        """What opens an account, oldest first."""
        kind: Any = self._models.OAuthAccount
        query = sa.select(kind).where(kind.user_id == key_of(user)).order_by(kind.id)
        return list(self._db.session.scalars(query))

    def is_only_way(self, user: Any, rows: list[Any]) -> bool:
        """Whether one of these identities is all that opens the account."""
        return len(rows) == 1 and not self._has_other_way(user, [])

    def known(self, provider: str, identity: Identity) -> Any | None:
        """The account that an identity opens; the caller commits.

        :raises Refusal: it is switched off, or its address is not confirmed yet.
        """
        row = self._find(provider, identity.subject)
        if row is None:
            return None
        user = row.owner
        if not user.is_active:
            raise Refusal("user_inactive")
        refuses = self._must_confirm and self._settings.refuses_unconfirmed
        if refuses and user.email_verified_at is None:
            raise Refusal("email_not_verified")
        self._note(row, identity)
        return user

    def register(self, client: ProviderClient, identity: Identity) -> Any:
        """Make an account that an identity opens.

        :raises AwaitsConfirmation: the provider has not verified the address: its owner is mailed.
            The answer is the same whether or not the address has an account.
        :raises Refusal: there can be none.
        :raises Problem: 429, too many registrations.
        """
        email = self._newcomers.address_of(identity)
        owner = self._directory.by_email(email) if email else None
        if owner is not None and identity.verified:
            raise Refusal("address_taken")
        if not self._settings.registration:
            raise Refusal("registration_closed")
        limit = self._limit_settings.register_per_address
        self._limits.hit(limit, "register-address", caller())
        if self._must_confirm:
            self._account_mails.require_link("verify_email")
        if owner is not None:
            self._refuse_quietly(client, owner)
        if not identity.verified and self._newcomers.is_chief(email):
            # Confirmed by the chief in good faith, it would be a superuser that this one opens.
            self._refuse_quietly(client, None)
        return self._make(client, identity, email)

    def link(self, user: Any, client: ProviderClient, identity: Identity) -> None:
        """Let an identity open the account of somebody who has proved to own both.

        :raises Refusal: it opens another account.
        :raises Problem: 401, the present login has ended meanwhile.
        """
        row = self._find(client.name, identity.subject)
        if row is not None and row.user_id != key_of(user):
            raise Refusal("linked_elsewhere")
        if self._may_become_chief(user):
            raise Refusal("email_not_verified")
        hold_login(user)
        if row is not None:
            self._note(row, identity)
            self._db.session.commit()
            return
        self._add(user, client.name, identity)
        try:
            self._db.session.commit()
        except IntegrityError as error:
            self._db.session.rollback()
            raise Refusal("linked_elsewhere") from error
        oauth_account_linked.emit(self, user=user, provider=client.name)
        self._mails.linked(user, client.label)

    def unlink(self, user: Any, row_id: int) -> str | None:
        """Take an identity away from its account.

        :returns: the provider's name; None when the account has no such identity.
        :raises Refusal: nothing else would open the account.
        :raises Problem: 401, the present login has ended meanwhile.
        """
        hold_login(user)
        # The row of the account is locked: of two at once, one sees what the other has left.
        if not self._accounts.claim(user):
            self._db.session.rollback()
            raise Refusal("changed_meanwhile")
        kind: Any = self._models.OAuthAccount
        rows = self._locked(kind, user)
        row = next((one for one in rows if one.id == row_id), None)
        if row is None:
            self._db.session.rollback()
            return None
        if not self._has_other_way(user, [one for one in rows if one is not row]):
            self._db.session.rollback()
            raise Refusal("last_way_in")
        provider: str = row.provider
        self._db.session.delete(row)
        self._audit.record("auth.oauth_unlinked", user, provider=provider)
        self._db.session.commit()
        oauth_account_unlinked.emit(self, user=user, provider=provider)
        return provider

    def refuse(self, client: ProviderClient, reason: str, user: Any = None) -> None:
        """Write that somebody was refused."""
        self._audit.refuse("auth.oauth_refused", user, provider=client.name, reason=reason)
        oauth_refused.emit(self, provider=client.name, reason=reason)

    def forget_unconfirmed(self, user: Any) -> None:
        """Take away what was linked before the address was confirmed; the caller commits.

        For a reset by mail: whoever made the account with somebody's address may have left an
        identity of theirs in it, to come back by.
        """
        present = resolve()
        if not self._must_confirm or (present.is_authenticated and key_of(present) == key_of(user)):
            return  # nobody can be signed in without a confirmed address, so it is the owner
        confirmed = user.email_verified_at
        for row in self.of(user):
            if confirmed is None or row.created_at < confirmed:
                self._db.session.delete(row)
                self._audit.record("auth.oauth_unlinked", user, provider=row.provider)

    @property
    def _must_confirm(self) -> bool:
        return self._settings.verify_email and self._directory.has_email

    def _may_become_chief(self, user: Any) -> bool:
        """Whether the owner of the address could make this account a superuser by confirming it."""
        if not self._directory.has_email or user.email_verified_at is not None:
            return False
        return self._newcomers.is_chief(user.email)

    def _find(self, provider: str, subject: str) -> Any | None:
        kind: Any = self._models.OAuthAccount
        query = sa.select(kind).where(kind.provider == provider, kind.subject == subject)
        row = self._db.session.scalar(query)
        # Whatever a database takes for equal, such as blanks at the end.
        return row if row is not None and row.subject == subject else None

    def _make(self, client: ProviderClient, identity: Identity, email: str) -> Any:
        try:
            user = self._newcomers.make(identity, email)
            self._add(user, client.name, identity)
            self._db.session.commit()
        except (IntegrityError, InvalidFieldsError) as error:
            # The same person twice at once, or somebody with the same name.
            self._db.session.rollback()
            if (user := self.known(client.name, identity)) is not None:
                return user
            raise Refusal("changed_meanwhile") from error
        user_registered.emit(self, user=user)
        oauth_account_linked.emit(self, user=user, provider=client.name)
        if self._must_confirm and not identity.verified:
            self._account_mails.verify_email(user)
            raise AwaitsConfirmation
        return user

    def _add(self, user: Any, provider: str, identity: Identity) -> None:
        row = self._models.OAuthAccount(
            owner=user, provider=provider, subject=identity.subject, created_at=clock.now()
        )
        self._note(row, identity)
        self._db.session.add(row)
        self._db.session.flush()
        self._audit.record("auth.oauth_linked", user, actor=user, provider=provider)

    def _note(self, row: Any, identity: Identity) -> None:
        row.email, row.name = identity.email[:254], identity.name
        row.last_used_at = clock.now()

    def _refuse_quietly(self, client: ProviderClient, owner: Any) -> None:
        """As if there were a new account; where that would need no mail, it cannot be done."""
        if not self._must_confirm:
            raise Refusal("address_not_verified")
        self.refuse(client, "address_taken", owner)
        if owner is not None:
            self._account_mails.account_exists(owner)
        raise AwaitsConfirmation

    def _locked(self, kind: Any, user: Any) -> list[Any]:
        query = sa.select(kind).where(kind.user_id == key_of(user)).with_for_update()
        return list(self._db.session.scalars(query))

    def _has_other_way(self, user: Any, others: list[Any]) -> bool:
        return (
            user.has_usable_password()
            or any(row.provider in self.clients for row in others)
            or self._opens_by_passkey(user)
        )

    def _opens_by_passkey(self, user: Any) -> bool:
        state = current_state()
        if not state[PasskeySettings].sign_in:
            return False
        # It offers itself as a proof where passkeys are on, to those who have one.
        offered = any(proof.name == "passkey" for proof in state[Proofs].of(user))
        return offered and bool(self._locked(self._models.Passkey, user))
