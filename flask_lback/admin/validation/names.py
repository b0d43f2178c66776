"""What the checks of options share: find what a name stands for, and say what is wrong with it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

import sqlalchemy as sa

from ...exceptions import ConfigError
from ..attributes import Path, find, normalized
from ..base import BaseModelAdmin
from ..options import ModelAdmin
from ..secrets import is_secret_name


def readable(admin: BaseModelAdmin, option: str, name: str) -> None:
    """Accept a column, a relation, a property or a method, and no secret.

    :raises ConfigError: the name stands for nothing, or for a secret.
    """
    if name == "__str__" or (
        callable(getattr(admin, name, None)) and not hasattr(ModelAdmin, name)
    ):
        return
    path = find(admin.model, name)
    if path is not None:
        _refuse_secret(admin, option, name, path)
        return
    way, _, last = normalized(name).rpartition(".")
    step = find(admin.model, way) if way else None
    if way and (step is None or not step.is_relation):
        raise _missing(admin, option, name)
    owner = admin.model if step is None else step.target
    if not hasattr(owner, last):
        raise _missing(admin, option, name)
    if is_secret_name(last):
        raise _secret(admin, option, name)


def mapped(admin: BaseModelAdmin, option: str, name: str, *, secret: bool = False) -> Path:
    """The column or relation that a name stands for.

    :param secret: whether it may be one that holds a secret.
    :raises ConfigError: there is none, or it may not be shown.
    """
    path = find(admin.model, name)
    if path is None:
        raise _missing(admin, option, name)
    if not secret:
        _refuse_secret(admin, option, name, path)
    return path


def error(
    admin: BaseModelAdmin, option: str, what: str, known: Iterable[str], name: str
) -> ConfigError:
    """The error about an option, with the nearest of the known names."""
    near = difflib.get_close_matches(name, list(known), n=1)
    hint = f"Did you mean {near[0]!r}?" if near else "See the reference of ModelAdmin."
    return ConfigError(f"{place(admin, option)} {what}.", hint)


def place(admin: BaseModelAdmin, option: str) -> str:
    """How an option is named in an error."""
    return f"{type(admin).__name__}.{option}"


def _refuse_secret(admin: BaseModelAdmin, option: str, name: str, path: Path) -> None:
    if path.is_secret:
        raise _secret(admin, option, name)


def _secret(admin: BaseModelAdmin, option: str, name: str) -> ConfigError:
    return ConfigError(
        f"{place(admin, option)} names {name!r}, which holds a secret.",
        'Leave it out. A column that only sounds like one has info={"secret": False}.',
    )


def _missing(admin: BaseModelAdmin, option: str, name: str) -> ConfigError:
    known = list(sa.inspect(admin.model).attrs.keys())
    return error(
        admin, option, f"names {name!r}, which {admin.model.__name__} has not", known, name
    )
