"""Every row that matches: more than the page shows, and never more than was said."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa

from tests.support.visitor import errors_of, hidden_fields

from .blog import Blog, PostAdmin, Status
from .conftest import MakeBlog

LIST = "/admin/blog/post/"


class Own(PostAdmin):
    """Staff act on what ada wrote."""

    def get_query(self, request: Any, statement: sa.Select[Any], action: str) -> sa.Select[Any]:
        if request.user.is_superuser or action == "view":
            return statement
        return statement.where(self.model.author_id == request.user.id)


@pytest.fixture
def blog(blogs: MakeBlog) -> Blog:
    """30 posts in pages of 10; the first 20 are ada's, every second one is featured."""
    blog = blogs(admins={"Post": Own}, LBACK_ADMIN_BULK_LIMIT=25)
    blog.add_superuser()
    rights = [f"blog.{action}_post" for action in ("view", "change", "delete")]
    ada, ben = blog.add_staff("ada", *rights), blog.add_user("ben")
    with blog.app.app_context():
        for n in range(30):
            blog.db.session.add(
                blog.Post(
                    title=f"Title {n:02}",
                    slug=f"s{n}",
                    body="x",
                    is_featured=n % 2 == 0,
                    author_id=ada if n < 20 else ben,
                )
            )
        blog.db.session.commit()
    return blog


def address(page: str) -> str:
    """Where the buttons over the table lead."""
    found = re.search(r'<form class="listform[^>]*action="([^"]+)"', page)
    assert found is not None
    return unescape(found[1])


def offered(page: str) -> str:
    found = re.search(r'name="all" value="(\d+)"', page)
    return found[1] if found else ""


def published(blog: Blog) -> int:
    with blog.app.app_context():
        post = blog.Post
        where = sa.select(sa.func.count()).select_from(post).where(post.status == Status.published)
        return int(blog.db.session.scalar(where))


def test_every_matching_row_is_acted_on_and_no_other(blog: Blog) -> None:
    panel = blog.panel("root")
    page = panel.get(f"{LIST}?is_featured=yes").text
    assert offered(page) == "15"
    assert "All 15 that match" in errors_of(page)
    panel.post(address(page), action="publish", all="15", rowid="2")
    assert "15 published." in panel.get(LIST).text
    with blog.app.app_context():
        rows = blog.db.session.scalars(sa.select(blog.Post).filter_by(status=Status.published))
        assert all(row.is_featured for row in rows)


def test_more_than_the_limit_is_neither_offered_nor_done(blog: Blog) -> None:
    panel = blog.panel("root")
    page = panel.get(LIST).text
    assert offered(page) == ""
    assert "At most 25 at once" in errors_of(page)
    panel.post(address(page), action="publish", all="30")
    assert "Choose at most 25 rows." in panel.get(LIST).text
    assert published(blog) == 0


@pytest.mark.parametrize("said", ["14", "16", "x", "-1", "9" * 5_000, "1e1"])
def test_a_number_that_was_not_said_does_nothing(blog: Blog, said: str) -> None:
    panel = blog.panel("root")
    page = panel.get(f"{LIST}?is_featured=yes").text
    panel.post(address(page), action="publish", all=said)
    assert "There are 15 rows now." in panel.get(LIST).text
    assert published(blog) == 0


def test_rows_out_of_reach_are_left_out_of_all(blog: Blog) -> None:
    panel = blog.panel("ada")
    page = panel.get(f"{LIST}?is_featured=yes").text
    panel.post(address(page), action="publish", all=offered(page))
    said = errors_of(panel.get(LIST).text)
    assert "10 published." in said
    assert "not yours to act on: 5." in said
    assert published(blog) == 10


def test_deleting_all_asks_first_and_takes_what_it_showed(blog: Blog) -> None:
    panel = blog.panel("ada")
    page = panel.get(f"{LIST}?is_featured=no").text
    asked = panel.post(address(page), action="delete", all=offered(page))
    assert asked.status_code == 200
    assert "Delete 10 records" in errors_of(asked.text)
    assert blog.count(blog.Post) == 30
    ids = re.findall(r'name="id" value="(\d+)"', asked.text)
    fields = hidden_fields(asked.text)
    answer = panel.post(f"{LIST}delete/", proof=fields["proof"], id=ids, next=LIST)
    assert answer.status_code == 302
    assert blog.count(blog.Post) == 20


def test_all_needs_the_permission_of_the_action(blog: Blog) -> None:
    blog.add_staff("reader", "blog.view_post")
    reader = blog.panel("reader")
    page = reader.get(f"{LIST}?is_featured=yes").text
    assert offered(page) == ""
    answer = reader.post(f"{LIST}action/?is_featured=yes", action="publish", all="15")
    assert answer.status_code == 403
    assert published(blog) == 0


def test_a_list_on_one_page_offers_no_more_than_its_rows(blog: Blog) -> None:
    page = blog.panel("root").get(f"{LIST}?q=Title+00").text
    assert offered(page) == ""
    assert "At most" not in errors_of(page)
