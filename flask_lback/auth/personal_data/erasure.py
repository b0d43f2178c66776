"""Delete an account and what is its own, or take out of it whatever tells whose it was."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import MANYTOONE, Mapper, with_parent

from ...core.settings import imported
from ...exceptions import ConfigError, LbackError
from ..audit.guard import AMENDS
from ..audit.names import renamed
from ..models import Models, table_of
from ..users.identity import address_of, email_field, is_unique
from ..users.mixins import key_of
from ..users.names import canonical
from .references import Reference, References, value_of
from .settings import PersonalDataSettings

#: A domain that nobody can ever have (RFC 2606).
NOWHERE = "deleted.invalid"
#: What every account has and does not tell whose it is.
_NEUTRAL = frozenset({"date_joined", "is_active", "is_staff", "is_superuser"})


@dataclass(frozen=True)
class Erased:
    """What an account was, and what became of it.

    :ivar label: stands in place of its name from now on.
    :ivar is_anonymised: whether a row without its data had to stay.
    """

    key: Any
    name: str
    email: str | None
    label: str
    is_anonymised: bool


class Eraser:
    """Erases accounts of one application (GDPR, article 17); the caller commits."""

    def __init__(
        self,
        db: SQLAlchemy,
        models: Models,
        settings: PersonalDataSettings,
        references: References,
        hook: Callable[[Any], object] | None,
    ) -> None:
        self._db = db
        self._models = models
        self._settings = settings
        self._references = references
        self._hook = hook

    def erase(self, user: Any) -> Erased:
        """Delete an account.

        Rows that cascade go with it; foreign keys that may be NULL become NULL. Where another
        one points to the account, the row of the account stays, without anything that is personal.

        :raises LbackError: rows that cascade are needed by others that do not.
        """
        label = f"deleted-{secrets.token_hex(8)}"
        key, name, email = key_of(user), user.get_username(), address_of(user)
        if self._hook is not None:
            self._hook(user)
        self._forget_names(user, label)
        for row in list(self._cascading(user)):
            self._db.session.delete(row)
        self._db.session.flush()
        needed = [self._let_go(found, user) for found in self._references.to_accounts()]
        needed += [self._let_go_of(found, user) for found in self._references.between_accounts()]
        self._db.session.expire_all()
        if any(needed):
            self._anonymise(user, label)
        else:
            self._db.session.delete(user)
        self._db.session.flush()
        return Erased(key, name, email, label, any(needed))

    def _cascading(self, user: Any) -> Iterator[Any]:
        """What the relations of the user class say goes with an account."""
        kept = table_of(self._models.AccessVersion)
        for relation in sa.inspect(type(user)).relationships:
            goes = relation.cascade.delete and not relation.viewonly
            if goes and relation.direction is not MANYTOONE and relation.target is not kept:
                rows = sa.select(relation.mapper.class_)
                yield from self._db.session.scalars(
                    rows.where(with_parent(user, relation.class_attribute))
                )

    def _let_go(self, found: Reference, user: Any) -> bool:
        """Undo one way of pointing to the account; whether rows go on doing so."""
        value = value_of(user, found.target)
        if value is None or found.table is table_of(self._models.AccessVersion):
            return False
        condition = found.column == value
        if found.goes or self._references.is_link(found.table):
            self._remove(found.table, condition, ())
        elif found.column.nullable:
            self._set_null(found, condition)
        else:
            return self._exists(found.table, condition)
        return False

    def _let_go_of(self, found: Reference, user: Any) -> bool:
        """The same for another account that points to this one: it never goes with it."""
        value = value_of(user, found.target)
        condition = found.column == value
        if value is None:
            return False
        if found.column.nullable:
            self._set_null(found, condition)
            return False
        return self._exists(found.table, condition)

    def _remove(self, table: sa.Table, condition: Any, above: tuple[sa.Table, ...]) -> None:
        """Delete rows and what cascades from them, since SQLite does so only when it is asked to.

        :raises LbackError: what does not cascade needs them.
        """
        for found in self._references.to(table):
            if found.table in above:
                continue
            needing = found.column.in_(sa.select(found.target).where(condition))
            if found.goes or self._references.is_link(found.table):
                self._remove(found.table, needing, (*above, table))
            elif found.column.nullable:
                self._set_null(found, needing)
            elif self._exists(found.table, needing):
                raise LbackError(
                    f"Rows of {found.table.name} need rows of {table.name}, which go with the "
                    "account.",
                    "Delete them in LBACK_AUTH_PERSONAL_DATA_ERASER, or let the foreign key "
                    "cascade.",
                )
        self._db.session.execute(sa.delete(table).where(condition))

    def _set_null(self, found: Reference, condition: Any) -> None:
        values = {found.column.name: None}
        self._db.session.execute(sa.update(found.table).where(condition).values(values))

    def _exists(self, table: sa.Table, condition: Any) -> bool:
        one = sa.select(sa.literal(1)).select_from(table).where(condition).limit(1)
        bind = self._references.engine_of(table)
        return self._db.session.scalar(one, bind_arguments=bind) is not None

    def _anonymise(self, user: Any, label: str) -> None:
        for name in ("is_active", "is_staff", "is_superuser"):
            if hasattr(user, name):
                setattr(user, name, False)
        mapper: Mapper[Any] = sa.inspect(type(user))
        special = [mapper.polymorphic_on, mapper.version_id_col]
        for attribute in mapper.column_attrs:
            column = attribute.columns[0]
            if not isinstance(column, sa.Column) or _stays(column):
                continue
            if any(column is one for one in special):
                continue
            if attribute.key not in _NEUTRAL and not attribute.key.endswith("_canonical"):
                _empty(user, attribute.key, column, label)

    def _forget_names(self, user: Any, label: str) -> None:
        """Take the names out of the audit log, and out of invitations to the address.

        Sessions in which the account has seen the site as another one name it, too: they go.
        """
        sessions: Any = table_of(self._models.UserSession)
        self._remove(sessions, sessions.c.impersonator_id == str(key_of(user)), ())
        names = {canonical(name) for name in _names_of(user)}
        invitation: Any = table_of(self._models.Invitation)
        self._db.session.execute(
            sa.delete(invitation).where(invitation.c.email_canonical.in_(names))
        )
        if self._settings.keep_audit_names:
            return
        self._db.session.flush()
        entries: Any = table_of(self._models.AuditEntry)
        for change in renamed(self._db.session, entries, user, label, names):
            self._db.session.execute(change, execution_options={AMENDS: True})


def hook_of(chosen: Any) -> Callable[[Any], object] | None:
    """The function that ``LBACK_AUTH_PERSONAL_DATA_ERASER`` names.

    :raises ConfigError: there is none of that name, or it cannot be called.
    """
    key, hint = "LBACK_AUTH_PERSONAL_DATA_ERASER", 'Give a function, or "package.module:function".'
    found: Callable[[Any], object] | None = chosen
    if isinstance(chosen, str):
        found = imported(f"{key} is {chosen!r}, which", chosen, hint)
    if found is not None and not callable(found):
        raise ConfigError(f"{key} is {chosen!r}, which cannot be called.", hint)
    return found


def _stays(column: sa.Column[Any]) -> bool:
    is_key = column.primary_key or bool(column.foreign_keys)
    return is_key or column.computed is not None or bool(column.info.get("lback_keep"))


def _empty(user: Any, name: str, column: sa.Column[Any], label: str) -> None:
    """Make a column say nothing, as far as it lets us."""
    is_text = isinstance(column.type, sa.String) and not isinstance(column.type, sa.Enum)
    if name == email_field(type(user)):
        setattr(user, name, f"{label}@{NOWHERE}")
    elif column.nullable:
        setattr(user, name, None)
    elif is_text and (name == type(user).USERNAME_FIELD or is_unique(column)):
        longest = getattr(column.type, "length", None) or len(label)
        setattr(user, name, label[-longest:])
    elif is_text:
        setattr(user, name, "")


def _names_of(user: Any) -> Iterator[str]:
    for name in (type(user).USERNAME_FIELD, "username", email_field(type(user))):
        if name is not None and (value := getattr(user, name, None)):
            yield str(value)
