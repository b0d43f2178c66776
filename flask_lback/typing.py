"""Public aliases and protocols, for annotations in applications."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeAlias, runtime_checkable

from flask.typing import ResponseReturnValue
from flask.wrappers import Request, Response

#: A view, or anything that Flask accepts as one.
ViewFunction: TypeAlias = Callable[..., ResponseReturnValue]
#: What calls the next layer of the middleware chain.
GetResponse: TypeAlias = Callable[[Request], Response]
#: What a permission decorator takes: a name, several (all of them), a function of the request.
PermissionSpec: TypeAlias = "str | Iterable[str] | Callable[[Any], str | Iterable[str]]"


@runtime_checkable
class Account(Protocol):
    """What Lback asks of any user object, an anonymous one included."""

    @property
    def is_authenticated(self) -> bool: ...
    @property
    def is_active(self) -> bool: ...
    @property
    def is_superuser(self) -> bool: ...
    def has_permission(self, name: str) -> bool: ...
