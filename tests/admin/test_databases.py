"""A day's work in the panel, on every database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from flask_lback.admin import ModelAdmin, TabularInline
from flask_lback.db.schema import drop
from tests.support.databases import DATABASES
from tests.support.visitor import errors_of, hidden_fields

from .blog import PostAdmin, make_blog

POSTS, USERS = "/admin/blog/post/", "/admin/people/user/"


@pytest.mark.parametrize("kind", DATABASES)
def test_a_days_work(kind: str, new_database: Callable[[str], str]) -> None:
    blog = make_blog(new_database(kind))
    try:
        blog.add_superuser()
        ada = blog.add_user("ada")
        key = blog.add_post("First", author="ada")
        panel = blog.panel("root")
        assert "ada joined" in errors_of(panel.get("/admin/").text)
        good = {"title": "Second", "slug": "second", "body": "x", "author": str(ada)}
        values = {**good, "status": "hidden", "published_at": "2026-11-20T10:00", "data": "[1]"}
        assert panel.post(f"{POSTS}new/", **values).status_code == 302
        query = "?q=SECOND+ada&status=hidden&is_featured=no&author={}&o=-author&published_at=none"
        assert "0 of 2" in panel.get(POSTS + query.format(ada)).text
        found = panel.get(POSTS + query.format(ada).replace("&published_at=none", "")).text
        assert "1 of 2" in found
        for path in (f"{POSTS}?page=last", f"{USERS}?q=ada&groups=1&date_joined=week", USERS):
            assert panel.get(path).status_code == 200
        again = panel.post(f"{POSTS}new/", **values)
        assert "Another post has this slug." in errors_of(again.text)
        replies(blog, key)
        assert panel.delete("/admin/blog/comment/", 2).status_code == 302
        assert blog.count(blog.Comment) == 1
        refused = panel.delete(USERS, 1)
        assert "This is the last superuser." in errors_of(refused.text)
        assert panel.delete(USERS, ada).status_code == 302
        assert (blog.count(blog.Post), blog.count(blog.Comment)) == (0, 0)
        needed = blog.add_user("buyer")
        with blog.app.app_context():
            blog.db.session.add(blog.Receipt(number="1", buyer_id=needed))
            blog.db.session.commit()
        assert "cannot be deleted" in panel.get(f"{USERS}delete/?id={needed}").text
    finally:
        with blog.app.app_context():
            drop(blog.app)
            for engine in blog.db.engines.values():
                engine.dispose()


def replies(blog: Any, post: Any) -> None:
    """Three comments, each one answering the one before."""
    with blog.app.app_context():
        parent = None
        for n in range(3):
            comment = blog.Comment(text=f"level {n}", post_id=post, parent_id=parent)
            blog.db.session.add(comment)
            blog.db.session.flush()
            parent = comment.id
        blog.db.session.commit()
        assert blog.db.session.scalars(sa.select(blog.Comment.id)).all() == [1, 2, 3]


@pytest.mark.parametrize("kind", DATABASES)
def test_a_record_is_saved_with_its_rows(kind: str, new_database: Callable[[str], str]) -> None:
    def with_comments(blog: Any) -> type[ModelAdmin]:
        inline = {"model": blog.Comment, "fields": ("text", "author")}
        inlines = (type("Comments", (TabularInline,), inline),)
        return type("Post", (PostAdmin,), {"inlines": inlines})

    blog = make_blog(new_database(kind), admins={"Post": with_comments})
    try:
        blog.add_superuser()
        key = blog.add_post("First", author="root")
        blog.add_comments(key, 3, author_id=1)
        panel = blog.panel("root")
        path = f"{POSTS}edit/?id={key}"
        page = panel.get(path).text
        seen = hidden_fields(page)
        good = {"title": "Mine", "slug": "mine", "body": "x", "author": "1", "status": "draft"}
        rows = {
            "comment-0-_key": "1",
            "comment-0-_seen": seen["comment-0-_seen"],
            "comment-0-text": "Mine",
            "comment-0-author": "",
            "comment-1-_key": "2",
            "comment-1-_delete": "1",
            "comment-2-text": "New",
        }
        with blog.app.app_context():
            blog.one(blog.Post, key).title = blog.one(blog.Comment, 1).text = "Theirs"
            blog.db.session.commit()
        overtaken = panel.post(path, **good, **rows, _seen=seen["_seen"])
        assert overtaken.status_code == 409
        assert errors_of(overtaken.text).count("Changed meanwhile to “Theirs”.") == 2
        assert panel.post(path, **good, **rows | {"comment-0-_seen": ""}).status_code == 302
        with blog.app.app_context():
            statement = sa.select(blog.Comment.text).order_by(blog.Comment.id)
            assert list(blog.db.session.scalars(statement)) == ["Mine", "Comment 2", "New"]
            assert blog.one(blog.Post, key).title == "Mine"
    finally:
        with blog.app.app_context():
            drop(blog.app)
            for engine in blog.db.engines.values():
                engine.dispose()
