"""Every sample of the documentation does what its page says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.services import ROOT

from .folder import Folder
from .samples import RUN, samples_of

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PAGES_WITH_SAMPLES = [
    page for page in PAGES if any(one.language in RUN or one.file for one in samples_of(page))
]


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES_WITH_SAMPLES, ids=name_of)
def test_a_reader_who_follows_the_page_gets_what_it_shows(page: Path, tmp_path: Path) -> None:
    with Folder(tmp_path) as folder:
        folder.follow(samples_of(page))


def test_a_sample_that_is_not_run_says_why() -> None:
    skipped = [one for page in PAGES for one in samples_of(page) if one.reason_not_run is not None]
    assert skipped, "the installation at least"
    assert [one.where for one in skipped if len((one.reason_not_run or "").split()) < 4] == []
