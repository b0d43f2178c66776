"""Filters: on related columns, of an application's own, ranges, emptiness."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest

from flask_lback.admin import EmptyFieldListFilter, ModelAdmin, SimpleListFilter
from flask_lback.exceptions import ConfigError
from flask_lback.testing import count_queries
from tests.support.visitor import errors_of

from .blog import Blog, PostAdmin
from .conftest import MakeBlog

LIST = "/admin/blog/post/"


class Length(SimpleListFilter):
    title = "length"
    parameter_name = "length"

    def lookups(self, request: Any, model_admin: Any) -> Any:
        return [("short", "Short"), ("long", "Long")] if request.user.is_staff else []

    def queryset(self, request: Any, queryset: Any) -> Any:
        body = queryset.column_descriptions[0]["entity"].body
        return queryset.where(body == "x" if self.value() == "short" else body != "x")


class Filtered(PostAdmin):
    list_filter = (
        "author.is_staff",
        "author__location",
        "author.date_joined",
        "author.groups",
        "tags.name",
        "reads",
        "published_at",
        Length,
        ("author", EmptyFieldListFilter),
        ("body", EmptyFieldListFilter),
        ("published_at", EmptyFieldListFilter),
        ("tags", EmptyFieldListFilter),
    )


@pytest.fixture(scope="module")
def filled(shared_blogs: MakeBlog) -> Blog:
    """Posts 1 to 4; 1 and 2 by staff in Lisbon."""
    blog = shared_blogs(admins={"Post": Filtered})
    blog.add_superuser()
    blog.add_staff("ada", location="Lisbon", groups=("Editors",))
    blog.add_user("ben")
    rights = ["blog.view_post", "people.view_user"]
    blog.add_staff("clerk", *rights)
    blog.add_staff("reader", "blog.view_post")
    for n, author in enumerate(("ada", "ada", "ben", "ben"), 1):
        moment = dt.datetime(2025, n, 1, tzinfo=dt.UTC) if n != 4 else None
        body = {1: "x", 2: ""}.get(n, "a longer text")
        blog.add_post(f"Post {n}", author=author, body=body, reads=n * 10, published_at=moment)
    with blog.app.app_context():
        post = blog.one(blog.Post, 1)
        post.tags.append(blog.Tag(name="sea"))
        blog.db.session.commit()
    return blog


def shown(blog: Blog, query: str, name: str = "root") -> list[int]:
    page = blog.panel(name).get(f"{LIST}?{query}").text
    return [int(n) for n in re.findall(r"Post (\d)(?=</a>)", page)]


EVERY = [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("author.is_staff=yes", [1, 2]),
        ("author.is_staff=no", [3, 4]),
        ("author.location=lisb", [1, 2]),
        ("author.date_joined=today", EVERY),
        ("author.groups=1", [1, 2]),
        ("author.groups=edit", [1, 2]),
        ("tags.name=se", [1]),
        ("reads=20..30", [2, 3]),
        ("reads=20..", [2, 3, 4]),
        ("reads=..20", [1, 2]),
        ("reads.from=20&reads.to=20", [2]),
        ("reads.from=25&reads.to=", [3, 4]),
        ("reads=40", [4]),
        ("published_at=2025-01-01..2025-02-01", [1, 2]),
        ("published_at.from=2025-02-01&published_at.to=2025-02-01", [2]),
        ("published_at.to=2025-02-28", [1, 2]),
        ("published_at=none", [4]),
        ("length=short", [1]),
        ("length=long", [2, 3, 4]),
        ("author__isempty=1", []),
        ("author__isempty=0", EVERY),
        ("body__isempty=1", [2]),
        ("body__isempty=0", [1, 3, 4]),
        ("published_at__isempty=1", [4]),
        ("tags__isempty=1", [2, 3, 4]),
        ("tags__isempty=0", [1]),
        ("author.is_staff=yes&reads=..10&length=short", [1]),
    ],
)
def test_filters_narrow_the_list(filled: Blog, query: str, expected: list[int]) -> None:
    assert shown(filled, query) == expected


@pytest.mark.parametrize(
    "query",
    [
        "reads=..",
        "reads=x..3",
        "reads=3..x",
        "reads=nan..",
        "reads=..1e400",
        "reads.from=' OR 1=1",
        "published_at=2025-13-01..",
        "published_at=9999-12-31..",
        "published_at=..9999-12-31",
        "published_at=..0000-00-00",
        "published_at=20250101..",
        "published_at.from=%00",
        "length=other",
        "length=",
        "author__isempty=2",
        "author.password_hash=x",
        "author.is_superuser=yes",
        "author.is_staff.x=yes",
        "reads=1..2..3",
        "tags.name=" + "a" * 300,
    ],
)
def test_what_a_filter_does_not_know_is_no_filter(filled: Blog, query: str) -> None:
    response = filled.panel("root").get(f"{LIST}?{query}")
    assert response.status_code == 200
    assert shown(filled, query) == EVERY


def test_ranges_and_choices_are_offered(filled: Blog) -> None:
    page = filled.panel("root").get(LIST).text
    for name in ("reads.from", "reads.to", "published_at.from", "published_at.to"):
        assert f'name="{name}"' in page
    assert 'type="date"' in page
    assert "Short" in page
    assert "?length=short" in page
    assert "?body__isempty=1" in page
    chip = errors_of(filled.panel("root").get(f"{LIST}?reads=20..30&author.groups=1").text)
    assert "Reads: 20 \N{EN DASH} 30" in chip
    assert "Author groups: Editors" in chip


def test_what_others_may_not_see_tells_nothing_by_a_filter(filled: Blog) -> None:
    page = filled.panel("reader").get(LIST).text
    assert 'aria-label="Author is staff"' not in page
    assert "Editors" not in page
    for query in ("author.is_staff=yes", "author.location=Lisbon", "author.groups=1"):
        assert shown(filled, query, "reader") == EVERY
    assert shown(filled, "author.is_staff=yes", "clerk") == [1, 2]
    assert shown(filled, "author.groups=1", "clerk") == EVERY


def test_records_out_of_sight_are_not_asked_by_their_columns(blogs: MakeBlog) -> None:
    class SeenUsers(ModelAdmin):
        def get_query(self, request: Any, statement: Any, action: str) -> Any:
            return statement.where(self.model.username != "ben")

    def declare(blog: Blog) -> None:
        blog.lback.admin.register(blog.User, SeenUsers)

    blog = blogs(admins={"Post": Filtered}, prepared=declare)
    blog.add_superuser()
    blog.add_user("ben", location="Lisbon")
    blog.add_user("ada", location="Lisbon")
    blog.add_post("Post 1", author="ada")
    blog.add_post("Post 2", author="ben")
    assert shown(blog, "author.location=Lisbon") == [1]


def test_names_of_every_relation_come_in_one_statement(filled: Blog) -> None:
    panel = filled.panel("root")
    panel.get(LIST)
    with count_queries(filled.app) as statements:
        panel.get(f"{LIST}?author.groups=1")
    assert len(statements) == 4


class Nameless(SimpleListFilter):
    title = "x"


class Reserved(SimpleListFilter):
    title = "x"
    parameter_name = "page"


class Taken(SimpleListFilter):
    title = "x"
    parameter_name = "reads"


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        (("reads", Taken), "two filters for 'reads'"),
        ((Nameless,), "no title or no parameter_name"),
        ((Reserved,), "means something else"),
        ((str,), "Derive it from SimpleListFilter"),
        ((("reads", str),), "holds"),
        ((("reads",),), "holds"),
        ((("no_such", EmptyFieldListFilter),), "has not"),
        ((("preview_token", EmptyFieldListFilter),), "secret"),
        (("author.password_hash",), "secret"),
        ((7,), "holds 7"),
    ],
)
def test_a_filter_that_cannot_be_is_refused_at_start(
    blogs: MakeBlog, entries: Any, message: str
) -> None:
    class Wrong(ModelAdmin):
        list_filter = entries

    with pytest.raises(ConfigError, match=message):
        blogs(admins={"Post": Wrong})
