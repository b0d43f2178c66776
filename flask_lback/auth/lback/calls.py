"""Calls as Lback's managers take them: the database session first, then values by position."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import Session, scoped_session

from ...core.state import current_state
from ...exceptions import AuthenticationError

P = ParamSpec("P")
R = TypeVar("R")

#: What Lback calls the session.
_SESSIONS = ("session", "db_session")


def lback_call(*order: str, **renamed: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a method be called with a session first, as in Lback, besides its own way.

    A name and a password that open nothing give None then; an address that waits to be confirmed
    is an error, as it is there.

    :param order: the parameters of the method, in the order of Lback's.
    :param renamed: Lback's name of a parameter, and the method's.
    """

    def decorate(method: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(method)
        def run(self: Any, /, *args: Any, **kwargs: Any) -> R:
            found = _taken_out(args, kwargs)
            if found is None:
                return method(self, *args, **kwargs)
            values, kwargs = found
            if len(values) > len(order):
                raise TypeError(f"{method.__name__}() takes a session, {', '.join(order)}.")
            kwargs = {renamed.get(name, name): value for name, value in kwargs.items()}
            placed = dict(zip(order, values, strict=False))
            if twice := sorted(placed.keys() & kwargs.keys()):
                raise TypeError(f"{method.__name__}() got {twice[0]} twice.")
            try:
                return method(self, **placed, **kwargs)
            except AuthenticationError as error:
                if error.code == "email_not_verified":
                    raise
                return None  # type: ignore[return-value]

        return run  # type: ignore[return-value]

    return decorate


def refuse_other_session(given: Any) -> None:
    """Nothing is written through another session than the one that everything else goes through.

    :raises TypeError: it is not ``db.session``.
    """
    ours = current_state()[SQLAlchemy].session
    if given is not ours and given is not ours():
        raise TypeError("Give db.session, or leave the session out: managers use no other one.")


def _taken_out(
    args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
    """The arguments without the session, None when there is none among them."""
    if args and isinstance(args[0], Session | scoped_session):
        refuse_other_session(args[0])
        return args[1:], kwargs
    for name in _SESSIONS:
        if isinstance(kwargs.get(name), Session | scoped_session):
            refuse_other_session(kwargs[name])
            return args, {key: value for key, value in kwargs.items() if key != name}
    return None
