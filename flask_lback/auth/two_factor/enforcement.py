"""Who must have a second factor."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection
from typing import Any

from ...core.settings import imported
from ...exceptions import ConfigError
from ..rights import rights_of
from .settings import TwoFactorSettings

_KEY = "LBACK_AUTH_TWO_FACTOR_REQUIRED"


class Enforcement:
    """The rule of one application.

    :raises ConfigError: the setting names nobody.
    """

    def __init__(self, settings: TwoFactorSettings, superuser_group: str | None = None) -> None:
        self._groups = frozenset(settings.required_groups)
        if settings.required == "staff" and superuser_group is not None:
            self._groups |= {superuser_group}  # its members have all rights, without a flag
        self._rule = _rule(settings.required)
        self._is_for_everybody = settings.required == "everybody"

    @property
    def is_on(self) -> bool:
        """Whether anybody must have one at all."""
        return self._rule is not None or bool(self._groups)

    def concerns(self, user: Any) -> bool:
        """Whether this account must have one."""
        if self._rule is not None and self._rule(user):
            return True
        return bool(self._groups) and not self._groups.isdisjoint(rights_of(user).groups)

    def begins_to_concern(self, user: Any, *, is_raised: bool, groups: Collection[str]) -> bool:
        """Whether an account must have one for what it has just gained.

        :param is_raised: whether it has become staff or a superuser.
        :param groups: the names of those that it has joined.
        """
        if self._is_for_everybody:
            return False  # they had to have one before
        if not self._groups.isdisjoint(groups):
            return True
        return self._rule is not None and (is_raised or bool(groups)) and bool(self._rule(user))


def _rule(given: Any) -> Callable[[Any], Any] | None:
    if given is None:
        return None
    if given == "everybody":
        return lambda user: True
    if given == "staff":
        return _is_staff
    usual = "Use 'staff', 'everybody', a function or its dotted path."
    if isinstance(given, str) and not {".", ":"} & set(given):
        near = difflib.get_close_matches(given, ("staff", "everybody"), n=1)
        raise ConfigError(f"{_KEY} is {given!r}.", f"Did you mean {near[0]!r}?" if near else usual)
    rule: Callable[[Any], Any] = named(_KEY, given)
    if not callable(rule):
        raise ConfigError(f"{_KEY} is {given!r}.", usual)
    return rule


def _is_staff(user: Any) -> bool:
    return bool(getattr(user, "is_staff", False) or getattr(user, "is_superuser", False))


def named(key: str, given: Any) -> Any:
    """What a dotted path names, or the thing itself.

    :param key: the setting, for the message.
    :raises ConfigError: it names nothing.
    """
    if not isinstance(given, str):
        return given
    return imported(f"{key} names {given!r}, which", given, "Give package.module.function.")
