"""Checking passwords outside the account pages, under the names of Django's module.

Every function but :func:`get_password_validators` with a list of its own asks the application that
handles the request or the command.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..core.state import current_state
from .passwords.policy import PasswordPolicy, complaints_of, make_validators, tell
from .passwords.validators import (
    BreachedPasswordValidator,
    CommonPasswordValidator,
    MaximumLengthValidator,
    MinimumLengthValidator,
    NumericPasswordValidator,
    OwnNamesValidator,
    PasswordRefusedError,
    UserAttributeSimilarityValidator,
    Validator,
)
from .settings import PasswordSettings

__all__ = [
    "BreachedPasswordValidator",
    "CommonPasswordValidator",
    "MaximumLengthValidator",
    "MinimumLengthValidator",
    "NumericPasswordValidator",
    "OwnNamesValidator",
    "PasswordRefusedError",
    "UserAttributeSimilarityValidator",
    "Validator",
    "get_default_password_validators",
    "get_password_validators",
    "password_changed",
    "password_validators_help_texts",
    "validate_password",
]


def validate_password(
    password: str, user: Any = None, password_validators: Iterable[Validator] | None = None
) -> None:
    """Check a new password.

    :param user: its owner, or any object with the owner's fields.
    :param password_validators: ask these instead of the application's.
    :raises PasswordRefusedError: with every message.
    """
    if password_validators is None:
        found = current_state()[PasswordPolicy].complaints(password, user)
    else:
        found = complaints_of(password_validators, password, user)
    if found:
        raise PasswordRefusedError(found)


def password_changed(
    password: str, user: Any = None, password_validators: Iterable[Validator] | None = None
) -> None:
    """Tell the validators that have ``password_changed`` of a new password."""
    tell(_or_default(password_validators), password, user)


def password_validators_help_texts(
    password_validators: Iterable[Validator] | None = None,
) -> list[str]:
    """What the validators ask for, in the words of each."""
    return [str(one.get_help_text()) for one in _or_default(password_validators)]


def get_default_password_validators() -> list[Validator]:
    """The validators of the application."""
    return list(current_state()[PasswordPolicy].validators)


def get_password_validators(validator_config: Iterable[Any] | None = None) -> list[Validator]:
    """Validators made from a list as in ``LBACK_AUTH_PASSWORD_VALIDATORS``.

    :param validator_config: the application's own list when left out.
    :raises ConfigError: one of them cannot be made.
    """
    if validator_config is None:
        return get_default_password_validators()
    return make_validators(validator_config, current_state()[PasswordSettings])


def _or_default(given: Iterable[Validator] | None) -> Iterable[Validator]:
    return get_default_password_validators() if given is None else given
