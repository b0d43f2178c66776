"""Why an account holds a permission, and why not."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy

from ..auth.models import Models
from ..auth.rights import rights_of
from ..auth.settings import AuthSettings
from ..core.state import current_state
from .names import action_of, belongs_to
from .policies import rules_of
from .registry import Permissions


@dataclass(frozen=True)
class Explanation:
    """The answer, and what it comes from.

    :ivar holds: as ``user.has_permission(permission)`` says.
    :ivar is_active: whether the account is switched on; one that is off holds nothing.
    :ivar is_superuser: by the flag.
    :ivar superuser_group: the group whose members pass every check, when it is a member.
    :ivar is_direct: whether it was given to the account itself.
    :ivar groups: those of its groups that give it.
    :ivar other_groups: those that would.
    :ivar on_objects: on how many single objects it was given, to the account or its groups.
    :ivar policies: the rules that decide about single objects.
    :ivar exists: whether there is such a permission.
    :ivar nearest: the name that may be meant, when there is none.
    """

    account: str
    permission: str
    holds: bool
    is_active: bool
    is_superuser: bool
    superuser_group: str | None
    is_direct: bool
    groups: list[str]
    other_groups: list[str]
    on_objects: int
    policies: list[str]
    exists: bool
    nearest: str | None

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    def lines(self) -> list[str]:
        """The reasons, in words."""
        said = []
        if not self.is_active:
            said.append("The account is switched off, and holds nothing.")
        would = "" if self.is_active else "It would hold it: "
        if self.is_superuser:
            said.append(f"{would}every check passes for a superuser.")
        if self.superuser_group:
            said.append(f"{would}every check passes for the group {self.superuser_group}.")
        if self.is_direct:
            said.append(f"{would}it was given to the account itself.")
        said += [f"{would}the group {name} gives it." for name in self.groups]
        if not self.exists:
            near = f" Did you mean {self.nearest}?" if self.nearest else ""
            said.append(f"There is no permission {self.permission!r}.{near}")
        elif not self.holds and self.is_active:
            said.append("Neither the account nor one of its groups was given it.")
            if self.other_groups:
                said.append(f"It is given by: {', '.join(self.other_groups)}.")
        if self.on_objects:
            number = f"{self.on_objects} single object{'s' if self.on_objects > 1 else ''}"
            said.append(f"It was given on {number}.")
        said += [f"On a single object, {rule} decides." for rule in self.policies]
        return [one[0].upper() + one[1:] for one in said]


def explain(user: Any, name: str) -> Explanation:
    """Why an account holds a permission, or does not.

    :param name: its name; one that does not exist is explained, too.
    """
    state = current_state()
    models, session = state[Models], state[SQLAlchemy].session
    kind: Any = models.Permission
    permission = session.scalar(sa.select(kind).filter_by(name=name))
    giving = [] if permission is None else sorted(group.name for group in permission.groups)
    own = {group.name for group in user.groups}
    chiefs = state[AuthSettings].superuser_group
    known = [] if permission is not None else session.scalars(sa.select(kind.name)).all()
    return Explanation(
        account=user.get_username(),
        permission=name,
        holds=rights_of(user).has(name),
        is_active=bool(user.is_active),
        is_superuser=bool(getattr(user, "is_superuser", False)),
        superuser_group=chiefs if chiefs in own else None,
        is_direct=permission in user.user_permissions,
        groups=[group for group in giving if group in own],
        other_groups=[group for group in giving if group not in own],
        on_objects=0 if permission is None else _objects(user, permission),
        policies=_rules(state[Permissions], name),
        exists=permission is not None,
        nearest=nearest(name, known),
    )


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that somebody may have meant."""
    by_fold = {one.casefold(): one for one in known}
    found = difflib.get_close_matches(name.casefold(), by_fold, n=1)
    return by_fold[found[0]] if found else None


def _objects(user: Any, permission: Any) -> int:
    state = current_state()
    kind: Any = state[Models].ObjectPermission
    groups = [group.id for group in user.groups]
    query = (
        sa.select(sa.func.count(sa.distinct(kind.model + " " + kind.object_key)))
        .where(kind.permission_id == permission.id)
        .where(sa.or_(kind.user_id == user.pk, kind.group_id.in_(groups)))
    )
    return int(state[SQLAlchemy].session.scalar(query) or 0)


def _rules(declared: Permissions, name: str) -> list[str]:
    return [
        f"{type(policy).__name__}.{action_of(name, model)}"
        for model, policy in declared.policies.items()
        if belongs_to(name, model) and action_of(name, model) in rules_of(type(policy))
    ]
