"""What else Lback's ``UserManager`` does, under Lback's names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy

from ...core import clock
from ...core.state import current_state
from ...core.translation import gettext
from ...exceptions import InvalidFieldsError, LbackError
from ..accounts import Accounts
from ..audit.service import Audit
from ..sessions.service import SessionManager
from ..signals import user_email_verified, user_updated
from ..users.directory import Directory
from ..users.mixins import key_name
from ..users.names import canonical
from ..users.objects import DoesNotExistError
from ..users.selection import Selection
from .calls import lback_call

#: What no dict of values changes: rights are given by the panel, by groups and by grants, and the
#: rest follows from what happens.
_NEVER = frozenset(
    {"password_hash", "is_staff", "is_superuser", "date_joined", "last_login_at", "last_seen_at"}
    | {"username_canonical", "email_canonical", "email_verified_at"}
)


class LbackUserNames:
    """Find, change and delete accounts; each method takes Lback's session first, or none.

    Nobody's rights are asked here: that is for the view.
    """

    _accounts: Accounts
    _audit: Audit
    _db: SQLAlchemy
    _directory: Directory
    _sessions: SessionManager

    if TYPE_CHECKING:

        def verify_email(self, token: str) -> Any: ...
        def request_password_reset(self, email: str) -> None: ...

    @lback_call("token")
    def verify_user_email(self, token: str) -> Any:
        """``verify_email``, as Lback calls it."""
        return self.verify_email(token)

    @lback_call("email", "reset_url_path")
    def reset_password_request(self, email: str, reset_url_path: str | None = None) -> bool:
        """``request_password_reset``, as Lback calls it.

        :param reset_url_path: taken for Lback's sake; the link leads to the page of this site.
        :returns: True for every address, so that nobody learns who has an account.
        """
        self.request_password_reset(email)
        return True

    @lback_call("username")
    def get_user_by_username(self, username: str) -> Any | None:
        """The account of that username, or of that ``USERNAME_FIELD`` where there is none."""
        return self._directory.by_username(username)

    @lback_call("email")
    def get_user_by_email(self, email: str) -> Any | None:
        """The account of that address."""
        return self._directory.by_email(email)

    @lback_call()
    def get_all_users(self) -> list[Any]:
        """Every account, by key."""
        return list(self._all())

    @lback_call()
    def search_users(self, **criteria: Any) -> list[Any]:
        """The accounts with these values, by key.

        :raises AttributeError: there is no such column; Lback would give every account then.
        """
        return list(self._all().filter(**criteria))

    @lback_call("user_id", "data")
    def update_user(self, user_id: Any, data: Mapping[str, Any]) -> Any:
        """Change columns of an account, all or none; commit it yourself.

        A new password, an account that is switched off and a new address end its sessions, and
        a new address is to be confirmed again. The password goes by the policy.

        :param data: values by column; ``password`` and Lback's ``is_email_verified`` besides. A
            ``password`` that is empty changes nothing, as in Lback.
        :raises DoesNotExistError: there is no such account.
        :raises InvalidFieldsError: a value cannot be accepted. Rights are not changed here.
        """
        user = self._found(user_id)
        values = {name: value for name, value in data.items() if name != "role_name"}
        password = values.pop("password", None)
        flags: dict[str, Any] = {
            name: values.pop(name) for name in ("is_active", "is_email_verified") if name in values
        }
        values = self._checked(user, values, flags)
        if password and (complaints := self._accounts.complaints(user, password)):
            raise InvalidFieldsError({"password": complaints})
        changed = [name for name, value in values.items() if getattr(user, name) != value]
        for name in changed:
            setattr(user, name, values[name])
        if self._directory.email_name in changed:
            self._sessions.end_all(user)
            if self._directory.has_email:
                user.email_verified_at = None
        changed += [name for name, value in flags.items() if self._switch(user, name, value)]
        if password:
            self._accounts.set_password(user, password, validate=False)
            changed.append("password")
        if changed:
            self._audit.record("auth.profile_changed", user, fields=changed)
            self._db.session.flush()
            user_updated.emit(self, user=user, fields=changed)
        return user

    @lback_call("user_id")
    def delete_user(self, user_id: Any) -> None:
        """Delete an account and what is its own, and commit.

        Where another row needs it, a row without anything personal stays.

        :raises DoesNotExistError: there is no such account.
        :raises LbackError: it is the last superuser.
        """
        from ..personal_data.deletion import Deletions

        user, deletions = self._found(user_id), current_state()[Deletions]
        if refusal := deletions.refusal(user, lock=True):
            raise LbackError(refusal)
        deletions.delete(user)

    def _all(self) -> Selection[Any]:
        return Selection(self._directory.user_class)

    def _found(self, user_id: Any) -> Any:
        user = self._directory.by_key(str(user_id))
        if user is None:
            raise DoesNotExistError(gettext("There is no account %(id)s.", id=user_id))
        return user

    def _checked(self, user: Any, values: dict[str, Any], flags: dict[str, Any]) -> dict[str, Any]:
        """The values as they are stored."""
        errors = {name: text for name in values if (text := _complaint(user, name, values[name]))}
        for name, value in flags.items():
            if not isinstance(value, bool):
                errors[name] = gettext("This has the wrong type.")
        if "is_email_verified" in flags and not self._directory.has_email:
            errors["is_email_verified"] = gettext("This cannot be changed here.")
        if errors:
            raise InvalidFieldsError({name: [text] for name, text in errors.items()})
        values = self._accounts.cleaned(values)
        renamed = {
            name: value
            for name, value in values.items()
            if name in self._directory.names
            and canonical(str(value)) != canonical(str(getattr(user, name)))
        }
        if taken := self._accounts.taken(renamed):
            raise InvalidFieldsError(taken)
        return values

    def _switch(self, user: Any, name: str, value: bool) -> bool:
        """Switch the account, or whether its address counts as confirmed."""
        if name == "is_active":
            return self._accounts.set_active(user, value)
        if not self._directory.has_email or user.email_verified == value:
            return False
        user.email_verified_at = clock.now() if value else None
        if value:
            user_email_verified.emit(self, user=user)
        return True


def _complaint(user: Any, name: str, value: Any) -> str | None:
    mapper: Any = sa.inspect(type(user))
    if name in _NEVER or name == key_name(type(user)) or name not in mapper.column_attrs:
        return gettext("This cannot be changed here.")
    column = mapper.column_attrs[name].columns[0]
    if column is mapper.polymorphic_on:
        return gettext("This cannot be changed here.")
    if value is None:
        return None if column.nullable else gettext("Fill this in.")
    kind: type[Any] = column.type.python_type
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        return gettext("This has the wrong type.")
    longest = getattr(column.type, "length", None)
    if isinstance(value, str) and longest is not None and len(value) > longest:
        return gettext("Use at most %(n)s characters.", n=longest)
    if isinstance(value, str) and "\x00" in value:
        return gettext("This holds a character that cannot be used.")
    return None
