"""Who must have a second factor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from werkzeug.utils import import_string

from ...exceptions import ConfigError
from ..rights import rights_of
from .settings import TwoFactorSettings

_KEY = "LBACK_AUTH_TWO_FACTOR_REQUIRED"


class Enforcement:
    """The rule of one application.

    :raises ConfigError: the setting names nobody.
    """

    def __init__(self, settings: TwoFactorSettings) -> None:
        self._groups = frozenset(settings.required_groups)
        self._rule = _rule(settings.required)

    @property
    def is_on(self) -> bool:
        """Whether anybody must have one at all."""
        return self._rule is not None or bool(self._groups)

    def concerns(self, user: Any) -> bool:
        """Whether this account must have one."""
        if self._rule is not None and self._rule(user):
            return True
        return bool(self._groups) and not self._groups.isdisjoint(rights_of(user).groups)


def _rule(given: Any) -> Callable[[Any], Any] | None:
    if given is None:
        return None
    if given == "everybody":
        return lambda user: True
    if given == "staff":
        return _is_staff
    rule = imported(_KEY, given)
    if not callable(rule):
        raise ConfigError(
            f"{_KEY} is {given!r}.", "Use 'staff', 'everybody', a function or its dotted path."
        )
    return rule  # type: ignore[no-any-return]


def _is_staff(user: Any) -> bool:
    return bool(getattr(user, "is_staff", False) or getattr(user, "is_superuser", False))


def imported(key: str, given: Any) -> Any:
    """What a dotted path names, or the thing itself.

    :param key: the setting, for the message.
    :raises ConfigError: it names nothing.
    """
    if not isinstance(given, str):
        return given
    try:
        return import_string(given.replace(":", "."))
    except ImportError as error:
        raise ConfigError(
            f"{key} names {given!r}, which cannot be imported: {error}", "Give module.function."
        ) from error
