"""Record which models the panel shows. Nothing is built, and nothing is shared by applications.

``register`` leaves its declarations on the module that calls it, as a Blueprint would; each
application takes those of its ``INSTALLED_APPS``. ``lback.admin.register`` leaves them on the
``Lback`` object.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from ..exceptions import ConfigError
from .options import ModelAdmin
from .overview.widgets import W, Widget, declare

if TYPE_CHECKING:
    from .sites import Site

A = TypeVar("A", bound=type[ModelAdmin])

#: Where a module keeps what was declared in it.
ATTRIBUTE = "__lback_admin__"


@dataclass
class Declaration:
    """One model, and what is shown of it.

    :ivar where: the module that declared it, for error messages.
    """

    model: type[Any]
    admin_class: type[ModelAdmin]
    where: str


class Decorator(Protocol):
    """What ``register`` gives: a decorator for a ModelAdmin class."""

    def __call__(self, admin_class: A, /) -> A: ...


def register(*classes: type[Any]) -> Decorator:
    """Show models in the panel: ``register(Post, PostAdmin)``, ``@register(Post)``, or plain.

    :param classes: one or more models, and a :class:`ModelAdmin` class when it is no decorator.
    :raises ConfigError: something else was given.
    """
    frame = sys._getframe(1)
    kept = frame.f_globals.setdefault(ATTRIBUTE, [])
    return _record(classes, kept.append, str(frame.f_globals.get("__name__")))


class _DjangoSite:
    """``admin.site``, for those who write ``admin.site.register(Post, PostAdmin)``."""

    register = staticmethod(register)


site = _DjangoSite()


class Registrations:
    """What was declared on a ``Lback`` object."""

    def __init__(self) -> None:
        self.declarations: list[Declaration] = []
        self.widgets: list[Widget] = []
        self._sites: weakref.WeakSet[Site] = weakref.WeakSet()

    def register(self, *classes: type[Any]) -> Decorator:
        """As :func:`register`, for the applications of this ``Lback``.

        An application that is set up already gets the model at once; then the class is given
        in the call, since a decorator would come too late.
        """
        module = str(sys._getframe(1).f_globals.get("__name__"))
        return _record(classes, self._keep, module)

    def widget(
        self,
        title: str,
        *,
        permission: str | Sequence[str] | None,
        cache_for: float = 0,
        per_user: bool = False,
    ) -> Callable[[W], W]:
        """As :func:`.overview.widgets.widget`, for the applications of this ``Lback``.

        Those that are set up already show it too.
        """
        where = str(sys._getframe(1).f_globals.get("__name__"))
        return declare(self._keep_widget, where, title, permission, cache_for, per_user)

    def attach(self, site: Site) -> None:
        """Tell this site what is declared from now on."""
        self._sites.add(site)

    def _keep_widget(self, widget: Widget) -> None:
        for site in self._sites:
            site.board.add([widget])
        self.widgets.append(widget)

    def _keep(self, declaration: Declaration) -> None:
        for site in self._sites:
            site.add(declaration)
        self.declarations.append(declaration)


def _record(
    classes: tuple[type[Any], ...], keep: Callable[[Declaration], None], where: str
) -> Decorator:
    models: list[Any] = list(classes)
    admin_class = ModelAdmin
    if models and isinstance(models[-1], type) and issubclass(models[-1], ModelAdmin):
        admin_class = models.pop()
    wrong = [one for one in models if not hasattr(one, "__mapper__")]
    if not models or wrong:
        shown = repr(wrong[0]) if wrong else "nothing"
        raise ConfigError(
            f"admin.register in {where} was given {shown}, which is no mapped model.",
            "Give the model class, then the ModelAdmin class.",
        )
    recorded = [Declaration(model, admin_class, where) for model in models]
    for declaration in recorded:
        keep(declaration)

    def decorate(admin_class: A, /) -> A:
        for declaration in recorded:
            declaration.admin_class = admin_class
        return admin_class

    return decorate
