"""What a constructor asks for by name or by type it is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask

from flask_lback import ConfigError
from flask_lback.core.injection import Providers
from flask_lback.core.settings import CoreSettings
from flask_lback.core.state import State

if TYPE_CHECKING:
    from nowhere import Missing  # type: ignore[import-not-found]


@pytest.fixture
def app() -> Flask:
    return Flask("shop")


@pytest.fixture
def providers(app: Flask) -> Providers:
    state = State()
    state.add(CoreSettings(site_name="Tea"))
    return Providers(app, state)


class Asks:
    def __init__(
        self,
        given: str,
        app: Flask,
        settings: CoreSettings,
        logger: Any,
        state: State,
        extra: int = 5,
    ) -> None:
        self.values = (given, app, settings.site_name, logger, state, extra)


def test_names_types_and_defaults_fill_a_constructor(app: Flask, providers: Providers) -> None:
    made = providers.build(Asks, {}, "first")
    given, got_app, name, logger, state, extra = made.values
    assert (given, name, extra) == ("first", "Tea", 5)
    assert got_app is app
    assert logger is app.logger
    assert state[CoreSettings].site_name == "Tea"


def test_params_win_over_providers_and_defaults(providers: Providers) -> None:
    made = providers.build(Asks, {"logger": None, "extra": 6}, "first")
    assert made.values[3] is None
    assert made.values[5] == 6


def test_a_provider_may_be_added(providers: Providers) -> None:
    providers.provide("tea", lambda: "green")
    assert providers.build(lambda tea: tea, {}) == "green"


def test_open_ended_parameters_are_left_alone(providers: Providers) -> None:
    assert providers.build(lambda *args, **kwargs: (args, kwargs), {}) == ((), {})


def test_an_annotation_that_cannot_be_read_is_no_source(providers: Providers) -> None:
    def asks(thing: Missing) -> None: ...

    with pytest.raises(ConfigError, match="Nothing provides the parameter 'thing' of "):
        providers.build(asks, {})


def test_a_type_that_nobody_has_is_no_source(providers: Providers) -> None:
    def asks(thing: int) -> None: ...

    with pytest.raises(ConfigError, match="Nothing provides the parameter 'thing' of "):
        providers.build(asks, {})
