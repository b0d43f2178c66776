"""The list of features names tests that exist, and says of each feature how far it is."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass

import pytest

from tests.support.services import ROOT

PAGE = ROOT / "docs" / "reference" / "features.md"
STATES = ("first line", "whole")


@dataclass(frozen=True)
class Row:
    """One feature as the page lists it."""

    id: str
    what: str
    tests: tuple[str, ...]
    state: str


def rows() -> list[Row]:
    lines = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| ")][1:]
    found = []
    for line in lines:
        id_, _, what, tests, state = (cell.strip() for cell in line.strip("|").split("|"))
        found.append(Row(id_, what, tuple(re.findall(r"`([^`]+)`", tests)), state))
    return found


@pytest.fixture(scope="module")
def collected() -> set[str]:
    """What pytest finds in the files that the page names, with and without parameters."""
    files = sorted({test.partition("::")[0] for row in rows() for test in row.tests})
    result = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "--collect-only", "-q", "--no-header"),
            *("-p", "no:cacheprovider", *files),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    names = {line for line in result.stdout.splitlines() if "::" in line}
    return names | {name.partition("[")[0] for name in names}


def test_every_test_that_is_named_exists(collected: set[str]) -> None:
    assert len(collected) > 20
    missing = {row.id: test for row in rows() for test in row.tests if test not in collected}
    assert missing == {}


def test_every_feature_has_a_test_and_a_state() -> None:
    every = rows()
    assert len({row.id for row in every}) == len(every) > 20
    assert [row.id for row in every if not re.fullmatch(r"[LDFB]\d+[a-c]?", row.id)] == []
    assert [row.id for row in every if not row.tests or not row.what] == []
    assert [row.id for row in every if row.state not in STATES] == []
