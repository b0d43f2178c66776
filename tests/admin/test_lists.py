"""Lists: columns, search, filters, order, pages, and what they cost."""

from __future__ import annotations

import datetime as dt
import re
import time
from typing import Any

import pytest
import sqlalchemy as sa

from flask_lback.admin import ModelAdmin, display
from flask_lback.core import clock
from flask_lback.testing import count_queries
from tests.support.visitor import errors_of

from .blog import Blog, Status
from .conftest import MakeBlog

LIST = "/admin/blog/post/"


@pytest.fixture
def filled(blog: Blog) -> Blog:
    """25 posts, of which every fifth is published, by two authors."""
    blog.add_superuser()
    fill(blog)
    return blog


@pytest.fixture(scope="module")
def library(shared_blogs: MakeBlog) -> Blog:
    """As ``filled``, for tests that only look."""
    blog = shared_blogs()
    blog.add_superuser()
    fill(blog)
    return blog


def fill(blog: Blog, count: int = 25) -> None:
    blog.add_user("ada")
    blog.add_user("ben")
    with blog.app.app_context():
        users = {user.username: user for user in blog.db.session.scalars(sa.select(blog.User))}
        tag = blog.Tag(name="sea")
        for n in range(count):
            post = blog.Post(
                title=f"Title {n:03}",
                slug=f"slug-{n}",
                body="about the harbour" if n == 7 else "text",
                status=Status.published if n % 5 == 0 else Status.draft,
                is_featured=n == 3,
                reads=n,
                author=users["ada" if n % 2 else "ben"],
                published_at=clock.now() - dt.timedelta(days=n * 20),
            )
            if n in (1, 2):
                post.tags.append(tag)
            blog.db.session.add(post)
        blog.db.session.commit()


def titles(blog: Blog, query: str = "", name: str = "root") -> list[str]:
    return re.findall(r"Title \d{3}(?=</a>)", blog.panel(name).get(f"{LIST}?{query}").text)


def test_the_first_page_is_in_the_declared_order(library: Blog) -> None:
    assert titles(library) == [f"Title {n:03}" for n in range(10)]
    assert titles(library, "page=3") == [f"Title {n:03}" for n in range(20, 25)]


def test_a_heading_sorts_both_ways_and_through_a_relation(library: Blog) -> None:
    assert titles(library, "o=-reads")[0] == "Title 024"
    assert titles(library, "o=reads")[0] == "Title 000"
    assert set(titles(library, "o=author")) <= {f"Title {n:03}" for n in range(1, 25, 2)}
    assert titles(library, "o=-author")[0] == "Title 000"[:-1] + titles(library, "o=-author")[0][-1]
    page = library.panel("root").get(f"{LIST}?o=-reads").text
    assert 'aria-sort="descending"' in page


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("q=harbour", [7]),
        ("q=HARBOUR+title", [7]),
        ("q=ada+003", [3]),
        ("q=100%25", []),
        ("status=published&o=title", [0, 5, 10, 15, 20]),
        ("is_featured=yes", [3]),
        ("tags=1", [1, 2]),
        ("author=2&q=Title+00", [1, 3, 5, 7, 9]),
        ("author=AD&q=Title+00", [1, 3, 5, 7, 9]),
        ("author=nobody", []),
        ("reads=4", [4]),
        ("slug=ug-1", [1, *range(10, 19)]),
        ("published_at=today", [0]),
        ("status=draft&is_featured=yes&author=2", [3]),
    ],
)
def test_search_and_filters_narrow_the_list(library: Blog, query: str, expected: Any) -> None:
    assert titles(library, query) == [f"Title {n:03}" for n in expected]


@pytest.mark.parametrize(
    "query",
    [
        "page=-1",
        "page=0",
        "page=999999999999999999999999",
        "page=x",
        "o=no_such_column",
        "o=-body",
        "o=author.password_hash",
        "author.password_hash=x",
        "status=no-such",
        "is_featured=perhaps",
        "author=x",
        "tags=%00",
        "reads=1e400",
        "reads=nan",
        "q=%00",
        "slug=" + "a" * 5_000,
        "q=" + "a+" * 5_000,
        "&".join(f"flt{n}_0=x" for n in range(1_000)),
    ],
)
def test_an_impossible_address_is_a_list_all_the_same(library: Blog, query: str) -> None:
    begun = time.perf_counter()
    response = library.panel("root").get(f"{LIST}?{query}")
    assert response.status_code == 200
    assert time.perf_counter() - begun < 5


def test_the_page_number_ends_at_the_last_page(library: Blog) -> None:
    assert titles(library, "page=99") == [f"Title {n:03}" for n in range(20, 25)]


def test_a_filter_with_many_records_asks_for_their_name(blog: Blog) -> None:
    blog.add_superuser()
    fill(blog, 1)
    with blog.app.app_context():
        blog.db.session.add_all(blog.Tag(name=f"tag {n:02}") for n in range(60))
        blog.db.session.commit()
    page = blog.panel("root").get(LIST).text
    menu = page.split('aria-label="Tags"')[1].split("</form>")[0]
    assert 'name="tags"' in menu
    assert "tag 48" in page
    assert "tag 55" not in page


def test_counting_stops_at_the_limit_and_the_last_page_is_still_reached(blogs: MakeBlog) -> None:
    blog = blogs(LBACK_ADMIN_COUNT_LIMIT=100)
    blog.add_superuser()
    fill(blog, 115)
    page = blog.panel("root").get(LIST).text
    assert "100+" in page
    assert "115" not in errors_of(page)
    assert titles(blog, "page=last") == [f"Title {n:03}" for n in range(105, 115)]
    assert titles(blog, "page=50") == [f"Title {n:03}" for n in range(90, 100)]


def test_a_filter_by_records_that_one_may_not_view_is_neither_shown_nor_used(filled: Blog) -> None:
    filled.add_staff("clerk", "blog.view_post")
    page = filled.panel("clerk").get(LIST).text
    assert "Status" in page
    assert 'aria-label="Author"' not in page
    assert len(titles(filled, "author=2", "clerk")) == 10
    assert titles(filled, "author=2", "clerk") == titles(filled, "", "clerk")


def test_a_page_costs_four_statements_however_many_rows_it_has(filled: Blog) -> None:
    filled.app.config["TESTING"] = True
    costs = {}
    for path in (
        LIST,
        "/admin/people/user/",
        f"{LIST}?status=draft&q=title&o=-author",
        f"{LIST}?author=2&tags=1",
        f"{LIST}?author=2&o=-reads&size=25",
    ):
        panel = filled.panel("root")
        panel.get(path)
        with count_queries(filled.app) as statements:
            assert panel.get(path).status_code == 200
        costs[path] = len(statements)
    # The account, counts, names of related records to filter by, rows.
    assert set(costs.values()) == {4}


def test_many_models_cost_no_statement_more(filled: Blog) -> None:
    filled.add_staff("clerk", "blog.view_tag")
    filled.add_staff("boss", "blog.view_tag", "blog.view_post", "people.view_user")
    costs = []
    for name in ("clerk", "boss"):
        panel = filled.panel(name)
        panel.get("/admin/blog/tag/")
        with count_queries(filled.app) as statements:
            panel.get("/admin/blog/tag/")
        costs.append(len(statements))
    assert costs[0] == costs[1] <= 4


def test_related_rows_are_loaded_with_the_list(blogs: MakeBlog) -> None:
    class Wide(ModelAdmin):
        list_display = ("title", "author", "tags", "author.location")
        list_per_page = 20

    blog = blogs(admins={"Post": Wide})
    blog.add_superuser()
    fill(blog, 3)
    panel = blog.panel("root")
    panel.get(LIST)
    with count_queries(blog.app) as few:
        panel.get(LIST)
    with blog.app.app_context():
        user = blog.db.session.scalar(sa.select(blog.User))
        for n in range(15):
            post = blog.Post(title=f"More {n}", slug=f"more-{n}", body="x", author=user)
            post.tags.append(blog.Tag(name=f"tag {n}"))
            blog.db.session.add(post)
        blog.db.session.commit()
    with count_queries(blog.app) as many:
        panel.get(LIST)
    assert len(few) == len(many)


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "javascript:alert(1)",
    "{{7*7}}",
    "\U0001f33f עברית",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_only_text_on_every_page(blog: Blog, text: str) -> None:
    blog.add_superuser()
    key = blog.add_post(text, author="ada", slug="s", body=text)
    with blog.app.app_context():
        post = blog.one(blog.Post, key)
        post.tags.append(blog.Tag(name=text[:40]))
        blog.db.session.commit()
    panel = blog.panel("root")
    for path in (
        LIST,
        f"{LIST}edit/?id={key}",
        f"{LIST}details/?id={key}",
        f"{LIST}delete/?id={key}",
        "/admin/",
        "/admin/blog/tag/",
    ):
        page = panel.get(path).text
        assert "<script>alert" not in page, path
        assert "<img src=x" not in page, path
        assert 'href="javascript' not in page, path
    asked = panel.get(LIST, query_string={"q": text, "slug": text}).text
    assert "<script>alert" not in asked
    assert "<img src=x" not in asked
    assert "No posts with" in asked or "Title" in asked
    assert "49" not in errors_of(panel.get(LIST, query_string={"q": "{{7*7}}"}).text)


def test_methods_and_properties_can_be_columns(blogs: MakeBlog) -> None:
    class Computed(ModelAdmin):
        list_display = ("title", "shout", "author.email_verified")

        @display(description="In capitals", ordering="title")
        def shout(self, row: Any) -> str:
            return str(row.title.upper())

    blog = blogs(admins={"Post": Computed})
    blog.add_superuser()
    blog.add_post("quiet")
    page = blog.panel("root").get(LIST).text
    assert "QUIET" in page
    assert "In capitals" in page
    assert "o=shout" in page


def test_a_model_without_options_shows_what_it_is_called_and_short_facts(blog: Blog) -> None:
    blog.add_superuser()
    blog.add_user("ada")
    with blog.app.app_context():
        blog.db.session.add(blog.Receipt(number="77", buyer_id=1))
        blog.db.session.commit()
    page = errors_of(blog.panel("root").get("/admin/shop/receipt/").text)
    assert "receipt 77" in page
    assert "root" in page


def test_an_empty_list_says_so_and_offers_the_first(blog: Blog) -> None:
    blog.add_superuser()
    page = errors_of(blog.panel("root").get(LIST).text)
    assert "No posts yet" in page
    assert "Add the first post" in page
    nothing = errors_of(blog.panel("root").get(f"{LIST}?status=hidden").text)
    assert "No posts with Status: Hidden" in nothing
    assert "Remove “Status: Hidden”" in nothing


def test_an_action_runs_on_the_chosen_rows_and_comes_back_to_the_list(filled: Blog) -> None:
    panel = filled.panel("root")
    response = panel.act(LIST, "publish", 2, 3, 999)
    assert response.location == LIST
    assert "2 published." in panel.get(LIST).text
    assert titles(filled, "status=published&o=title")[:4] == [
        "Title 000",
        "Title 001",
        "Title 002",
        "Title 005",
    ]


def test_an_action_is_nothing_by_get_and_nothing_without_rows(filled: Blog) -> None:
    panel = filled.panel("root")
    assert panel.get(f"{LIST}action/?action=publish&rowid=2").status_code == 405
    assert panel.act(LIST, "publish").status_code == 302
    assert "Nothing was chosen." in panel.get(LIST).text


def test_too_many_rows_at_once_are_refused(blogs: MakeBlog) -> None:
    blog = blogs(LBACK_ADMIN_BULK_LIMIT=3)
    blog.add_superuser()
    fill(blog, 5)
    panel = blog.panel("root")
    panel.act(LIST, "publish", 1, 2, 3, 4)
    assert "Choose at most 3 rows." in panel.get(LIST).text
    assert titles(blog, "status=published") == ["Title 000"]


def test_next_leads_nowhere_else(filled: Blog) -> None:
    panel = filled.panel("root")
    for wrong in ("https://evil.example/", "//evil.example", "/\\evil.example"):
        data = {"action": "publish", "rowid": "1", "next": wrong}
        assert panel.post(f"{LIST}action/", **data).location == LIST
