"""What people may change of their own account."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.exc import IntegrityError

from ...core.translation import gettext
from ...exceptions import ConfigError, InvalidFieldsError
from ..accounts import Accounts
from ..audit.service import Audit
from ..settings import AuthSettings
from ..signals import user_updated
from .directory import Directory
from .names import canonical

#: What no setting lets anybody give themselves.
_NEVER = frozenset({"password_hash", "is_active", "is_staff", "is_superuser", "groups"})
#: What has a way of its own, with a proof.
_ELSEWHERE = frozenset({"email", "email_canonical", "email_verified_at", "username_canonical"})


class Profiles:
    """Changes of one's own account in one application.

    :raises ConfigError: ``LBACK_AUTH_PROFILE_FIELDS`` names what nobody may change like this.
    """

    def __init__(
        self,
        db: SQLAlchemy,
        settings: AuthSettings,
        directory: Directory,
        accounts: Accounts,
        audit: Audit,
    ) -> None:
        mapper = sa.inspect(directory.user_class)
        own = {mapper.primary_key[0].key, directory.email_name}
        refused = (_NEVER | _ELSEWHERE | own) & set(settings.profile_fields)
        if refused:
            raise ConfigError(
                f"LBACK_AUTH_PROFILE_FIELDS names {sorted(refused)[0]!r}.",
                "Take it out: its owner must not change it without further proof.",
            )
        _refuse_unknown(settings.profile_fields, mapper.column_attrs.keys(), mapper.class_.__name__)
        self._db = db
        self._directory = directory
        self._accounts = accounts
        self._audit = audit
        #: The columns that are there, by name; another user class may lack some.
        self._columns: dict[str, Any] = {
            name: mapper.column_attrs[name].columns[0]
            for name in settings.profile_fields
            if name in mapper.column_attrs
        }

    def change(self, user: Any, values: dict[str, Any]) -> None:
        """Take new values in, and commit.

        :raises InvalidFieldsError: one cannot be changed, or not to this.
        """
        errors = {name: text for name in values if (text := self._complaint(name, values[name]))}
        if errors:
            raise InvalidFieldsError({name: [text] for name, text in errors.items()})
        values = self._accounts.cleaned(values)
        if "username" in values and not self._is_free(user, values["username"]):
            raise _taken()
        changed = [name for name, value in values.items() if getattr(user, name) != value]
        for name in changed:
            setattr(user, name, values[name])
        if changed:
            self._audit.record("auth.profile_changed", user, fields=changed)
        try:
            self._db.session.commit()
        except IntegrityError as error:
            self._db.session.rollback()
            raise _taken() from error
        if changed:
            user_updated.emit(self, user=user, fields=changed)

    def _complaint(self, name: str, value: Any) -> str | None:
        column = self._columns.get(name)
        if column is None:
            return gettext("This cannot be changed here.")
        if value is None and column.nullable:
            return None
        kind: type[Any] = column.type.python_type
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            return gettext("This has the wrong type.")
        if isinstance(value, str):
            return _complaint_of_text(value, getattr(column.type, "length", None))
        return None

    def _is_free(self, user: Any, username: str) -> bool:
        if canonical(username) == canonical(user.username):
            return True
        if self._accounts.is_reserved(username):
            return False
        return self._directory.by_username(username) is None


def _refuse_unknown(given: Iterable[str], known: Sequence[str], model: str) -> None:
    """Refuse names that the model lacks, but for those of the default."""
    for name in given:
        if name not in known and name not in AuthSettings.profile_fields:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else "Take it out, or add the column."
            raise ConfigError(
                f"LBACK_AUTH_PROFILE_FIELDS names {name!r}, and {model} has no such column.", hint
            )


def _complaint_of_text(value: str, longest: int | None) -> str | None:
    if not value.isprintable():
        return gettext("This holds a character that cannot be used.")
    if longest is not None and len(value) > longest:
        return gettext("Use at most %(n)s characters.", n=longest)
    return None


def _taken() -> InvalidFieldsError:
    return InvalidFieldsError({"username": [gettext("This name is taken. Choose another one.")]})
