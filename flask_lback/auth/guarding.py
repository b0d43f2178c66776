"""What decorators of views have in common: functions, ``async`` ones, and classes."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from flask.typing import ResponseReturnValue

from ..core.views import caller_of

V = TypeVar("V", bound=Callable[..., Any])


class Guard:
    """Stands before a view and says who may pass; an instance is the decorator."""

    def check(self, view_name: str) -> ResponseReturnValue | None:
        """None when the request may go on, otherwise the answer."""
        raise NotImplementedError

    def __call__(self, view: V) -> V:
        """Decorate a view, or a class with ``dispatch_request``."""
        if inspect.isclass(view):
            self._guard(view)
            return view
        run, name = caller_of(view), getattr(view, "__name__", type(view).__name__)

        @functools.wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            refusal = self.check(name)
            if refusal is not None:
                return refusal
            return run(*args, **kwargs)

        return guarded  # type: ignore[return-value]

    def _guard(self, kind: Any) -> None:
        """Guard a class, and what its subclasses put in place of the guarded method."""
        kind.dispatch_request = self(kind.dispatch_request)
        own = vars(kind).get("__init_subclass__")

        def follow(cls: type[Any], /, **options: Any) -> None:
            if own is not None:
                own.__get__(None, cls)(**options)
            else:
                super(kind, cls).__init_subclass__(**options)
            if "dispatch_request" in vars(cls):
                cls.dispatch_request = self(cls.dispatch_request)

        kind.__init_subclass__ = classmethod(follow)
