"""Typed settings: one frozen dataclass per feature declares key, type, default and meaning.

The field ``min_length`` of a class with ``prefix = "LBACK_AUTH_PASSWORD_"`` is the key
``LBACK_AUTH_PASSWORD_MIN_LENGTH`` of ``app.config``.
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
import re
import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass
from typing import Any, ClassVar, TypeVar

from werkzeug.utils import import_string

from ..exceptions import ConfigError


class Settings:
    """Base of every feature's settings."""

    #: What the keys in ``app.config`` start with.
    prefix: ClassVar[str]


S = TypeVar("S", bound=Settings)


def setting(
    default: Any,
    doc: str,
    *,
    choices: Iterable[Any] = (),
    minimum: int | None = None,
    pattern: str | None = None,
    aliases: Iterable[str] = (),
    secret: bool = False,
) -> Any:
    """Declare one setting.

    :param default: its value when the application says nothing.
    :param doc: what it does, with its unit, for the reference page.
    :param choices: the only values allowed.
    :param minimum: the smallest number allowed.
    :param pattern: a regular expression that the whole of a text must match.
    :param aliases: other keys of ``app.config`` that are read when its own is not there.
    :param secret: never shown.
    """
    metadata = {
        "doc": doc,
        "choices": tuple(choices),
        "minimum": minimum,
        "pattern": pattern,
        "aliases": tuple(aliases),
        "secret": secret,
    }
    if isinstance(default, Mapping):
        return dataclasses.field(default_factory=lambda: dict(default), metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Declaration:
    """One setting as the reference page and the checks see it."""

    key: str
    field: str
    type: Any
    default: Any
    doc: str
    choices: tuple[Any, ...]
    minimum: int | None
    pattern: str | None
    aliases: tuple[str, ...]
    secret: bool


def declarations(kind: type[Settings]) -> tuple[Declaration, ...]:
    """Every setting that a class declares, in the order of its fields."""
    return _declarations(kind)  # type: ignore[arg-type]


@functools.cache
def _declarations(kind: Any) -> tuple[Declaration, ...]:
    hints = typing.get_type_hints(kind)
    found = []
    for field in dataclasses.fields(kind):
        factory = field.default_factory
        default = field.default if factory is MISSING else factory()
        key = kind.prefix + field.name.upper()
        found.append(Declaration(key, field.name, hints[field.name], default, **field.metadata))
    return tuple(found)


def read(kind: type[S], config: Mapping[str, Any]) -> S:
    """Read one class of settings from ``app.config``.

    :raises ConfigError: a value has the wrong type, or is not among those allowed.
    """
    values = {}
    for declared in declarations(kind):
        for key in (declared.key, *declared.aliases):
            if key in config and (key == declared.key or config[key] is not None):
                values[declared.field] = _checked(declared, key, config[key])
                break
    return kind(**values)


def imported(what: str, path: str, hint: str) -> Any:
    """What a dotted path in a setting stands for.

    :param path: ``package.module.Name`` or ``package.module:Name``.
    :param what: who names it, for the message: it goes before "cannot be imported".
    :param hint: the remedy.
    :raises ConfigError: there is none, with the reason in one line.
    """
    try:
        return import_string(path.replace(":", "."))
    except ImportError as error:
        reason = str(getattr(error, "exception", error)).partition("\n")[0].rstrip(".")
        raise ConfigError(f"{what} cannot be imported: {reason}.", hint) from error


def refuse_unknown(config: Mapping[str, Any], known: Iterable[str]) -> None:
    """Refuse a key that starts with ``LBACK_`` and that nothing reads.

    :raises ConfigError: names the key and the nearest one that exists.
    """
    keys = sorted(known)
    for key in sorted(name for name in config if name.startswith("LBACK_")):
        if key not in keys:
            near = difflib.get_close_matches(key, keys, n=1, cutoff=0.6)
            hint = f"Did you mean {near[0]}?" if near else "See the reference of settings."
            raise ConfigError(f"Unknown setting {key}.", hint)


def _checked(declared: Declaration, key: str, value: Any) -> Any:
    if isinstance(value, list):
        value = tuple(value)
    if not _fits(value, declared.type):
        shown = "a secret value" if declared.secret else f"{value!r} ({type(value).__name__})"
        raise ConfigError(
            f"{key} is {shown}, but must be {describe(declared.type)}.",
            f"The default is {declared.default!r}.",
        )
    if declared.choices and value not in declared.choices:
        allowed = ", ".join(repr(choice) for choice in declared.choices)
        raise ConfigError(f"{key} is {value!r}.", f"Use one of {allowed}.")
    if declared.minimum is not None and value is not None and value < declared.minimum:
        raise ConfigError(f"{key} is {value!r}.", f"Use {declared.minimum} or more.")
    if declared.pattern and value is not None and not re.fullmatch(declared.pattern, value):
        example = f"The default is {declared.default!r}." if declared.default else declared.doc
        raise ConfigError(f"{key} is {value!r}.", example)
    return value


def _fits(value: Any, wanted: Any) -> bool:
    origin, args = typing.get_origin(wanted), typing.get_args(wanted)
    if wanted is Any:
        return True
    if origin in (types.UnionType, typing.Union):
        return any(_fits(value, one) for one in args)
    if origin is tuple:
        return isinstance(value, tuple) and all(_fits(item, args[0]) for item in value)
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        return isinstance(value, Mapping) and all(
            _fits(name, args[0]) and _fits(item, args[1]) for name, item in value.items()
        )
    if isinstance(value, bool) and wanted in (int, float):
        return False
    if wanted is float:
        return isinstance(value, int | float)
    return isinstance(value, wanted)


def describe(wanted: Any) -> str:
    """A type in words: ``bool``, ``str or None``, ``list of str``."""
    origin, args = typing.get_origin(wanted), typing.get_args(wanted)
    if origin in (types.UnionType, typing.Union):
        return " or ".join(describe(one) for one in args)
    if origin is tuple:
        return f"list of {describe(args[0])}"
    if args:
        return f"mapping of {describe(args[0])} to {describe(args[1])}"
    if wanted is types.NoneType:
        return "None"
    return "anything" if wanted is Any else str(getattr(wanted, "__name__", wanted))


@dataclass(frozen=True)
class CoreSettings(Settings):
    """Settings that belong to no single feature."""

    prefix: ClassVar[str] = "LBACK_"

    site_name: str | None = setting(
        None, "The name of the site in pages and mails. The application's name when unset."
    )
    site_url: str | None = setting(
        None,
        "Scheme and host that mailed links are built from, such as `https://example.org`. "
        "Without it `SERVER_NAME` is used, and without that a loopback host only.",
        pattern=r"https?://[^\s/?#@]+(/[^\s?#]*)?",
    )
    url_prefix: str = setting("", "Put before every address of Lback's own pages.")
    env: str | None = setting(
        None,
        "What this installation is. Unset: the environment variable of the same name; then "
        "`local` in debug, under TESTING and under the `flask` command, `production` otherwise.",
        choices=(None, "local", "development", "staging", "production"),
    )
    middleware: tuple[Any, ...] | None = setting(
        None, "The middleware list, top-down for the request. Unset: the default list."
    )
    silenced_checks: tuple[str, ...] = setting((), "Ids of findings that `check` leaves out.")
    cli_seed_demo: str | None = setting(
        None, "The function that `seed-demo` calls, as `package.module:function`."
    )
