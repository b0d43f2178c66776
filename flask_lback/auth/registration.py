"""Registration: people who make an account by themselves, and what they are told."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.exc import IntegrityError

from ..core.translation import gettext
from ..exceptions import InvalidFieldsError
from .accounts import Accounts
from .audit.service import Audit
from .mails.service import AccountMails
from .models import Models
from .passwords.hasher import PasswordHasher
from .settings import AuthSettings
from .signals import user_pre_register, user_registered, user_registration_failed
from .users.chiefs import Chiefs
from .users.directory import Directory


class Registration:
    """Accounts that their owners make; known and unknown addresses are answered alike."""

    def __init__(
        self,
        db: SQLAlchemy,
        models: Models,
        settings: AuthSettings,
        directory: Directory,
        accounts: Accounts,
        hasher: PasswordHasher,
        mails: AccountMails,
        audit: Audit,
        chiefs: Chiefs,
    ) -> None:
        self._db = db
        self._models = models
        self._settings = settings
        self._directory = directory
        self._accounts = accounts
        self._hasher = hasher
        self._mails = mails
        self._audit = audit
        self._chiefs = chiefs
        self._email = directory.email_name or "email"

    def register(
        self,
        *,
        password: str,
        complete: Callable[[Any], object] | None = None,
        **fields: Any,
    ) -> Any | None:
        """Make an account for whoever asks, commit, and send the verification mail.

        :param complete: called with the account before the commit, for what belongs to it; an
            exception of it undoes everything.
        :returns: the account; None when the address has one already and nobody is to be told,
            in which case its owner gets a mail instead.
        :raises InvalidFieldsError: what the person has to change.
        """
        fields = self._accounts.cleaned(fields)
        errors = self._accounts.taken(fields)
        username = fields.get("username")
        if username and self._accounts.is_reserved(username):
            errors.setdefault("username", [gettext("This name is taken. Choose another one.")])
        if complaints := self._accounts.complaints(SimpleNamespace(**fields), password):
            errors["password"] = complaints
        # Beside another mistake, too, a known address would tell who has an account.
        hidden = self._settings.generic_answers and errors.pop(self._email, None) is not None
        if hidden and not errors:
            self._hasher.hash(password)
            self._refuse_quietly(fields)
            return None
        if errors:
            self._report_duplicate(fields, {self._email: []} if hidden else errors)
            raise InvalidFieldsError(errors)
        groups = self._default_groups()
        asked = {"username": fields.get("username"), "email": fields.get(self._email)}
        user_pre_register.emit(self, **asked)
        user = self._accounts.make(password, fields)
        user.groups.extend(groups)
        try:
            if complete is not None:
                complete(user)
            self._db.session.flush()
            self._audit.record("auth.registered", user, actor=user)
            self._db.session.commit()
        except IntegrityError:
            self._db.session.rollback()
            if not (taken := self._accounts.taken(fields)):
                raise  # another column than the names: nobody was faster, something is missing
            self._lost_race(fields, taken)
            return None
        except BaseException:
            self._db.session.rollback()
            raise
        user_registered.emit(self, user=user)
        must = self._settings.verify_email or self._chiefs.has(
            getattr(user, "email_canonical", None)
        )
        if must and self._directory.has_email:
            self._mails.verify_email(user)
        return user

    def register_passwordless(self, *, verified: bool, **fields: Any) -> Any:
        """Make an account as registration does, of somebody whom another site has sent.

        It is added to the session; the caller commits, and sends mails and signals then.

        :param verified: whether its address counts as verified.
        :raises InvalidFieldsError: a name is malformed or taken.
        """
        groups = self._default_groups()
        user = self._accounts.create(password=None, verified=verified, **fields)
        user.groups.extend(groups)
        return user

    def _lost_race(self, fields: dict[str, Any], errors: dict[str, list[str]]) -> None:
        if self._settings.generic_answers and set(errors) == {self._email}:
            self._refuse_quietly(fields)
            return
        self._report_duplicate(fields, errors)
        if self._settings.generic_answers:
            errors.pop(self._email, None)
        raise InvalidFieldsError(errors)

    def _refuse_quietly(self, fields: dict[str, Any]) -> None:
        self._report_duplicate(fields, {self._email: []})
        owner = self._directory.by_email(fields[self._email])
        if owner is not None:
            self._mails.account_exists(owner)

    def _report_duplicate(self, fields: dict[str, Any], errors: dict[str, list[str]]) -> None:
        if {*self._directory.names, self._email} & set(errors):
            asked = {"username": fields.get("username"), "email": fields.get(self._email)}
            self._audit.refuse("auth.registered", reason="duplicate", **asked)
            user_registration_failed.emit(self, error_type="duplicate", **asked)

    def _default_groups(self) -> Iterable[Any]:
        group: Any = self._models.Group
        return self._db.session.scalars(sa.select(group).where(group.is_default)).all()
