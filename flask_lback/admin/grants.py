"""Nobody gives, or takes, what he does not hold; and the last superuser stays.

The rules watch the session while a handler of the panel changes something. So they hold for
every form, action and relation of every model, and for a forged request, whichever way it came.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event

from ..auth.models import Models
from ..auth.rights import rights_of
from ..auth.settings import AuthSettings
from ..auth.users.mixins import key_of
from ..core.errors import Problem
from ..core.state import current_state
from ..core.translation import gettext

#: What takes an account over when somebody else can change it.
_KEYS_TO_AN_ACCOUNT = ("username", "email", "password_hash")
#: What else of staff is changed only by those who may do as much.
_STATE_OF_STAFF = ("is_active", "is_staff")
#: Models whose rows open the account that they belong to.
_WAYS_IN = ("UserSession", "ApiToken", "OAuthAccount", "Passkey", "TotpDevice", "RecoveryCode")


class RightsRefused(Problem):
    """A change would give or take what the present account does not hold."""

    def __init__(self, detail: str) -> None:
        super().__init__(403, "rights_refused", detail)


class Holder:
    """What the acting account held when the request came in.

    :param user: the account.
    """

    def __init__(self, user: Any) -> None:
        rights = rights_of(user)
        self.key = key_of(user)
        self.is_superuser: bool = bool(getattr(rights, "is_superuser", False))
        self._rights: Any = rights
        self._models = current_state()[Models]
        self._session = current_state()[SQLAlchemy].session
        self._superuser_group = current_state()[AuthSettings].superuser_group

    def holds_permission(self, permission: Any) -> bool:
        """Whether he may give and take it."""
        name = before(permission, "name")
        return self.is_superuser or name in self._rights.permissions

    def holds_group(self, group: Any) -> bool:
        """Whether he may give and take membership: a member himself."""
        name = before(group, "name")
        return self.is_superuser or name in self._rights.groups

    def may_manage(self, account: Any) -> bool:
        """Whether he may change an account at all: those of superusers only as one."""
        return self.is_superuser or not self.is_of_superuser(account)

    def may_take_over(self, account: Any) -> bool:
        """Whether changing its address would give him no more than he has.

        What everybody is given at registration is no more.
        """
        if self.is_superuser or key_of(account) == self.key:
            return self.may_manage(account)
        theirs = rights_of(account)
        permissions = theirs.permissions - self._rights.permissions
        groups = theirs.groups - self._rights.groups
        return self.may_manage(account) and self._are_everybodys(permissions, groups)

    def _are_everybodys(self, permissions: frozenset[str], groups: frozenset[str]) -> bool:
        """Whether the default groups have as much. Code may ask for a group by its name."""
        if not permissions and not groups:
            return True
        group: Any = self._models.Group
        with self._session.no_autoflush:
            given = self._session.scalars(sa.select(group).where(group.is_default)).all()
            held = {permission.name for one in given for permission in one.permissions}
        return groups <= {one.name for one in given} and permissions <= held

    def is_of_superuser(self, account: Any) -> bool:
        """Whether an account was a superuser's before this request."""
        if before(account, "is_superuser"):
            return True
        group = self._superuser_group
        if group is None or sa.inspect(account).key is None:
            return False
        return group in rights_of(account).groups


class Watch:
    """Looks at everything that a session is about to write."""

    def __init__(self, holder: Holder) -> None:
        state = current_state()
        self._holder = holder
        self._models = state[Models]
        self._superuser_group = state[AuthSettings].superuser_group
        self._ways_in = tuple(
            getattr(self._models, name) for name in _WAYS_IN if hasattr(self._models, name)
        )
        self._counts_superusers = False

    def before_flush(self, session: Any, context: Any, instances: Any) -> None:
        """Refuse a change that raises somebody's rights.

        :raises RightsRefused: says which.
        """
        models = self._models
        with session.no_autoflush:
            for row in [*session.new, *session.dirty, *session.deleted]:
                is_gone = row in session.deleted
                if isinstance(row, models.User):
                    self._account(row, is_gone)
                elif isinstance(row, models.Group):
                    self._group(row, is_gone)
                elif isinstance(row, models.Permission):
                    self._permission(row, is_gone)
                elif isinstance(row, models.ObjectPermission):
                    self._refuse_permissions(self._given(row))
                elif isinstance(row, self._ways_in) and not is_gone:
                    self._way_in(row)

    def after_flush(self, session: Any, context: Any) -> None:
        """Refuse to leave a site that nobody can administer.

        :raises RightsRefused: no active superuser is left.
        """
        if not self._counts_superusers:
            return
        self._counts_superusers = False
        user: Any = self._models.User
        may = [user.is_superuser] if hasattr(user, "is_superuser") else []
        if self._superuser_group:
            may.append(user.groups.any(name=self._superuser_group))
        key = sa.inspect(user).primary_key[0]
        left = sa.select(key).where(user.is_active, sa.or_(sa.false(), *may)).with_for_update()
        if session.execute(left.limit(1)).first() is None:
            raise RightsRefused(
                gettext("This is the last superuser. Make somebody else one first.")
            )

    def _account(self, account: Any, is_gone: bool) -> None:
        is_new = sa.inspect(account).key is None
        if not is_new and (is_gone or _is_changed(account)):
            self._refuse_account(account, is_gone)
        rises = _changed(account, ["is_superuser"]) and (not is_new or account.is_superuser)
        if rises and not self._holder.is_superuser:
            raise RightsRefused(gettext("Only a superuser makes superusers."))
        self._refuse_groups(moved(account, "groups"))
        self._refuse_permissions(moved(account, "user_permissions"))
        if is_new or not before(account, "is_active"):
            return
        flags = _changed(account, ["is_superuser", "is_active"])
        if (is_gone or flags or moved(account, "groups")) and self._holder.is_of_superuser(account):
            self._counts_superusers = True

    def _refuse_account(self, account: Any, is_gone: bool) -> None:
        if not self._holder.may_manage(account):
            raise RightsRefused(gettext("Only a superuser changes the account of a superuser."))
        is_key = _changed(account, _KEYS_TO_AN_ACCOUNT)
        if before(account, "is_staff"):
            is_key = is_key or is_gone or _changed(account, _STATE_OF_STAFF)
        if is_key and not self._holder.may_take_over(account):
            raise RightsRefused(
                gettext("%(name)s may do more than you. Ask a superuser.", name=str(account))
            )

    def _group(self, group: Any, is_gone: bool) -> None:
        is_new = sa.inspect(group).key is None
        self._refuse_permissions(moved(group, "permissions"))
        if moved(group, "users") or (not is_new and (is_gone or _changed(group, ["is_default"]))):
            self._refuse_groups([group])
        is_theirs = self._superuser_group in (before(group, "name"), group.name)
        if is_theirs and not is_new:
            self._counts_superusers = True
        if self._holder.is_superuser:
            return
        if is_theirs:
            raise RightsRefused(gettext("Only a superuser makes superusers."))
        if group.is_default if is_new else _changed(group, ["name"]):
            raise RightsRefused(
                gettext(
                    "Code asks for groups by name, and new members get the default ones: "
                    "only a superuser renames a group or makes it a default."
                )
            )

    def _permission(self, permission: Any, is_gone: bool) -> None:
        is_new = sa.inspect(permission).key is None
        if moved(permission, "groups") or moved(permission, "users"):
            self._refuse_permissions([permission])
        if is_gone:
            self._refuse_permissions([permission])
        if not is_new and _changed(permission, ["name"]) and not self._holder.is_superuser:
            raise RightsRefused(
                gettext("Code asks for permissions by name: only a superuser renames one.")
            )

    def _given(self, row: Any) -> list[Any]:
        """The permission of a right on a single object."""
        if row.permission is not None:
            return [row.permission]
        found = current_state()[SQLAlchemy].session.get(self._models.Permission, row.permission_id)
        return [] if found is None else [found]

    def _way_in(self, row: Any) -> None:
        """A session that is moved to another account would open that one."""
        if not _changed(row, ["owner", "user_id"]):
            return
        owner = row.owner or current_state()[SQLAlchemy].session.get(self._models.User, row.user_id)
        if owner is not None and sa.inspect(owner).key and not self._holder.may_take_over(owner):
            raise RightsRefused(
                gettext("%(name)s may do more than you. Ask a superuser.", name=str(owner))
            )

    def _refuse_groups(self, groups: Iterable[Any]) -> None:
        for group in groups:
            if not self._holder.holds_group(group):
                raise RightsRefused(
                    gettext(
                        "You are not in the group %(name)s, so you cannot give or take it.",
                        name=str(group),
                    )
                )

    def _refuse_permissions(self, permissions: Iterable[Any]) -> None:
        for permission in permissions:
            if not self._holder.holds_permission(permission):
                raise RightsRefused(
                    gettext(
                        "You do not hold the permission %(name)s, so you cannot give or take it.",
                        name=str(permission),
                    )
                )


@contextmanager
def watched(user: Any) -> Iterator[None]:
    """Within the block, the session of this request writes nothing that breaks the rules.

    :param user: who acts.
    """
    session = current_state()[SQLAlchemy].session()
    watch = Watch(Holder(user))
    event.listen(session, "before_flush", watch.before_flush)
    event.listen(session, "after_flush", watch.after_flush)
    try:
        yield
    finally:
        event.remove(session, "before_flush", watch.before_flush)
        event.remove(session, "after_flush", watch.after_flush)


def before(row: Any, name: str) -> Any:
    """The value that a column of a row had before this request changed it."""
    if not hasattr(type(row), name):
        return None
    history = sa.inspect(row).attrs[name].history
    return history.deleted[0] if history.deleted else getattr(row, name)


def moved(row: Any, name: str) -> list[Any]:
    """What was put into a collection of a row, and taken out."""
    if name not in sa.inspect(type(row)).relationships:
        return []
    history = sa.inspect(row).attrs[name].history
    return [*(history.added or ()), *(history.deleted or ())]


def _changed(row: Any, names: Iterable[str]) -> bool:
    state = sa.inspect(row)
    return any(name in state.attrs and state.attrs[name].history.has_changes() for name in names)


def _is_changed(row: Any) -> bool:
    return any(
        attribute.history.has_changes()
        for attribute in sa.inspect(row).attrs
        if not attribute.key.startswith("lback_")
    )
