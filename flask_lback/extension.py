"""``Lback``: plan first (validate everything), then install (touch the application)."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Flask

from . import features as known
from .cli import lback as commands
from .core import errors, pages
from .core.checks import Checks, idle_settings
from .core.feature import Feature, Plan
from .core.injection import Providers
from .core.middleware import Chain
from .core.settings import CoreSettings, Settings, declarations, read, refuse_unknown
from .core.sources import environment
from .core.state import KEY, State
from .exceptions import ConfigError, NotInstalledError, UnknownNameError

if TYPE_CHECKING:
    from .admin.declarations import Registrations
    from .auth.models import Models
    from .permissions.registry import Permissions

#: Positions of the default middleware list, top-down; one whose feature is off is left out.
DEFAULT_MIDDLEWARE: tuple[str, ...] = (
    "SecurityHeaders",
    "Auth",
    "CSRF",
)

#: Where the blueprints are made that an application may mount by hand.
_BLUEPRINTS = {"auth": "auth.views", "api": "api.accounts.views"}


class Lback:
    """The extension.

    :param app: set this application up at once; otherwise call :meth:`init_app`.
    :param db: the application's Flask-SQLAlchemy object; found, or made, when left out.
    :param user_model: the application's user class; found, or made, when left out.
    :param features: names of features, and objects of an application's own.
    :param adopt: whether the application is foreign, with its own accounts; not available yet.
    :raises ConfigError: something is wrong; the application is left as it was.
    """

    def __init__(
        self,
        app: Flask | None = None,
        *,
        db: Any = None,
        user_model: type[Any] | None = None,
        features: Iterable[str | Feature] = known.DEFAULT_FEATURES,
        adopt: bool | None = None,
    ) -> None:
        self.db = db
        self._user_model = user_model
        self._features = (features,) if isinstance(features, str) else tuple(features)
        self._adopt = adopt
        self._declared = State()
        if app is not None:
            self.db = self.init_app(app).db

    def init_app(self, app: Flask, *, user_model: type[Any] | None = None) -> Plan:
        """Set an application up: check everything, then install every feature.

        :param user_model: as in the constructor, for this application.
        :raises ConfigError: something is wrong; the application is left as it was.
        """
        features, plan = self._plan(app, user_model or self._user_model)
        state = plan.state
        app.extensions[KEY] = state
        app.cli.add_command(commands)
        pages.install(app, state)
        errors.register_error_handlers(app, state)
        for feature in features:
            feature.install(app, state)
        _extend_requests(app, features)
        state[Chain].install()
        _verify_before_serving(app, features, state)
        return plan

    @property
    def models(self) -> Models:
        """The companion models (``Group``, ``Permission``, …) of this object's database.

        :raises NotInstalledError: a bare ``Lback()`` shared by applications has none.
        """
        if self.db is None:
            raise NotInstalledError(
                "This Lback has no database of its own, so it has no models.",
                "Make it with Lback(db=db), or use get_models() inside an application.",
            )
        from .auth.models import models_of

        return models_of(self.db.metadata)

    @property
    def permissions(self) -> Permissions:
        """Declare permissions and groups; grant, revoke and ask for rights."""
        from .permissions.registry import Permissions

        return self._declared.get(Permissions) or self._declared.add(Permissions())

    @property
    def admin(self) -> Registrations:
        """Declare what the admin panel shows: ``lback.admin.register(Post, PostAdmin)``."""
        from .admin.declarations import Registrations

        return self._declared.get(Registrations) or self._declared.add(Registrations())

    def blueprint(self, name: str) -> Blueprint:
        """A new blueprint, to mount by hand.

        :param name: ``auth`` for the account pages, ``api`` for their JSON routes, which belong
            below ``/api/auth``.
        :raises UnknownNameError: there is none of that name.
        """
        if name not in _BLUEPRINTS:
            words = " and ".join(map(repr, _BLUEPRINTS))
            raise UnknownNameError(
                f"There is no blueprint {name!r} to mount by hand.", f"There are {words}."
            )
        module = importlib.import_module(f"{__package__}.{_BLUEPRINTS[name]}")
        made: Blueprint = module.make_blueprint()
        return made

    def _plan(self, app: Flask, user_model: type[Any] | None) -> tuple[list[Feature], Plan]:
        if KEY in app.extensions:
            raise ConfigError(
                f"Lback is already set up for {app.name!r}.", "Call init_app once per application."
            )
        if getattr(app, "_got_first_request", False):
            raise ConfigError(
                f"{app.name!r} has already answered a request.",
                "Call Lback(app) where the application is made, before it serves.",
            )
        if self._adopt:
            raise ConfigError(
                "Lback(adopt=True) is not available in this version.",
                "Derive the user model from flask_lback.auth.AbstractUser, and leave adopt out.",
            )
        features = known.load(self._features)
        plan = Plan(app, self._declared, self.db, user_model, self._adopt)
        refuse_unknown(app.config, _every_key(features))
        plan.state.add(read(CoreSettings, app.config))
        for kind in _settings_of(features):
            plan.state.add(read(kind, app.config))
        environment(app)
        plan.state.add(Providers(app, plan.state))
        checks = plan.state.add(Checks())
        used = {*_keys_of([CoreSettings]), *_keys_of(_settings_of(features))}
        checks.add([idle_settings(set(_every_key([])) - used)])
        for feature in features:
            checks.add(feature.checks)
            feature.plan(plan)
        plan.state.add(_chain(app, features, plan.state))
        return features, plan


def _chain(app: Flask, features: list[Feature], state: State) -> Chain:
    """The middleware, every class of it made: one that cannot be made stops the start."""
    positions = {kind.__name__.removesuffix("Middleware"): kind for kind in _classes(features)}
    entries = state[CoreSettings].middleware
    if entries is None:
        entries = tuple(positions[name] for name in DEFAULT_MIDDLEWARE if name in positions)
    return Chain(app, entries, state[Providers])


def _verify_before_serving(app: Any, features: list[Feature], state: State) -> None:
    """Let every feature look at what the application has become, before its first answer."""
    former = app.full_dispatch_request

    def first(*args: Any) -> Any:
        for feature in features:
            feature.verify(app, state)
        if app.full_dispatch_request is first:
            app.full_dispatch_request = former
        return former(*args)

    app.full_dispatch_request = first


def _extend_requests(app: Flask, features: list[Feature]) -> None:
    """Give ``flask.request`` what the features bring; the application's own names win."""
    if mixins := tuple(one.request_mixin for one in features if one.request_mixin):
        app.request_class = type("Request", (app.request_class, *mixins), {})


def _classes(features: Iterable[Feature]) -> Iterator[type[Any]]:
    for feature in features:
        yield from feature.middleware


def _settings_of(features: Iterable[Feature]) -> Iterator[type[Settings]]:
    for feature in features:
        yield from feature.settings


def every_settings_class() -> Iterator[type[Settings]]:
    """The settings of every feature, disabled ones included."""
    yield CoreSettings
    for name in known.FEATURES:
        module_name = known.settings_module(name)
        if importlib.util.find_spec(module_name) is None:
            continue
        module = importlib.import_module(module_name)
        for _, kind in inspect.getmembers(module, inspect.isclass):
            is_own = kind.__module__.startswith(module_name.rpartition(".")[0] + ".")
            if issubclass(kind, Settings) and is_own:
                yield kind


def _every_key(features: Iterable[Feature]) -> Iterator[str]:
    return _keys_of((*every_settings_class(), *_settings_of(features)))


def _keys_of(kinds: Iterable[type[Settings]]) -> Iterator[str]:
    for kind in kinds:
        for declared in declarations(kind):
            yield declared.key
            yield from declared.aliases
