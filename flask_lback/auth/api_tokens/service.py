"""API tokens as rows: made, listed, ended."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy

from ...core import clock
from ...core.translation import gettext
from ...exceptions import InvalidFieldsError
from ..audit.service import Audit
from ..locking import hold
from ..models import Models
from ..rights import rights_of
from ..sessions.loading import digest
from ..sessions.standing import hold_login
from ..users.mixins import key_of
from .format import SHOWN, TokenFormat
from .mails import ApiTokenMails
from .models import ApiTokenMixin
from .settings import ApiTokenSettings
from .signals import api_token_created, api_token_revoked

_LONGEST_NAME = 100


class ApiTokens:
    """The API tokens of one application. Each method that changes something commits."""

    def __init__(
        self,
        db: SQLAlchemy,
        models: Models,
        settings: ApiTokenSettings,
        audit: Audit,
        mails: ApiTokenMails,
    ) -> None:
        self._db = db
        self._models = models
        self._kind: Any = models.ApiToken
        self._settings = settings
        self._audit = audit
        self._mails = mails
        self._format = TokenFormat(settings.starts_with)

    @property
    def usual_life(self) -> dt.timedelta:
        """The life of a token whose owner names none."""
        return dt.timedelta(days=min(self._settings.days, self._settings.max_days))

    def make(
        self,
        user: Any,
        name: str,
        *,
        scopes: Iterable[str] | None = None,
        life: dt.timedelta | None = None,
    ) -> tuple[ApiTokenMixin, str]:
        """Make a token for an account, commit, and tell its owner by mail.

        :param name: what its owner calls it.
        :param scopes: names of permissions that it may use; None: everything its owner may do,
            now and later.
        :param life: None for one that never expires.
        :returns: its row, and the token itself, which is stored nowhere.
        :raises InvalidFieldsError: ``name``, ``scopes`` or ``expires_in``.
        :raises Problem: 401, the present login has ended meanwhile.
        """
        chosen = None if scopes is None else sorted(set(scopes))
        errors = {
            "name": self._against_name(name),
            "scopes": [] if chosen is None else self._against_scopes(user, chosen),
            "expires_in": self._against_life(life),
        }
        if found := {field: texts for field, texts in errors.items() if texts}:
            raise InvalidFieldsError(found)
        hold_login(user)
        if len(self.alive(user, lock=True)) >= self._settings.most_per_account:
            self._db.session.rollback()
            raise InvalidFieldsError(
                {"name": [gettext("You have too many tokens. End one first.")]}
            )
        text = self._format.make()
        row = self._kind(
            owner=user,
            name=name.strip(),
            token_hash=digest(text),
            prefix=text[:SHOWN],
            scopes=None if chosen is None else " ".join(chosen),
            expires_at=None if life is None else clock.now() + life,
        )
        self._db.session.add(row)
        self._audit.record("auth.api_token_created", user, name=row.name, prefix=row.prefix)
        self._db.session.commit()
        self._mails.made(user, row)
        api_token_created.emit(self, user=user, api_token=row)
        return row, text

    def alive(self, user: Any, *, lock: bool = False) -> Sequence[ApiTokenMixin]:
        """The tokens of an account that still open something, the newest first.

        :param lock: keep them as they are until the transaction ends.
        """
        kind = self._kind
        query = sa.select(kind).where(
            kind.user_id == key_of(user),
            kind.revoked_at.is_(None),
            sa.or_(kind.expires_at.is_(None), kind.expires_at > clock.now()),
        )
        if lock:  # else MariaDB shows what was there when the transaction began
            query = query.with_for_update()
        return self._db.session.scalars(query.order_by(kind.id.desc())).all()

    def revoke(self, user: Any, token_id: int) -> bool:
        """End one token of an account, and commit.

        :returns: False when the account has no such token that is alive.
        """
        return self._revoke(user, self._kind.id == token_id) == 1

    def revoke_all(self, user: Any) -> int:
        """End every token of an account, and commit.

        :returns: how many ended.
        """
        return self._revoke(user, sa.true())

    def permissions_for(self, user: Any) -> list[str]:
        """The names of permissions that a token of this account can be narrowed to."""
        return [name for name in self._known() if rights_of(user).has(name)]

    def _revoke(self, user: Any, condition: Any) -> int:
        kind = self._kind
        hold(self._db, user)
        result: Any = self._db.session.execute(
            sa.update(kind)
            .where(condition, kind.user_id == key_of(user), kind.revoked_at.is_(None))
            .values(revoked_at=clock.now())
            .execution_options(synchronize_session=False)
        )
        if count := int(result.rowcount):
            self._audit.record("auth.api_tokens_ended", user, count=count)
        self._db.session.commit()
        if count:
            api_token_revoked.emit(self, user=user, count=count)
        return count

    def _known(self, names: Sequence[str] | None = None) -> Sequence[str]:
        """The permissions that exist, of all or of those names."""
        kind: Any = self._models.Permission
        query = sa.select(kind.name).order_by(kind.name)
        if names is not None:
            query = query.where(kind.name.in_(names))
        return self._db.session.scalars(query).all()

    def _against_name(self, name: str) -> list[str]:
        if not name.strip():
            return [gettext("Fill this in.")]
        if len(name) > _LONGEST_NAME:
            return [gettext("Use at most %(n)s characters.", n=_LONGEST_NAME)]
        if not name.isprintable():
            return [gettext("This holds a character that cannot be used.")]
        return []

    def _against_scopes(self, user: Any, scopes: Sequence[str]) -> list[str]:
        if not scopes:
            return [gettext("Choose at least one permission.")]
        known, rights = set(self._known(scopes)), rights_of(user)
        # One message for both: it does not tell which permissions exist.
        wrong = [name for name in scopes if name not in known or not rights.has(name)]
        if any(" " in name for name in scopes):  # they are stored with spaces between them
            wrong = wrong or [name for name in scopes if " " in name]
        return [gettext("You do not have the permission %(name)s.", name=name) for name in wrong]

    def _against_life(self, life: dt.timedelta | None) -> list[str]:
        if life is None:
            if self._settings.never:
                return []
            return [gettext("A token of this site has to expire.")]
        most = self._settings.max_days
        if not dt.timedelta(0) < life <= dt.timedelta(days=most):
            return [gettext("A token lives for at most %(n)s days.", n=most)]
        return []
