"""Fixtures that every test may ask for; each is documented where it is defined."""

import gc

pytest_plugins = [
    "tests.support.browser",
    "tests.support.databases",
    "tests.support.server",
    "tests.support.smtp",
    "tests.support.apps",
    "tests.support.templates",
    "tests.support.races",
]


def pytest_configure() -> None:
    """Look for garbage seldom: what the tests have imported and mapped is none, and is a lot."""
    gc.set_threshold(50_000, 50, 50)
