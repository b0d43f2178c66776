"""Fixtures that every test may ask for; each is documented where it is defined."""

pytest_plugins = [
    "tests.support.browser",
    "tests.support.databases",
    "tests.support.server",
    "tests.support.smtp",
    "tests.support.apps",
    "tests.support.templates",
    "tests.support.races",
]
