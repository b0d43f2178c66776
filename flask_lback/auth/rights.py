"""What accounts ask about their rights; the permissions feature answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from flask import g

from ..core.state import current_state
from .sessions.principal import RIGHTS


class Rights(Protocol):
    """The rights of one account."""

    @property
    def user(self) -> Any:
        """Whose they are."""

    @property
    def permissions(self) -> frozenset[str]:
        """What it holds by groups and directly."""

    @property
    def groups(self) -> frozenset[str]:
        """The names of its groups."""

    @property
    def is_superuser(self) -> bool:
        """Whether every check passes."""

    def hold(self) -> None:
        """Ask the tables at most once from now on."""

    def has(self, name: str) -> bool:
        """Whether it holds the permission."""

    def has_all(self, names: Iterable[str]) -> bool:
        """Whether it holds every one of them; False for none at all."""

    def has_any(self, names: Iterable[str]) -> bool:
        """Whether it holds one of them."""

    @property
    def has_objects(self) -> bool:
        """Whether it, or one of its groups, was given a right on some single object."""

    def has_on(self, name: str, obj: Any) -> bool:
        """Whether it may do this with one object: by policy, permission or grant."""

    def admits(self, name: str) -> bool:
        """Whether the account is on, and its login is not narrowed to other permissions."""

    def passes(self, name: str) -> bool:
        """Whether this is a superuser, whose login may use the permission."""

    def in_group(self, name: str) -> bool:
        """Whether it is a member of the group."""


class RightsSource(Protocol):
    """Knows the rights of every account; one for each application."""

    def rights_of(self, user: Any) -> Rights:
        """The rights of an account."""

    def versions_of(self, key: Any) -> tuple[int, int] | None:
        """The access versions of what is remembered of an account."""

    def remember(
        self,
        key: Any,
        versions: tuple[int, int],
        permissions: frozenset[str],
        groups: frozenset[str],
        has_objects: bool,
    ) -> None:
        """Keep what was read together with its versions."""


def rights_of(user: Any) -> Rights:
    """The rights of an account, from the feature that keeps them.

    Those of the request's own account are worked out once for a request.

    :raises NotInstalledError: the permissions feature is off.
    """
    kept: Rights | None = getattr(g._get_current_object(), RIGHTS, None)
    if kept is not None and kept.user is user:
        return kept
    return current_state()[RightsSource].rights_of(user)  # type: ignore[type-abstract]
