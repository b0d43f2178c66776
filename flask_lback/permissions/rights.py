"""The rights of an account, remembered in this process until its access versions rise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import g, has_app_context
from sqlalchemy.engine import Connection

from ..auth.models import Models
from ..auth.sessions.loading import AccountLoader
from ..auth.sessions.prefetch import has_objects, questions
from ..auth.sessions.principal import LOGIN, RIGHTS, USER, Login
from ..auth.settings import AuthSettings
from ..auth.users.mixins import key_of
from ..auth.versions import CHANGED, has_raised, read_versions
from ..core.state import current_state
from .policies import Policies

#: Accounts that one process remembers; then it starts again.
MOST_ACCOUNTS = 20_000
#: What a row of the statement names.
_PERMISSION, _GROUP, _OBJECTS = range(3)


@dataclass(frozen=True, slots=True)
class Grants:
    """What the tables say about one account.

    :ivar versions: the access versions that were read with it.
    :ivar has_objects: whether there are rights on single objects.
    """

    versions: tuple[int, int]
    permissions: frozenset[str]
    groups: frozenset[str]
    has_objects: bool


class RightsTable:
    """Answers for every account of one application."""

    def __init__(self, models: Models, loader: AccountLoader, settings: AuthSettings) -> None:
        self._models = models
        self._loader = loader
        self._superuser_group = settings.superuser_group
        self._known: dict[Any, Grants] = {}
        self._statement = _written(models)

    def rights_of(self, user: Any) -> AccountRights:
        """The rights of an account; nothing is asked before the first check.

        Those of the request's own account are worked out once for a request.
        """
        rights = AccountRights(user, self, self._superuser_group, _scopes_of(user))
        if self._versions_at_hand(user) is not None:
            rights.hold()
            setattr(g._get_current_object(), RIGHTS, rights)
        return rights

    def grants_of(self, user: Any) -> Grants:
        """Groups and permissions of an account, from memory while its versions stand."""
        key = key_of(user)
        if key is None:
            return Grants((0, 0), frozenset(), frozenset(), False)
        known = self._known.get(key)
        if known is not None and known.versions == self._versions_at_hand(user):
            return known
        with self._loader.connection() as connection:
            # Versions first: what is read after them is at least as new as they say.
            versions = read_versions(connection, self._models, key)
            if has_raised(connection):
                return self._load(connection, key, versions)
            if known is None or known.versions != versions:
                known = self._keep(key, self._load(connection, key, versions))
            return known

    def versions_of(self, key: Any) -> tuple[int, int] | None:
        """The access versions of what is remembered of an account."""
        known = self._known.get(key)
        return known.versions if known is not None else None

    def remember(
        self,
        key: Any,
        versions: tuple[int, int],
        permissions: frozenset[str],
        groups: frozenset[str],
        has_objects: bool,
    ) -> None:
        """Keep what was read in one statement with its versions."""
        self._keep(key, Grants(versions, permissions, groups, has_objects))

    def _keep(self, key: Any, grants: Grants) -> Grants:
        if len(self._known) >= MOST_ACCOUNTS:
            self._known.clear()
        self._known[key] = grants
        return grants

    def _versions_at_hand(self, user: Any) -> tuple[int, int] | None:
        """The versions that came with the request's own account, unless it changed rights."""
        here = _present()
        if here.get(USER) is not user or LOGIN not in here or CHANGED in here:
            return None
        login: Login = here[LOGIN]
        return login.versions

    def _load(self, connection: Connection, key: Any, versions: tuple[int, int]) -> Grants:
        found: dict[int, set[str]] = {_PERMISSION: set(), _GROUP: set(), _OBJECTS: set()}
        for name, kind in connection.execute(self._statement, {"user": key}):
            found[kind].add(name)
        permissions, groups = frozenset(found[_PERMISSION]), frozenset(found[_GROUP])
        return Grants(versions, permissions, groups, bool(found[_OBJECTS]))


class AccountRights:
    """The rights of one account. An account that is switched off has none.

    Those of a login with scopes are narrowed to them, a superuser's too: they are names of
    permissions, and so it is in no group, and no superuser.

    :ivar user: whose they are.
    """

    __slots__ = ("_held", "_holds", "_names", "_scopes", "_superuser_group", "_table", "user")

    def __init__(
        self,
        user: Any,
        table: RightsTable,
        superuser_group: str | None,
        scopes: frozenset[str] | None,
    ) -> None:
        self.user = user
        self._scopes = scopes
        self._table = table
        self._superuser_group = superuser_group
        self._holds = False
        self._held: Grants | None = None
        self._names: frozenset[str] = frozenset()  # that are allowed, once they are held

    def hold(self) -> None:
        """Ask the tables at most once from now on."""
        self._holds = True

    @property
    def grants(self) -> Grants:
        """What the tables say."""
        if self._held is not None:
            return self._held
        found = self._table.grants_of(self.user)
        if self._holds:
            self._held, self._names = found, self._narrowed(found.permissions)
        return found

    def has(self, name: object) -> bool:
        """Whether the account holds the permission, by exactly this name; a text, or it is no."""
        # A page asks this often. What is loaded of an account lies in its dictionary, and costs a
        # quarter of the mapped attribute.
        if isinstance(name, str) and name in self._names and self.user.__dict__.get("is_active"):
            return True
        return self._decide(name)

    def _decide(self, name: object) -> bool:
        if not self.admits(name):
            return False
        if getattr(self.user, "is_superuser", False):
            return True
        grants = self.grants
        return name in grants.permissions or self._superuser_group in grants.groups

    def admits(self, name: object) -> bool:
        """Whether the account is on, and its login is not narrowed to other permissions."""
        if not isinstance(name, str) or not name or not self.user.is_active:
            return False
        return self._scopes is None or name in self._scopes

    def passes(self, name: object) -> bool:
        """Whether this is a superuser, whose login may use the permission."""
        return self.admits(name) and self._has_every_right()

    def has_on(self, name: object, obj: object) -> bool:
        """Whether the account may do this with one object: by policy, permission or grant."""
        return isinstance(name, str) and current_state()[Policies].allows(self.user, name, obj)

    def _narrowed(self, names: frozenset[str]) -> frozenset[str]:
        return names if self._scopes is None else names & self._scopes

    def has_all(self, names: Iterable[str]) -> bool:
        """Whether it holds every one; False for none."""
        wanted = [names] if isinstance(names, str) else list(names)
        return bool(wanted) and all(map(self.has, wanted))

    def has_any(self, names: Iterable[str]) -> bool:
        """Whether it holds one of them."""
        return any(map(self.has, [names] if isinstance(names, str) else names))

    def in_group(self, name: str) -> bool:
        """Whether it is a member of the group."""
        return bool(self.user.is_active) and name in self.groups

    @property
    def permissions(self) -> frozenset[str]:
        """What it holds by groups and directly; a superuser's bypass is not in it."""
        return self._narrowed(self.grants.permissions)

    @property
    def has_objects(self) -> bool:
        """Whether it, or one of its groups, was given a right on some single object."""
        return self.grants.has_objects

    @property
    def groups(self) -> frozenset[str]:
        """The names of its groups."""
        return self.grants.groups if self._scopes is None else frozenset()

    @property
    def is_superuser(self) -> bool:
        """Whether every check passes: by the flag, or by the group that the settings name."""
        if self._scopes is not None or not self.user.is_active:
            return False
        return self._has_every_right()

    def _has_every_right(self) -> bool:
        if getattr(self.user, "is_superuser", False):
            return True
        return self._superuser_group in self.grants.groups


def _scopes_of(user: Any) -> frozenset[str] | None:
    """What the login of the request's own account is narrowed to, whatever object stands for it."""
    here = _present()
    login: Login | None = here.get(LOGIN)
    if login is None or login.scopes is None or here.get(USER) != user:
        return None
    return login.scopes


def _present() -> dict[str, Any]:
    """What the present application context holds."""
    return vars(g._get_current_object()) if has_app_context() else {}


def _written(models: Models) -> Any:
    account = sa.bindparam("user", type_=models.members.c.user_id.type)
    by_groups, directly, groups = questions(models, account)
    objects = sa.select(sa.literal("")).where(has_objects(models, account))
    return sa.union_all(
        by_groups.add_columns(sa.literal(_PERMISSION)),
        directly.add_columns(sa.literal(_PERMISSION)),
        groups.add_columns(sa.literal(_GROUP)),
        objects.add_columns(sa.literal(_OBJECTS)),
    )
