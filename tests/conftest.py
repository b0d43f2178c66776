"""Fixtures that every test may ask for; each is documented where it is defined."""

import gc

import pytest

pytest_plugins = [
    "tests.support.browser",
    "tests.support.databases",
    "tests.support.server",
    "tests.support.smtp",
    "tests.support.apps",
    "tests.support.routes",
    "tests.support.statements",
    "tests.support.templates",
    "tests.support.races",
]


def pytest_configure() -> None:
    """Look for garbage seldom: applications are a lot of it, and each test makes one."""
    gc.set_threshold(50_000, 20, 4)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that share a fixture of their module run in one process, which makes it once."""
    for item in items:
        if not isinstance(item, pytest.Function) or item.get_closest_marker("xdist_group"):
            continue
        fixtures = item._fixtureinfo.name2fixturedefs.values()
        if any(one.scope == "module" for found in fixtures for one in found):
            item.add_marker(pytest.mark.xdist_group(item.module.__name__))


def pytest_collection_finish() -> None:
    """What the tests have imported is no garbage, and is a lot to look through."""
    gc.collect()
    gc.freeze()
