"""Invitations: made, sent again, taken back, accepted once."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Collection, Sequence
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.exc import IntegrityError

from ...core import clock
from ...core.state import current_state
from ...core.translation import gettext
from ...exceptions import InvalidFieldsError, TokenError
from ...limits.service import RateLimits
from ..accounts import Accounts
from ..audit.service import Audit
from ..models import Models
from ..sessions.loading import digest
from ..sessions.standing import hold_login
from ..settings import LimitSettings
from ..signals import user_registered
from ..users.chiefs import Chiefs
from ..users.directory import Directory
from ..users.mixins import key_of
from ..users.names import canonical
from .mails import InvitationMails
from .models import InvitationMixin
from .rights import InvitationRights
from .settings import InvitationSettings
from .signals import invitation_accepted, invitation_sent, invitation_withdrawn

_LONGEST = 200
#: How many the page shows.
SHOWN = 200


class Invitations:
    """The invitations of one application; only the hash of a token is stored."""

    def __init__(
        self,
        db: SQLAlchemy,
        models: Models,
        settings: InvitationSettings,
        directory: Directory,
        accounts: Accounts,
        rights: InvitationRights,
        audit: Audit,
        mails: InvitationMails,
        limits: RateLimits,
        mail_limits: LimitSettings,
    ) -> None:
        self._db = db
        self._kind: Any = models.Invitation
        self._settings = settings
        self._directory = directory
        self._accounts = accounts
        self._rights = rights
        self._audit = audit
        self._mails = mails
        self._limits = limits
        self._mail_limits = mail_limits

    def newest(self) -> Sequence[InvitationMixin]:
        """The last ones, newest first."""
        kind = self._kind
        query = sa.select(kind).order_by(kind.created_at.desc(), kind.id.desc()).limit(SHOWN)
        return self._db.session.scalars(query).all()

    def get(self, key: int) -> InvitationMixin | None:
        """One of them."""
        found: InvitationMixin | None = self._db.session.get(self._kind, key)
        return found

    def is_open(self, invitation: InvitationMixin) -> bool:
        """Whether its link works."""
        ended = invitation.accepted_at or invitation.revoked_at
        return ended is None and invitation.expires_at > clock.now()

    def make(self, inviter: Any, email: str, groups: Collection[str] = ()) -> InvitationMixin:
        """Ask somebody in, and commit.

        Whoever has an account is told by mail to use it; the row is the same, so that nobody can
        ask who has one.

        :param inviter: the account that asks; None for the command line.
        :param groups: names of groups that the new account is a member of.
        :raises InvalidFieldsError: the address, or a group that the inviter may not give.
        :raises Problem: 429, there were too many; 401, the inviter's login has ended meanwhile.
        """
        email = self._accounts.cleaned({"email": email})["email"]
        allowed = {group.name for group in self._rights.groups_of(inviter)}
        if refused := sorted(set(groups) - allowed):
            self._audit.refuse("auth.invitation_made", groups=refused)
            text = gettext("You cannot give the group %(name)s.", name=refused[0])
            raise InvalidFieldsError({"groups": [text]})
        self._mails.require_address()
        self._count(inviter, email)
        if inviter is not None:
            hold_login(inviter)
        token = secrets.token_urlsafe(32)
        row: InvitationMixin = self._kind(
            token_hash=digest(token),
            email=email,
            email_canonical=canonical(email),
            groups=sorted(set(groups)),
            inviter_id=None if inviter is None else key_of(inviter),
            from_console=inviter is None,
            expires_at=self._end(),
        )
        self._db.session.add(row)
        self._db.session.flush()
        self._audit.record("auth.invitation_made", row, email=email, groups=row.groups)
        self._db.session.commit()
        self._mail(row, token)
        return row

    def resend(self, actor: Any, invitation: InvitationMixin) -> bool:
        """Send it with a new link, for so many days again, and commit; the old link is dead.

        :returns: False when it was accepted or withdrawn.
        :raises Problem: 429, there were too many; 401, the actor's login has ended meanwhile.
        """
        self._mails.require_address()
        self._count(actor, invitation.email)
        if actor is not None:
            hold_login(actor)
        token = secrets.token_urlsafe(32)
        values = {"token_hash": digest(token), "expires_at": self._end()}
        if not self._change(invitation, values):
            self._db.session.rollback()
            return False
        self._audit.record("auth.invitation_resent", invitation, email=invitation.email)
        self._db.session.commit()
        self._mail(invitation, token)
        return True

    def withdraw(self, invitation: InvitationMixin) -> bool:
        """Take it back, and commit.

        :returns: False when it was accepted or withdrawn.
        """
        if not self._change(invitation, {"revoked_at": clock.now()}):
            self._db.session.rollback()
            return False
        self._audit.record("auth.invitation_withdrawn", invitation, email=invitation.email)
        self._db.session.commit()
        invitation_withdrawn.emit(self, invitation=invitation)
        return True

    def read(self, token: str) -> InvitationMixin:
        """The invitation of a link, which stays good.

        It is as good as its inviter: once they may not ask people in any longer, it is dead.

        :raises TokenError: it is not good.
        """
        found: InvitationMixin | None = None
        if 0 < len(token) <= _LONGEST:
            query = sa.select(self._kind).filter_by(token_hash=digest(token))
            found = self._db.session.scalar(query)
        if found is None or not self.is_open(found) or not self._may_still(found):
            raise _refused()
        if self._directory.by_email(found.email) is not None:
            text = gettext("This address has an account. Sign in, or choose a new password.")
            raise TokenError(text, "has_account")
        return found

    def accept(self, token: str, *, password: str, **fields: Any) -> Any:
        """Make the account, its address confirmed, with the groups; one commit.

        :returns: the account.
        :raises TokenError: the link is not good, or was faster elsewhere.
        :raises InvalidFieldsError: what the person has to change; the link stays good.
        """
        invitation = self.read(token)
        fields = self._accounts.cleaned({**fields, "email": invitation.email})
        if errors := self._complaints(fields, password):
            raise InvalidFieldsError(errors)
        if not self._change(invitation, {"accepted_at": clock.now()}, digest(token)):
            self._db.session.rollback()
            raise _refused()
        groups = self._given(invitation)
        user = self._accounts.create(password=password, verified=True, **fields)
        user.groups.extend(groups)
        try:
            self._db.session.flush()
        except IntegrityError as error:  # a name was taken in this moment
            self._db.session.rollback()
            raise InvalidFieldsError(self._accounts.taken(fields)) from error
        given = [group.name for group in groups]
        current_state()[Chiefs].welcome(user)
        self._audit.record("auth.invitation_accepted", user, actor=user, groups=given)
        self._db.session.commit()
        user_registered.emit(self, user=user)
        invitation_accepted.emit(self, invitation=invitation, user=user)
        return user

    def _given(self, invitation: InvitationMixin) -> list[Any]:
        """The groups of the new account: those of everybody, and what its inviter may give now."""
        inviter = None if invitation.from_console else self._inviter(invitation)
        allowed = {group.name for group in self._rights.groups_of(inviter)}
        wanted = allowed.intersection(invitation.groups)
        every = self._rights.groups_of(None)
        return [group for group in every if group.is_default or group.name in wanted]

    def _complaints(self, fields: dict[str, Any], password: str) -> dict[str, list[str]]:
        errors = self._accounts.taken(fields)
        username = fields.get("username")
        if username and self._accounts.is_reserved(username):
            errors["username"] = [gettext("This name is taken. Choose another one.")]
        if found := self._accounts.complaints(SimpleNamespace(**fields), password):
            errors["password"] = found
        return errors

    def _change(
        self, invitation: InvitationMixin, values: dict[str, Any], token_hash: str | None = None
    ) -> bool:
        """Change a row that nobody has accepted or withdrawn: of two at once, one wins."""
        kind = self._kind
        conditions = [
            kind.id == invitation.id,
            kind.accepted_at.is_(None),
            kind.revoked_at.is_(None),
        ]
        if token_hash is not None:
            conditions += [kind.token_hash == token_hash, kind.expires_at > clock.now()]
        result: Any = self._db.session.execute(
            sa.update(kind)
            .where(*conditions)
            .values(values)
            .execution_options(synchronize_session=False)
        )
        return bool(result.rowcount)

    def _may_still(self, invitation: InvitationMixin) -> bool:
        return invitation.from_console or self._rights.may_invite(self._inviter(invitation))

    def _inviter(self, invitation: InvitationMixin) -> Any:
        key = invitation.inviter_id
        return None if key is None else self._db.session.get(self._directory.user_class, key)

    def _mail(self, invitation: InvitationMixin, token: str) -> None:
        inviter = self._inviter(invitation)
        name = "" if inviter is None else inviter.get_username()
        owner = self._directory.by_email(invitation.email)
        if owner is None:
            self._mails.invite(invitation, token, name)
        elif owner.is_active:
            self._mails.invite_owner(owner.email, name)
        invitation_sent.emit(self, invitation=invitation)

    def _count(self, inviter: Any, email: str) -> None:
        if inviter is not None:
            most = self._mail_limits.mail_per_account
            self._limits.hit(most, "mail-invitation", canonical(email))
            self._limits.hit(self._settings.limit, "invitations", str(key_of(inviter)))

    def _end(self) -> dt.datetime:
        return clock.now() + dt.timedelta(days=self._settings.days)


def _refused() -> TokenError:
    return TokenError(gettext("This invitation is no longer good. Ask for a new one."))
