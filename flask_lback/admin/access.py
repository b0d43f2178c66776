"""Who may see which page of the panel: nobody, unless a rule here says so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from flask import Flask, request
from flask_admin.base import BaseView

from ..auth.current import resolve
from ..auth.denials import refuse_anonymous, refuse_forbidden
from ..auth.freshness import personal_login
from ..auth.rights import rights_of
from ..exceptions import ConfigError
from .grants import watched
from .history.denied import noted
from .history.recording import recorded

#: Methods that change nothing.
_SAFE = ("GET", "HEAD", "OPTIONS")
#: What every endpoint of the panel starts with.
PREFIX = "lback_admin"


class Guarded(BaseView):
    """A view of the panel whose every handler is behind a rule.

    Flask-Admin calls :meth:`_handle_view` before each handler, and open access is its default.
    """

    #: Handlers by name, and the permissions of which one is enough; none: any staff account.
    #: ``None`` in place of them means that :meth:`needed` decides by the request.
    HANDLERS: ClassVar[Mapping[str, tuple[str, ...] | None]] = {}

    def needed(self, handler: str) -> tuple[str, ...] | None:
        """The permissions of which one opens a handler; None refuses everybody."""
        return self.HANDLERS.get(handler)

    def is_accessible(self) -> bool:
        """Whether the present account may see the first page of this view."""
        user = resolve()
        needed = self.needed(str(type(self)._default_view))
        return is_staff(user) and needed is not None and _holds(user, needed)

    @noted
    def _handle_view(self, name: str, **kwargs: Any) -> Any:
        """Let the handler run, or give the answer of those who may not.

        :raises Problem: 403, and 401 for JSON.
        """
        user = resolve()
        if not user.is_authenticated:
            return refuse_anonymous()
        if not is_staff(user):
            refuse_forbidden()
        personal_login()  # a narrowed token would have all of its owner's rights here
        needed = self.needed(name)
        if needed is None:
            refuse_forbidden()
        if not _holds(user, needed):
            refuse_forbidden(needed[0])
        return None

    @noted
    def _run_view(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        """Run the handler once; Flask-Admin would run it again after a TypeError.

        While it runs, nothing that the session writes may raise anybody's rights, and what it
        writes is recorded.
        """
        if request.method in _SAFE:
            return fn(self, *args, **kwargs)
        with watched(resolve()), recorded(resolve()):
            return fn(self, *args, **kwargs)


def is_staff(user: Any) -> bool:
    """Whether an account may enter the panel at all."""
    if not user.is_authenticated or not user.is_active:
        return False
    return getattr(user, "is_staff", False) is True or is_superuser(user)


def is_superuser(user: Any) -> bool:
    """Whether an account passes every check, by its flag or its group."""
    if not user.is_authenticated:
        return False
    return bool(getattr(rights_of(user), "is_superuser", False))


def check_handlers(views: Iterable[Any]) -> None:
    """Refuse a view with a handler that no rule covers.

    :raises ConfigError: names the view and the handler.
    """
    for view in views:
        if not isinstance(view, Guarded):
            raise ConfigError(
                f"{type(view).__name__} is no guarded view, so anybody could open it.",
                "Derive it from flask_lback.admin.access.Guarded, and fill in HANDLERS.",
            )
        addresses: Any = type(view)._urls
        for _, handler, _ in addresses:
            if handler not in view.HANDLERS:
                raise ConfigError(
                    f"{type(view).__name__}.{handler} has an address but no permission.",
                    "Name it in HANDLERS of its class.",
                )


def check_addresses(app: Flask, views: Iterable[Any]) -> None:
    """Refuse an address below the panel's endpoints that belongs to no guarded view.

    :raises ConfigError: names the address.
    """
    known = {f"{view.endpoint}.{handler}" for view in views for _, handler, _ in type(view)._urls}
    for rule in app.url_map.iter_rules():
        if rule.endpoint.split(".")[0].startswith(PREFIX) and rule.endpoint not in known:
            raise ConfigError(
                f"{rule.rule} belongs to the admin panel and is behind no permission.",
                "Add it as a handler of a guarded view.",
            )


def _holds(user: Any, needed: tuple[str, ...]) -> bool:
    return not needed or rights_of(user).has_any(needed)
