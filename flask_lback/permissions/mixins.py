"""``PermissionRequiredMixin`` for class-based views, as in Django."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from flask import current_app, request

from ..auth.current import resolve
from ..auth.denials import refuse_anonymous, refuse_forbidden
from ..core.views import caller_of
from ..exceptions import ConfigError
from ..typing import PermissionSpec
from .decorators import PermissionRequired

#: Marks a method that asks before it runs.
_ASKS = "lback_asks"


def _declared(kind: type[Any]) -> Any:
    """What a class says; a function of the request must not become its method."""
    found = inspect.getattr_static(kind, "permission_required")
    return found.__func__ if isinstance(found, staticmethod) else found


def _asking(dispatch: Callable[..., Any]) -> Callable[..., Any]:
    run = caller_of(dispatch)

    @functools.wraps(dispatch)
    def asking(self: Any, *args: Any, **kwargs: Any) -> Any:
        refusal = self.refusal()
        return run(self, *args, **kwargs) if refusal is None else refusal

    setattr(asking, _ASKS, True)
    return asking


class PermissionRequiredMixin:
    """Let a class-based view run for accounts with a permission.

    Stands before Flask's class: ``class Page(PermissionRequiredMixin, MethodView)``.

    :cvar permission_required: as for :class:`PermissionRequired`; or such a specification for
        each HTTP method, where a method that is not named runs for nobody. HEAD is GET.
    """

    permission_required: ClassVar[PermissionSpec | Mapping[str, PermissionSpec] | None] = None

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "permission_required" in vars(cls) and (wanted := _declared(cls)) is not None:
            for spec in wanted.values() if isinstance(wanted, Mapping) else [wanted]:
                PermissionRequired(spec)  # refuses what names none
        if "dispatch_request" in vars(cls):
            cls.dispatch_request = _asking(cls.dispatch_request)  # type: ignore[method-assign]
        if not getattr(cls.dispatch_request, _ASKS, False):
            raise ConfigError(
                f"{cls.__name__} would run without asking for its permission.",
                f"Write PermissionRequiredMixin first: class {cls.__name__}"
                "(PermissionRequiredMixin, MethodView).",
            )

    @_asking
    def dispatch_request(self, **values: Any) -> Any:
        """Ask, and run the view."""
        return super().dispatch_request(**values)  # type: ignore[misc]

    def get_permission_required(self) -> PermissionSpec | None:
        """What this request needs; None refuses everybody."""
        wanted: Any = _declared(type(self))
        if not isinstance(wanted, Mapping):
            found: PermissionSpec | None = wanted
            return found
        method = "GET" if request.method == "HEAD" else request.method
        return wanted.get(method)

    def has_permission(self) -> bool:
        """Further conditions, beside the permission; yes by default."""
        return True

    def refusal(self) -> Any:
        """None when the present account may go on, otherwise the answer.

        :raises HTTPException: 403, or 401 for JSON.
        """
        wanted = self.get_permission_required()
        if wanted is None:
            if not resolve().is_authenticated:
                return refuse_anonymous()
            refuse_forbidden()
        refusal = PermissionRequired(wanted).check(request.endpoint or "")
        if refusal is None and current_app.ensure_sync(self.has_permission)() is not True:
            refuse_forbidden()
        return refusal
