"""The first page of the panel."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from flask_lback.admin import ModelAdmin
from flask_lback.admin.overview.chart import draw
from flask_lback.auth import UserManager, get_models
from flask_lback.core import clock
from flask_lback.db.schema import drop
from flask_lback.exceptions import ConfigError
from flask_lback.testing import count_queries
from tests.support.databases import DATABASES
from tests.support.shapes import ready_shape
from tests.support.visitor import Visitor, errors_of

from .blog import Blog, PostAdmin, Status, make_blog
from .changing import ChangingAdmin
from .conftest import MakeBlog

POSTS, TAGS = "/admin/blog/post/", "/admin/blog/tag/"


class OwnPosts(PostAdmin):
    """Staff reach what they wrote."""

    def get_query(self, request: Any, statement: sa.Select[Any], action: str) -> sa.Select[Any]:
        if request.user.is_superuser:
            return statement
        return statement.where(self.model.author_id == request.user.id)


def dashboard(blog: Blog, name: str = "root") -> str:
    return blog.panel(name).get("/admin/").text


def words(blog: Blog, name: str = "root") -> str:
    return errors_of(dashboard(blog, name))


def per_day(page: str, title: str) -> dict[str, str]:
    """What stands in the table below a chart, by day."""
    found = re.search(rf'aria-label="{title} per day">(.*?)</table>', page, re.DOTALL)
    assert found is not None
    return dict(re.findall(r'class="num">([^<]+)</th><td[^>]*>([^<]+)<', found[1]))


def day(ago: int) -> str:
    at = clock.now().date() - dt.timedelta(days=ago)
    return f"{at.day} {at:%b} {at.year}"


def card(page: str, title: str) -> str:
    """The words of the card with this heading."""
    for section in re.findall(r"<section.*?</section>", page, re.DOTALL):
        if re.search(rf"<h2[^>]*>(<a[^>]*>)?{title}<", section):
            return errors_of(section)
    return ""


def test_it_counts_what_the_account_may_view(blog: Blog) -> None:
    blog.add_superuser()
    blog.add_post("First", author="ada")
    blog.add_staff("clerk", "blog.view_post", "blog.add_post")
    whole = words(blog)
    assert "Users 3 3 joined this week" in whole
    assert "Posts 1 +1 this week" in whole
    assert "ada joined" in whole
    part = words(blog, "clerk")
    assert "Posts 1" in part
    for hidden in ("joined", "Sign-ups", "Sign-ins", "sign-ins", "ada", "Users", "Groups"):
        assert hidden not in part.replace("Administration", "")


def test_every_number_of_one_model_is_gone_without_the_right(blog: Blog) -> None:
    blog.add_superuser()
    blog.add_post("First", author="ada")
    blog.add_staff("reader", "auth.view_auditentry")
    page = words(blog, "reader")
    assert "Sign-ins" in page
    assert "Failed sign-ins" in page
    for hidden in ("Posts", "Sign-ups", "Users", "joined", "Here today", "Comments"):
        assert hidden not in page


def test_rows_out_of_reach_are_in_no_number(blogs: MakeBlog) -> None:
    blog = blogs(admins={"Post": OwnPosts})
    blog.add_superuser()
    blog.add_staff("ada", "blog.view_post")
    blog.add_post("Mine", author="ada")
    for n in range(3):
        blog.add_post(f"Hidden {n}", author="ben")
    page = dashboard(blog, "ada")
    assert "Posts 1 +1 this week" in errors_of(page)
    assert per_day(page, "Posts")[day(0)] == "1"
    assert per_day(dashboard(blog), "Posts")[day(0)] == "4"


def test_it_shows_who_signed_in_and_who_has_not_verified(blog: Blog) -> None:
    blog.add_superuser()
    blog.add_user("ada")
    with blog.app.app_context():
        UserManager().create_user(username="eve", email="eve@example.org", password=None)
        blog.db.session.commit()
    Visitor(blog.app).sign_in("ada", "a plain long sentence")
    page = words(blog)
    assert "ada signed in" in page
    assert "1 account has not confirmed its address." in page


def test_sign_ups_are_drawn_per_day_with_a_table_beside(blog: Blog) -> None:
    blog.add_superuser()
    with clock.turned(dt.timedelta(days=-3)):
        blog.add_user("ada")
        blog.add_user("ben")
    with clock.turned(dt.timedelta(days=-100)):
        blog.add_user("old")
    page = dashboard(blog)
    label = "Sign-ups per day over {} days, between 0 and 2"
    for days in (28, 14):
        assert f'role="img" aria-label="{label.format(days)}"' in page
    assert f"<title>{day(3)}: 2</title>" in page
    assert per_day(page, "Sign-ups")[day(3)] == "2"
    assert per_day(page, "Sign-ups")[day(0)] == "1"
    assert "style=" not in page


def test_a_year_is_drawn_by_weeks_and_seven_days_by_days(blog: Blog) -> None:
    blog.add_superuser()
    for ago in (100, 101, 3, 400):
        with clock.turned(dt.timedelta(days=-ago)):
            blog.add_user(f"user-{ago}")
    panel = blog.panel("root")
    page = panel.get("/admin/?period=year").text
    for weeks in (52, 26):
        label = f"Sign-ups per week over {weeks} weeks, between 0 and 2"
        assert f'aria-label="{label}"' in page
    assert "4 in a year" in card(page, "Sign-ups")
    assert 'period=year" aria-current="true">Year<' in page
    week = panel.get("/admin/?period=week").text
    assert "2 in 7 days" in card(week, "Sign-ups")
    assert "Sign-ups per day over 7 days, between 0 and 1" in week
    for odd in ("day", "", "__class__"):
        assert "over 28 days" in panel.get(f"/admin/?period={odd}").text


def test_sign_ins_and_failures_are_drawn_and_many_failures_are_pointed_at(blog: Blog) -> None:
    blog.add_superuser()
    blog.add_user("ada")
    Visitor(blog.app).sign_in("ada", "a plain long sentence")
    for n in range(9):
        Visitor(blog.app).sign_in(f"nobody-{n}", "a wrong one of these").close()
    page = dashboard(blog)
    assert per_day(page, "Sign-ins")[day(0)] == "1"
    assert per_day(page, "Failed sign-ins")[day(0)] == "9"
    assert "sign-ins failed in the last hour" not in page
    Visitor(blog.app).sign_in("nobody-9", "a wrong one of these").close()
    page = dashboard(blog)
    assert "10 sign-ins failed in the last hour." in errors_of(page)
    link = re.search(r'href="([^"]+)">Look<', page)
    assert link is not None
    found = blog.panel("root").get(link[1].replace("&amp;", "&")).text
    assert "10 of " in errors_of(found)


def test_a_model_is_drawn_by_the_column_that_it_names(blogs: MakeBlog) -> None:
    class Dated(PostAdmin):
        chart_by = "published_at"

    blog = blogs(admins={"Post": Dated})
    blog.add_superuser()
    when = clock.now() - dt.timedelta(days=5)
    blog.add_post("Out", published_at=when, status=Status.published)
    blog.add_post("Planned", published_at=clock.now() + dt.timedelta(days=2))
    blog.add_post("Draft")
    found = per_day(dashboard(blog), "Posts")
    assert found.pop(day(5)) == "1"
    assert set(found.values()) == {"0"}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("published", "names 'published', which Post has not"),
        ("title", "is 'title', which holds no days or moments"),
        ("author.date_joined", "which holds no days or moments"),
        ("preview_token", "holds a secret"),
    ],
)
def test_a_column_that_cannot_be_drawn_stops_the_start(
    blogs: MakeBlog, name: str, said: str
) -> None:
    class Dated(PostAdmin):
        chart_by = name

    with pytest.raises(ConfigError, match=re.escape(said)):
        blogs(admins={"Post": Dated})


# --- recent changes ---------------------------------------------------------------------------


def test_changes_are_told_to_who_may_view_the_model(blog: Blog) -> None:
    blog.add_superuser()
    blog.add_staff("clerk", "blog.view_post")
    blog.add_staff("tagger", "blog.view_tag", "blog.change_tag")
    panel = blog.panel("root")
    panel.post(f"{TAGS}new/", name="harbours")
    key = blog.add_post("Letters", author="clerk")
    panel.post(f"{POSTS}edit/?id={key}", title="Letters home", slug="x", body="y", author="2")
    assert "root added tag harbours" in card(dashboard(blog), "Recent changes")
    seen = card(dashboard(blog, "tagger"), "Recent changes")
    assert "root added tag harbours" in seen
    assert "Letters" not in seen
    seen = card(dashboard(blog, "clerk"), "Recent changes")
    assert "harbours" not in seen
    link = f'<a href="{TAGS}edit/?id=1">harbours</a>'
    assert link in dashboard(blog, "tagger")


def test_all_changes_are_one_click_away_for_who_may_read_the_log(blog: Blog) -> None:
    blog.add_superuser()
    blog.add_staff("clerk", "blog.view_post")
    panel = blog.panel("root")
    panel.post(f"{TAGS}new/", name="harbours")
    link = re.search(r'<a href="([^"]+)"><svg.*?</svg>Recent changes</a>', dashboard(blog))
    assert link is not None
    listed = panel.get(link[1]).text
    assert "1 of " in errors_of(listed)
    assert listed.count('aria-current="page"') == 2, "in the sidebar and in the breadcrumbs"
    assert re.search(r'aria-current="page"><svg.*?</svg>Recent changes</a>', listed)
    assert "Recent changes</a>" not in dashboard(blog, "clerk")


def test_a_deleted_record_is_named_and_leads_nowhere(blog: Blog) -> None:
    blog.add_superuser()
    panel = blog.panel("root")
    panel.post(f"{TAGS}new/", name="harbours")
    panel.delete(TAGS, 1)
    page = dashboard(blog)
    assert "root deleted tag harbours" in card(page, "Recent changes")
    assert "root added tag harbours" in card(page, "Recent changes")
    assert f"{TAGS}edit/?id=1" not in page


def test_rows_changed_together_are_one_line(blogs: MakeBlog) -> None:
    blog = blogs(admins={"Post": ChangingAdmin})
    blog.add_superuser()
    keys = [blog.add_post(f"Post {n}", author="ada") for n in range(3)]
    panel = blog.panel("root")
    panel.post(f"{TAGS}new/", name="before")
    panel.act(POSTS, "publish", *keys)
    seen = card(dashboard(blog), "Recent changes")
    assert "root changed 3 posts" in seen
    assert "root added tag before" in seen
    assert seen.count("root") == 2


def test_changes_of_rows_out_of_reach_are_not_told(blogs: MakeBlog) -> None:
    blog = blogs(admins={"Post": OwnPosts})
    blog.add_superuser()
    ada = blog.add_staff("ada", "blog.view_post")
    panel = blog.panel("root")
    values = {"body": "x", "status": "draft"}
    panel.post(f"{POSTS}new/", title="Mine", slug="mine", author=str(ada), **values)
    panel.post(f"{POSTS}new/", title="Hidden", slug="hidden", author="1", **values)
    panel.post(f"{POSTS}new/", title="Gone", slug="gone", author="1", **values)
    panel.delete(POSTS, 3)
    seen = card(dashboard(blog, "ada"), "Recent changes")
    assert "added post Mine" in seen
    assert "Hidden" not in seen
    assert "Gone" not in seen
    assert "Hidden" in card(dashboard(blog), "Recent changes")


def test_a_model_that_decides_row_by_row_names_none(blogs: MakeBlog) -> None:
    class Choosy(ModelAdmin):
        def has_view_permission(self, request: Any, obj: Any = None) -> bool:
            return obj is None or obj.name != "secret"

    blog = blogs(admins={"Tag": Choosy})
    blog.add_superuser()
    blog.panel("root").post(f"{TAGS}new/", name="secret")
    seen = card(dashboard(blog), "Recent changes")
    assert "root added a tag" in seen
    assert "secret" not in seen


@pytest.mark.parametrize("kind", DATABASES)
def test_every_database_counts_alike(kind: str, new_database: Callable[[str], str]) -> None:
    blog = make_blog(new_database(kind), admins={"Post": OwnPosts})
    try:
        blog.add_superuser()
        ada = blog.add_staff("ada", "blog.view_post", "blog.view_tag")
        panel = blog.panel("root")
        values = {"body": "x", "status": "draft"}
        panel.post(f"{POSTS}new/", title="Mine", slug="mine", author=str(ada), **values)
        panel.post(f"{POSTS}new/", title="Hidden", slug="hidden", author="1", **values)
        panel.post(f"{TAGS}new/", name="harbours")
        with clock.turned(dt.timedelta(days=-3)):
            blog.add_user("ben")
        page = dashboard(blog)
        assert per_day(page, "Posts")[day(0)] == "2"
        assert per_day(page, "Sign-ups")[day(3)] == "1"
        assert "Hidden" in card(page, "Recent changes")
        page = dashboard(blog, "ada")
        assert per_day(page, "Posts")[day(0)] == "1"
        seen = card(page, "Recent changes")
        assert "root added post Mine" in seen
        assert "root added tag harbours" in seen
        assert "Hidden" not in seen
    finally:
        with blog.app.app_context():
            drop(blog.app)
            blog.db.engine.dispose()


@pytest.mark.parametrize("shape", ["default", "people", "text key"])
def test_accounts_of_other_shapes_are_counted(shape: str, tmp_path: Path) -> None:
    with ready_shape(shape, f"sqlite:///{tmp_path}/shape.sqlite") as site:
        with site.app.app_context():
            UserManager().create_superuser(
                username="root", email="root@example.org", password="a plain long sentence"
            )
            site.db.session.commit()
        visitor = Visitor(site.app)
        visitor.sign_in("root", "a plain long sentence")
        page = visitor.get("/admin/")
        assert page.status_code == 200
        words = errors_of(page.text)
        assert re.search(r"(Users|Readers|Persons) 1 1 joined this week", words)
        assert "root signed in" in words
        assert per_day(page.text, "Sign-ups")[day(0)] == "1"
        found = visitor.get("/admin/search/records/?q=root").json
        assert found is not None
        assert found["groups"][0]["hits"][0]["name"] == "root"


# --- what it costs ----------------------------------------------------------------------------


def test_it_costs_eight_statements_at_most(blogs: MakeBlog) -> None:
    blog = blogs(admins={"Post": OwnPosts, "Tag": OwnTags, "Comment": PostAdminLike})
    blog.add_superuser()
    blog.add_staff("clerk", *(f"blog.view_{one}" for one in ("post", "tag", "comment")))
    for n in range(8):
        blog.add_post(f"Post {n}", author="clerk")
    panel = blog.panel("root")
    for n in range(4):
        panel.post(f"{TAGS}new/", name=f"tag {n}")
    for name in ("root", "clerk"):
        panel = blog.panel(name)
        panel.get("/admin/")
        with count_queries(blog.app) as statements:
            panel.get("/admin/")
        assert len(statements) <= 8, statements
        assert len(statements) >= 5


class OwnTags(ModelAdmin):
    def get_query(self, request: Any, statement: sa.Select[Any], action: str) -> sa.Select[Any]:
        return statement.where(self.model.name != "tag 0")


class PostAdminLike(ModelAdmin):
    chart_by = "created_at"


def test_other_peoples_places_are_no_sign_in_of_the_account(blog: Blog) -> None:
    blog.add_superuser()
    blog.add_user("ada")
    Visitor(blog.app).sign_in("ada", "a plain long sentence")
    with blog.app.app_context():
        session = get_models().UserSession
        statement = sa.update(session).where(session.user_id == 2)
        blog.db.session.execute(statement.values(impersonator_id="1", impersonator_name="root"))
        blog.db.session.commit()
    assert "ada signed in" not in words(blog)


def test_a_name_of_its_own_stands_at_the_top(blogs: MakeBlog) -> None:
    blog = blogs(LBACK_ADMIN_TITLE="Control room")
    blog.add_superuser()
    assert "Control room administration</title>" in dashboard(blog)


def test_the_scale_of_a_chart_is_round_and_holds_its_highest_bar() -> None:
    today = dt.date(2026, 11, 21)
    for highest in (0, 1, 3, 4, 7, 60, 61, 999, 12_345):
        chart = draw({today: highest}, today, 28)
        top = chart.lines[0][1]
        assert top >= highest
        assert chart.highest == highest
        assert all(bar.y >= 0 for bar in chart.bars)
    assert [number for _, number in draw({today: 60}, today, 14).lines] == [60, 40, 20]
