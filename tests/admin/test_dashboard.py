"""The first page of the panel."""

from __future__ import annotations

import datetime as dt
import re

from flask_lback.admin.chart import draw
from flask_lback.core import clock
from flask_lback.testing import count_queries
from tests.support.visitor import Visitor, errors_of

from .blog import Blog
from .conftest import MakeBlog


def test_it_counts_what_the_account_may_view(blog: Blog) -> None:
    blog.add_superuser()
    blog.add_post("First", author="ada")
    blog.add_staff("clerk", "blog.view_post", "blog.add_post")
    whole = errors_of(blog.panel("root").get("/admin/").text)
    assert "Users 3 3 joined this week" in whole
    assert "ada joined" in whole
    part = errors_of(blog.panel("clerk").get("/admin/").text)
    assert "Posts 1" in part
    for hidden in ("joined", "Sign-ups", "ada", "Users", "Groups"):
        assert hidden not in part.replace("Administration", "")


def test_it_shows_who_signed_in_and_who_has_not_verified(blog: Blog) -> None:
    blog.add_superuser()
    blog.add_user("ada")
    with blog.app.app_context():
        from flask_lback.auth import UserManager

        UserManager().create_user(username="eve", email="eve@example.org", password=None)
        blog.db.session.commit()
    Visitor(blog.app).sign_in("ada", "a plain long sentence")
    page = errors_of(blog.panel("root").get("/admin/").text)
    assert "ada signed in" in page
    assert "1 account has not confirmed its address." in page


def test_sign_ups_are_drawn_per_day_with_a_table_beside(blog: Blog) -> None:
    blog.add_superuser()
    with clock.turned(dt.timedelta(days=-3)):
        blog.add_user("ada")
        blog.add_user("ben")
    with clock.turned(dt.timedelta(days=-100)):
        blog.add_user("old")
    page = blog.panel("root").get("/admin/").text
    label = "Sign-ups per day over 28 days, between 0 and 2"
    assert f'role="img" aria-label="{label}"' in page
    day = clock.now().date() - dt.timedelta(days=3)
    row = re.search(rf"{day.day} \w+ {day.year}</th><td[^>]*>(\d+)<", page)
    assert row is not None
    assert row.group(1) == "2"
    assert "style=" not in page


def test_it_costs_five_statements(blog: Blog) -> None:
    blog.add_superuser()
    for n in range(8):
        blog.add_post(f"Post {n}")
    panel = blog.panel("root")
    panel.get("/admin/")
    with count_queries(blog.app) as statements:
        panel.get("/admin/")
    assert len(statements) == 5


def test_a_name_of_its_own_stands_at_the_top(blogs: MakeBlog) -> None:
    blog = blogs(LBACK_ADMIN_TITLE="Control room")
    blog.add_superuser()
    assert "Control room administration</title>" in blog.panel("root").get("/admin/").text


def test_the_scale_of_a_chart_is_round_and_holds_its_highest_bar() -> None:
    today = dt.date(2026, 11, 21)
    for highest in (0, 1, 3, 4, 7, 60, 61, 999, 12_345):
        chart = draw({today: highest}, today, 28)
        top = chart.lines[0][1]
        assert top >= highest
        assert chart.highest == highest
        assert all(bar.y >= 0 for bar in chart.bars)
    assert [number for _, number in draw({today: 60}, today, 14).lines] == [60, 40, 20]
