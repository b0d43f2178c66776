"""Lists on every database: filters, dates, cells, and pages beyond what is counted."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa

from flask_lback.db.schema import drop
from tests.support.databases import DATABASES

from .blog import PostAdmin, Status, make_blog
from .test_lists_editing import cells, row_of

LIST = "/admin/blog/post/"
ROWS = 140


class Everything(PostAdmin):
    """Every part of a list, and rows that some may only read."""

    list_editable = ("status", "reads", "author")
    list_filter = ("author.is_staff", "author", "tags", "reads", "published_at", "status")
    date_hierarchy = "published_at"
    readonly_fields = ()
    ordering = ()

    def get_query(self, request: Any, statement: sa.Select[Any], action: str) -> sa.Select[Any]:
        return statement.where(self.model.title != "out of sight")


def link(page: str, rel: str) -> str:
    found = re.search(rf'href="([^"]+)" rel="{rel}"', page)
    return unescape(found[1]) if found else ""


@pytest.mark.parametrize("kind", DATABASES)
def test_a_list_works_the_same_everywhere(kind: str, new_database: Callable[[str], str]) -> None:
    admins: Any = {"Post": Everything}
    blog = make_blog(new_database(kind), admins=admins, LBACK_ADMIN_COUNT_LIMIT=100)
    try:
        blog.add_superuser()
        ada = blog.add_user("ada")
        with blog.app.app_context():
            for n in range(ROWS):
                moment = dt.datetime(2025, 1, 31, 23, 59, 59, tzinfo=dt.UTC)
                blog.db.session.add(
                    blog.Post(
                        title=f"Title {n:03}",
                        slug=f"slug-{n}",
                        body="x",
                        status=list(Status)[n % 3],
                        reads=n % 5,
                        author_id=ada,
                        published_at=moment + dt.timedelta(days=n % 2 * 40),
                    )
                )
            blog.db.session.add(blog.Post(title="out of sight", slug="x", body="x", author_id=ada))
            blog.db.session.add(blog.Tag(name="sea"))
            blog.db.session.commit()
        panel = blog.panel("root")
        for order in ("", "created_at,-reads", "is_featured,title", "-title"):
            address, seen = f"{LIST}?o={order}", []
            while address:
                page = panel.get(address).text
                seen += re.findall(r"Title \d{3}(?=</a>)", page)
                address = link(page, "next")
            assert len(seen) == len(set(seen)) == ROWS, order
        page = panel.get(f"{LIST}?author={ada}&author.is_staff=no&reads=2..3&tags=none").text
        assert "author" in page
        narrow = f"{LIST}?author={ada}&author.is_staff=no&reads=2..3&day=2025-01&size=50"
        page = panel.get(narrow).text
        assert "1\N{EN DASH}28 of 28" in page
        assert "31 Jan" in page
        assert "Mar 2025" in panel.get(f"{LIST}?published_at=2025-01-31..2025-03-31").text
        fields = cells(panel.get(f"{LIST}?o=title").text)
        first = row_of(fields, 1)
        fields |= {f"{first}status": "hidden", f"{first}reads": "77"}
        assert panel.post(f"{LIST}cells/", **fields).status_code == 302
        with blog.app.app_context():
            assert blog.one(blog.Post, 1).reads == 77
        stale = {**fields, f"{first}reads": "78"}
        refused = panel.post(f"{LIST}cells/", **stale)
        assert refused.status_code == 400
        assert "Changed meanwhile to" in refused.text
        every = {"action": "publish", "all": "28", "next": LIST}
        panel.post(narrow.replace("/?", "/action/?"), **every)
        assert "28 published." in panel.get(LIST).text
    finally:
        with blog.app.app_context():
            drop(blog.app)
            for engine in blog.db.engines.values():
                engine.dispose()
