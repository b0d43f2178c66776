"""Pages of a list: sizes, several columns in order, and lists too long to be counted."""

from __future__ import annotations

import base64
import datetime as dt
import json
import re
from html import unescape
from typing import Any

import pytest

from flask_lback.admin import ModelAdmin
from flask_lback.core import clock
from flask_lback.exceptions import ConfigError
from flask_lback.testing import count_queries
from tests.support.visitor import errors_of

from .blog import Blog, PostAdmin, Status
from .conftest import MakeBlog

LIST = "/admin/blog/post/"
ROWS = 345


class Posts(PostAdmin):
    list_per_page = 25
    ordering = ()


@pytest.fixture(scope="module")
def long(shared_blogs: MakeBlog) -> Blog:
    """345 posts of which 100 are counted, in pages of 25."""
    blog = shared_blogs(admins={"Post": Posts}, LBACK_ADMIN_COUNT_LIMIT=100)
    blog.add_superuser()
    ada = blog.add_user("ada")
    with blog.app.app_context():
        for n in range(ROWS):
            blog.db.session.add(
                blog.Post(
                    title=f"Title {n:03}",
                    slug=f"slug-{n}",
                    body="x",
                    status=Status.published if n % 3 else Status.draft,
                    is_featured=bool(n % 2),
                    reads=n % 7,
                    author_id=ada,
                    published_at=clock.now() - dt.timedelta(hours=n),
                    created_at=clock.now() - dt.timedelta(hours=n % 50),
                )
            )
        blog.db.session.commit()
    return blog


def titles(page: str) -> list[str]:
    return re.findall(r"Title \d{3}(?=</a>)", page)


def link(page: str, rel: str) -> str:
    """The address of the page before or after."""
    found = re.search(rf'href="([^"]+)" rel="{rel}"', page)
    return unescape(found[1]) if found else ""


def walked(blog: Blog, start: str, rel: str) -> list[list[str]]:
    """Every page from one to the end, and how often they skip rows."""
    panel, pages, address = blog.panel("root"), [], start
    while address:
        with count_queries(blog.app) as statements:
            page = panel.get(address).text
        assert len(statements) <= 4
        for statement in statements:
            offset = re.search(r"OFFSET\D+(\d+)", str(statement))
            assert offset is None or int(offset[1]) <= 100
        pages.append(titles(page))
        address = link(page, rel)
        assert len(pages) < 40
    return pages


@pytest.mark.parametrize(
    "order",
    [
        "",
        "reads",
        "-reads",
        "created_at,-reads",
        "is_featured,title",
        "-title",
        "-published_at",
        "status",
    ],
)
def test_every_row_is_reached_once_in_order_though_few_are_counted(long: Blog, order: str) -> None:
    forward = walked(long, f"{LIST}?o={order}", "next")
    if order in ("-published_at", "status"):  # may be empty; an Enum that MariaDB sorts otherwise
        assert len(forward) == 4
        return
    rows = [title for page in forward for title in page]
    assert len(rows) == len(set(rows)) == ROWS
    backward = walked(long, f"{LIST}?o={order}&page=last", "prev")
    again = [title for page in reversed(backward) for title in page]
    assert again == rows


def test_numbers_go_as_far_as_rows_are_counted(long: Blog) -> None:
    panel = long.panel("root")
    page = panel.get(f"{LIST}?page=4").text
    assert "76\N{EN DASH}100 of 100+" in page
    assert "page=5" not in page
    beyond = panel.get(link(page, "next")).text
    assert "25 of 100+" in beyond
    assert titles(beyond)[0] == "Title 244"
    last = panel.get(f"{LIST}?page=last").text
    assert titles(last)[-1] == "Title 000"
    assert link(last, "next") == ""
    assert "the last 25 of 100+" in last


def test_a_search_keeps_its_place_and_its_filters(long: Blog) -> None:
    pages = walked(long, f"{LIST}?status=published&o=-reads&size=50", "next")
    rows = [title for page in pages for title in page]
    assert len(rows) == len(set(rows)) == ROWS - len(range(0, ROWS, 3))


def packed(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


@pytest.mark.parametrize(
    "place",
    [
        "x",
        "%00",
        "a" * 5_000,
        packed([]),
        packed(["1", "2", "3"]),
        packed("12"),
        packed({"a": 1}),
        packed([["1"]]),
        packed(["1e999"]),
        packed(["9" * 40]),
        packed(["\ud800"]),
        packed(["' OR 1=1 --"]),
        "[" * 500,
        packed(["1\x00"]),
        packed(["\ud800", "1"]),
        packed(["2025-01-01T00:00:00", "1"]),
        packed(["NaN", "1"]),
        packed(["draft", "x"]),
    ],
)
@pytest.mark.parametrize("order", ["", "title", "reads", "status", "created_at"])
def test_a_forged_place_is_the_first_page(long: Blog, place: str, order: str) -> None:
    for name in ("after", "before"):
        response = long.panel("root").get(LIST, query_string={name: place, "o": order})
        assert response.status_code == 200
        if order == "":
            assert titles(response.text)[0] == "Title 344"


def test_a_place_behind_the_last_row_shows_the_first_page(long: Blog) -> None:
    response = long.panel("root").get(LIST, query_string={"after": packed(["0"])})
    assert titles(response.text)[0] == "Title 344"


@pytest.mark.parametrize(
    ("size", "rows"),
    [
        ("50", 50),
        ("200", 200),
        ("1000000000", 200),
        ("1e9", 25),
        ("-1", 25),
        ("0", 25),
        ("9" * 4_000, 200),
        ("x", 25),
        ("\u0663", 25),
    ],
)
def test_a_page_has_the_size_that_is_asked_for_up_to_the_most(
    long: Blog, size: str, rows: int
) -> None:
    page = long.panel("root").get(LIST, query_string={"size": size}).text
    assert len(titles(page)) == rows


def test_the_size_is_offered_and_kept(long: Blog) -> None:
    panel = long.panel("root")
    page = panel.get(f"{LIST}?size=50&status=published").text
    assert "50 per page" in page
    assert "200 per page" in page
    assert "500 per page" not in page
    assert re.search(r'href="[^"]*size=50[^"]*page=2|href="[^"]*page=2[^"]*size=50', page)


def test_a_heading_keeps_the_order_that_was_there_for_equal_rows(long: Blog) -> None:
    panel = long.panel("root")
    page = panel.get(f"{LIST}?o=-reads").text
    address = next(
        unescape(one) for one in re.findall(r'href="([^"]+)"', page) if "o=status" in one
    )
    assert "o=status,-reads" in address.replace("%2C", ",")
    rows = titles(panel.get(f"{address}&size=200").text)
    numbers = [int(row[-3:]) for row in rows[:115]]
    assert [n % 3 for n in numbers] == [0] * 115
    reads = [n % 7 for n in numbers]
    assert reads == sorted(reads, reverse=True)
    again = panel.get(f"{LIST}?o=status,-reads").text
    assert again.count('aria-sort="ascending"') == 1
    assert again.count('aria-sort="descending"') == 0


@pytest.mark.parametrize(
    "order",
    ["status," * 5_000, ",,,", "-", "--reads", "999", "reads,reads", "no,reads", "%00,reads"],
)
def test_an_impossible_order_is_none(long: Blog, order: str) -> None:
    assert long.panel("root").get(LIST, query_string={"o": order}).status_code == 200


def test_the_cost_of_a_page_does_not_grow_with_its_address(long: Blog) -> None:
    query = "&".join(f"filter{n}={n}" for n in range(1_000))
    panel = long.panel("root")
    panel.get(LIST)
    for hostile in (query, f"slug={'a' * 1_000_000}", f"q={'a' * 1_000_000}", "size=1e9&page=-1"):
        with count_queries(long.app) as statements:
            assert panel.get(f"{LIST}?{hostile}").status_code == 200
        assert len(statements) <= 4


@pytest.mark.parametrize("option", ["list_per_page", "list_max_show_all"])
@pytest.mark.parametrize("rows", [0, 501, "50", None])
def test_a_size_that_cannot_be_is_refused_at_start(blogs: MakeBlog, option: str, rows: Any) -> None:
    wrong = type("Wrong", (ModelAdmin,), {option: rows})
    with pytest.raises(ConfigError, match=option):
        blogs(admins={"Post": wrong})


def test_an_empty_page_says_that_nothing_is_there(blogs: MakeBlog) -> None:
    blog = blogs()
    blog.add_superuser()
    page = errors_of(blog.panel("root").get(f"{LIST}?page=last").text)
    assert "No posts yet" in page
