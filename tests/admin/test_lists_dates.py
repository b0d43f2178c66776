"""Years, months and days over a list; methods as columns."""

from __future__ import annotations

import datetime as dt
import re
from html import unescape
from typing import Any

import pytest

from flask_lback.admin import ModelAdmin, display
from flask_lback.exceptions import ConfigError
from flask_lback.testing import count_queries
from tests.support.visitor import errors_of

from .blog import Blog, PostAdmin
from .conftest import MakeBlog

LIST = "/admin/blog/post/"
MOMENTS = (
    dt.datetime(2024, 12, 31, 23, 59, 59, tzinfo=dt.UTC),
    dt.datetime(2025, 1, 1, 0, 0, tzinfo=dt.UTC),
    dt.datetime(2025, 2, 28, 12, 0, tzinfo=dt.UTC),
    dt.datetime(2025, 2, 28, 23, 30, tzinfo=dt.UTC),
    None,
)


class Dated(PostAdmin):
    date_hierarchy = "published_at"


@pytest.fixture(scope="module")
def dated(shared_blogs: MakeBlog) -> Blog:
    """Posts 1 to 5, of which the last one has no date."""
    blog = shared_blogs(admins={"Post": Dated})
    blog.add_superuser()
    for n, moment in enumerate(MOMENTS, 1):
        blog.add_post(f"Post {n}", author="ada", published_at=moment)
    return blog


def days(page: str) -> dict[str, str]:
    """The links over the list: words, and their address."""
    found = re.search(r'<nav class="dates".*?</nav>', page, re.S)
    pairs = re.findall(r'<a href="([^"]*)">(.*?)</a>', found[0], re.S) if found else []
    return {" ".join(re.sub("<[^>]+>", "", text).split()): unescape(url) for url, text in pairs}


def shown(page: str) -> list[str]:
    return re.findall(r"Post \d(?=</a>)", page)


def test_years_lead_to_months_and_days_with_their_counts(dated: Blog) -> None:
    panel = dated.panel("root")
    years = days(panel.get(LIST).text)
    assert list(years) == ["2024 1", "2025 3"]
    page = panel.get(years["2025 3"]).text
    months = days(page)
    assert list(months) == ["All dates", "Jan 2025 1", "Feb 2025 2"]
    assert shown(page) == ["Post 2", "Post 3", "Post 4"]
    page = panel.get(months["Feb 2025 2"]).text
    assert list(days(page)) == ["All dates", "2025", "28 Feb 2"]
    assert shown(page) == ["Post 3", "Post 4"]
    page = panel.get(days(page)["28 Feb 2"]).text
    assert list(days(page)) == ["All dates", "2025", "Feb 2025"]
    assert shown(page) == ["Post 3", "Post 4"]
    assert days(page)["All dates"] == LIST


def test_the_last_second_of_a_day_belongs_to_it(dated: Blog) -> None:
    panel = dated.panel("root")
    assert shown(panel.get(f"{LIST}?day=2024-12-31").text) == ["Post 1"]
    assert shown(panel.get(f"{LIST}?day=2025-01-01").text) == ["Post 2"]


def test_filters_narrow_what_the_dates_offer(dated: Blog) -> None:
    panel = dated.panel("root")
    assert list(days(panel.get(f"{LIST}?slug=post-1").text)) == ["31 Dec 1"]
    assert list(days(panel.get(f"{LIST}?slug=post-5").text)) == []
    page = panel.get(f"{LIST}?day=2025&slug=post-2").text
    assert list(days(page)) == ["All dates", "Jan 2025 1"]
    assert "slug=post-2" in days(page)["All dates"]


@pytest.mark.parametrize(
    "day",
    [
        "0000",
        "9999",
        "2025-13",
        "2025-02-30",
        "2025-2",
        "20251",
        "x",
        "-2025",
        "\u0662\u0660\u0662\u0665",
        "2025-02-28T",
    ],
)
def test_a_date_that_is_none_is_not_asked_for(dated: Blog, day: str) -> None:
    response = dated.panel("root").get(LIST, query_string={"day": day})
    assert response.status_code == 200
    assert len(shown(response.text)) == 5


def test_dates_cost_a_statement_at_most(dated: Blog) -> None:
    panel = dated.panel("root")
    panel.get(LIST)
    costs = {}
    for day in ("", "2025", "2025-02", "2025-02-28"):
        with count_queries(dated.app) as statements:
            panel.get(f"{LIST}?day={day}")
        costs[day] = len(statements)
    assert costs == {"": 5, "2025": 4, "2025-02": 4, "2025-02-28": 4}


@pytest.mark.parametrize("name", ["title", "author", "no_such", "preview_token", "tags"])
def test_only_columns_with_dates_have_a_hierarchy(blogs: MakeBlog, name: str) -> None:
    wrong = type("Wrong", (ModelAdmin,), {"date_hierarchy": name})
    with pytest.raises(ConfigError, match="date_hierarchy"):
        blogs(admins={"Post": wrong})


def test_dates_of_a_related_record_work_too(blogs: MakeBlog) -> None:
    class ByAuthor(PostAdmin):
        date_hierarchy = "author__date_joined"

    blog = blogs(admins={"Post": ByAuthor})
    blog.add_superuser()
    blog.add_post("Post 1", author="ada")
    panel = blog.panel("root")
    found = days(panel.get(LIST).text)
    assert len(found) == 1
    assert shown(panel.get(next(iter(found.values()))).text) == ["Post 1"]


def test_methods_say_yes_and_no_and_what_stands_for_nothing(blogs: MakeBlog) -> None:
    class Computed(ModelAdmin):
        list_display = ("title", "has_text", "score", "author.location")
        empty_value_display = "nothing"

        @display(description="Has text", boolean=True)
        def has_text(self, row: Any) -> Any:
            return row.body

        @display(empty_value="no score")
        def score(self, row: Any) -> Any:
            return None

    blog = blogs(admins={"Post": Computed})
    blog.add_superuser()
    blog.add_post("Full", author="ada")
    blog.add_post("Bare", author="ada", body="")
    page = errors_of(blog.panel("root").get(LIST).text)
    assert "Bare No no score nothing" in " ".join(page.split())
    assert "Full Yes no score nothing" in " ".join(page.split())
