"""What a new password must be: possible at all, and good to every validator (ASVS 6.2)."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ...core.settings import imported
from ...core.translation import gettext
from ...exceptions import ConfigError
from ..settings import PasswordSettings
from . import validators as shipped
from .validators import (
    BreachedPasswordValidator,
    CommonPasswordValidator,
    MinimumLengthValidator,
    OwnNamesValidator,
    PasswordRefusedError,
    Validator,
)

_DJANGO = "django.contrib.auth.password_validation."


class PasswordPolicy:
    """The rules for new passwords; by default there are none about kinds of characters.

    :ivar validators: in the order in which they are asked.
    :raises ConfigError: a validator cannot be made.
    """

    def __init__(self, settings: PasswordSettings) -> None:
        self._settings = settings
        self.validators: tuple[Validator, ...] = tuple(_chosen(settings))

    def complaints(self, password: str, user: Any = None) -> list[str]:
        """What is wrong with a password, for the person; empty when it is good.

        :param user: its owner, or any object with the owner's fields.
        """
        most = self._settings.max_length
        if len(password) > most:
            return [gettext("Use at most %(n)s characters.", n=most)]
        if "\x00" in password or not _is_text(password):
            return [gettext("A password cannot hold this character.")]
        return complaints_of(self.validators, password, user)

    def help_texts(self) -> list[str]:
        """What the validators ask for, in the words of each."""
        return [text for one in self.validators if (text := str(one.get_help_text()))]

    def password_changed(self, password: str, user: Any = None) -> None:
        """Tell the validators that want to know of a new password, before the commit."""
        tell(self.validators, password, user)


def complaints_of(validators: Iterable[Validator], password: str, user: Any = None) -> list[str]:
    """The messages of those validators that refuse a password, each once."""
    found: list[str] = []
    for validator in validators:
        if found and isinstance(validator, BreachedPasswordValidator):
            continue  # it is refused already: nobody else need hear of it
        try:
            validator.validate(password, user)
        except PasswordRefusedError as error:
            found += error.messages
        except ValueError as error:
            found.append(str(error) or gettext("Choose another password."))
    return list(dict.fromkeys(found))


def tell(validators: Iterable[Validator], password: str, user: Any = None) -> None:
    """Call ``password_changed`` of those validators that have it."""
    for validator in validators:
        if changed := getattr(validator, "password_changed", None):
            changed(password, user)


def make_validators(given: Iterable[Any], settings: PasswordSettings) -> list[Validator]:
    """Validators of classes, dotted paths, dicts of ``NAME`` and ``OPTIONS``, or ready objects.

    Django's own are taken for ours of the same name.

    :raises ConfigError: one cannot be imported or made, or is no validator.
    """
    return [_made(one, settings) for one in given]


def _chosen(settings: PasswordSettings) -> Iterator[Validator]:
    given = _usual(settings) if settings.validators is None else settings.validators
    made = make_validators(given, settings)
    yield from made
    asked = any(isinstance(one, BreachedPasswordValidator) for one in made)
    if settings.breach_lookup is not None and not asked:
        yield _made(BreachedPasswordValidator, settings)


def _usual(settings: PasswordSettings) -> Iterator[Any]:
    yield MinimumLengthValidator(settings.min_length)
    if settings.refuse_common:
        yield CommonPasswordValidator
    if settings.refuse_similar:
        yield OwnNamesValidator


def _made(given: Any, settings: PasswordSettings) -> Validator:
    name, options = given, {}
    if isinstance(given, Mapping):
        if not {"NAME"} <= set(given) <= {"NAME", "OPTIONS"}:
            raise ConfigError(f"A password validator is {dict(given)!r}.", _HINT)
        name, options = given["NAME"], dict(given.get("OPTIONS") or {})
    try:
        kind = _imported(name) if isinstance(name, str) else name
        if inspect.isclass(kind):
            if issubclass(kind, BreachedPasswordValidator):
                options = {"lookup": settings.breach_lookup, **options}
            kind = kind(**options)
    except (ImportError, TypeError, ValueError, OSError) as error:
        raise ConfigError(f"The password validator {name!r} cannot be made: {error}.", _HINT) from (
            error
        )
    for method in ("validate", "get_help_text"):
        if not callable(getattr(kind, method, None)):
            raise ConfigError(f"The password validator {name!r} has no {method}().", _HINT)
    made: Validator = kind
    return made


_HINT = 'Give a class, its dotted path, or {"NAME": path, "OPTIONS": {…}}.'


def _imported(path: str) -> Any:
    if path.startswith(_DJANGO):
        name = path.removeprefix(_DJANGO)
        if not hasattr(shipped, name):
            raise ImportError("there is no such validator here")
        return getattr(shipped, name)
    return imported(f"The password validator {path!r}", path, _HINT)


def _is_text(password: str) -> bool:
    try:
        password.encode()
    except UnicodeEncodeError:  # half of a character, which JSON can hold
        return False
    return True
