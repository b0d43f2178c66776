"""The features there are, in the order they are set up: the only place that knows them all."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable

from .core.feature import Feature
from .exceptions import ConfigError, UnknownNameError

#: Name of each feature's folder, and its class in ``<folder>/feature.py``.
FEATURES: dict[str, str] = {
    "db": "DatabaseFeature",
    "tasks": "TasksFeature",
    "limits": "LimitsFeature",
    "security": "SecurityFeature",
    "mail": "MailFeature",
    "auth": "AuthFeature",
    "permissions": "PermissionsFeature",
    "api": "ApiFeature",
    "admin": "AdminFeature",
}

#: What ``Lback(app)`` switches on.
DEFAULT_FEATURES: tuple[str, ...] = tuple(FEATURES)


def load(names: Iterable[str | Feature]) -> list[Feature]:
    """Import and make the features that are asked for, in the order they are set up.

    An application's own features, given as objects, come last.

    :raises UnknownNameError: there is no feature of that name.
    :raises ConfigError: one needs another that is off, or is no feature at all.
    """
    wanted = list(names)
    for value in wanted:
        if not isinstance(value, str | Feature):
            raise ConfigError(
                f"{value!r} is neither the name of a feature nor a feature.",
                "Give a name, or an object such as MyFeature().",
            )
    words = [name for name in wanted if isinstance(name, str)]
    for word in words:
        if word not in FEATURES:
            near = difflib.get_close_matches(word, FEATURES, n=1)
            raise UnknownNameError(
                f"There is no feature {word!r}.",
                f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(FEATURES)}.",
            )
    features = [_make(name) for name in FEATURES if name in words]
    features += [feature for feature in wanted if isinstance(feature, Feature)]
    present = {feature.name for feature in features}
    for feature in features:
        if missing := [name for name in feature.requires if name not in present]:
            raise ConfigError(
                f"The feature {feature.name!r} needs {missing[0]!r}.",
                f"Add {missing[0]!r} to Lback(features=...), or leave {feature.name!r} out.",
            )
    return features


def settings_module(name: str) -> str:
    """The module of a feature's settings: plain data, read for disabled features too."""
    return f"{__package__}.{name}.settings"


def _make(name: str) -> Feature:
    module = importlib.import_module(f"{__package__}.{name}.feature")
    feature: Feature = getattr(module, FEATURES[name])()
    return feature
