"""What a feature is, and what the extension and the features tell each other while setting up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from flask import Flask

from .checks import Check
from .settings import Settings
from .state import State

if TYPE_CHECKING:
    from collections.abc import Sequence

S = TypeVar("S", bound=Settings)


@dataclass
class Plan:
    """One ``init_app`` while nothing of the application has been touched.

    :ivar app: the application, to be read only.
    :ivar state: collects what ``install`` will need; becomes the application's state.
    :ivar declared: what was recorded on the ``Lback`` object before (permissions, groups).
    :ivar db: the Flask-SQLAlchemy object that was given, if any.
    :ivar user_model: the user class that was given, if any.
    :ivar adopt: True or False when the application said whether it is foreign, else None.
    """

    app: Flask
    declared: State
    db: Any = None
    user_model: type[Any] | None = None
    adopt: bool | None = None
    state: State = field(default_factory=State)

    def settings(self, kind: type[S]) -> S:
        """The settings of that class, validated."""
        return self.state[kind]


class Feature:
    """A part of Lback that can be switched off.

    A subclass says what it brings; :meth:`plan` may refuse, and touches nothing;
    :meth:`install` changes the application, and does not fail for a reason that could have
    been known before.
    """

    #: The folder of the feature and its word in settings.
    name: ClassVar[str]
    #: Features that must be on as well.
    requires: ClassVar[tuple[str, ...]] = ()
    #: Classes of settings it reads.
    settings: ClassVar[tuple[type[Settings], ...]] = ()
    #: What `flask lback check` asks.
    checks: ClassVar[Sequence[Check]] = ()
    #: Middleware classes that the default list may name; unused positions cost nothing. They are
    #: made when every feature has planned, so what they ask for is provided in :meth:`plan`.
    middleware: ClassVar[Sequence[type[Any]]] = ()
    #: A class whose attributes ``flask.request`` gains; the application's own ones win.
    request_mixin: ClassVar[type[Any] | None] = None

    def plan(self, plan: Plan) -> None:
        """Check what is needed and prepare it.

        :raises ConfigError: something is wrong; the application stays as it was.
        """

    def install(self, app: Flask, state: State) -> None:
        """Change the application."""

    def verify(self, app: Flask, state: State) -> None:
        """Look at the complete application, once, before it answers its first request.

        For what cannot be known earlier, such as pages that are mounted by hand.

        :raises ConfigError: something is wrong; no request is answered.
        """
