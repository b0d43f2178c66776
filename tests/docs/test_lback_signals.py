"""The page of Lback's signals says what is true."""

from __future__ import annotations

import re

from flask_lback.signals import catalogue
from tests.support.services import ROOT

PAGE = ROOT / "docs" / "reference" / "lback-signals.md"
_ROW = re.compile(r"^\| `(\w+)` \| (.+) \|$", re.MULTILINE)


def rows() -> dict[str, str]:
    """What the page says of each name."""
    return dict(_ROW.findall(PAGE.read_text("utf-8")))


def test_each_name_of_these_sections_has_one_row() -> None:
    found = [name for name, _ in _ROW.findall(PAGE.read_text("utf-8"))]
    assert len(found) == len(set(found)) == 36 + 26 + 10 + 9


def test_the_same_name_is_there_exactly_where_the_page_says_so() -> None:
    here = {signal.name for signal in catalogue}
    said = rows()
    assert {name for name in said if name in here} == {
        name for name, answer in said.items() if answer == "the same"
    }


def test_what_to_connect_instead_exists() -> None:
    here = {signal.name for signal in catalogue}
    for name, answer in rows().items():
        if answer == "the same" or answer.startswith("nothing: "):
            continue
        instead = re.findall(r"`(\w+)`", answer.partition(":")[0])
        assert instead, name
        assert set(instead) <= here, name
