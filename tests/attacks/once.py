"""A plugin of pytest: once a test of a case is red, its others are left out."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.attacks.cases import case_of

RED = pytest.StashKey[set[str]]()


def pytest_configure(config: pytest.Config) -> None:
    """Nothing is red yet."""
    config.stash[RED] = set()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave a test out that would show nothing new."""
    if case_of(item.name) in item.config.stash[RED]:
        pytest.skip("its case is red already")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember the case of a test that failed."""
    report = yield
    case = case_of(item.name)
    if case is not None and report.when == "call" and report.failed:
        item.config.stash[RED].add(case)
    return report
