"""Changes are recorded, and read again, on every database."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from flask_lback.db.schema import drop
from tests.support.databases import DATABASES
from tests.support.visitor import errors_of

from .blog import make_blog
from .changing import ChangingAdmin, entries

POSTS, LOG = "/admin/blog/post/", "/admin/auth/auditentry/"


@pytest.mark.parametrize("kind", DATABASES)
def test_what_is_done_in_a_day_is_told(kind: str, new_database: Callable[[str], str]) -> None:
    blog = make_blog(new_database(kind), admins={"Post": ChangingAdmin})
    try:
        blog.add_superuser()
        with blog.app.app_context():
            blog.db.session.add(blog.Tag(name="sea 🦊"))
            blog.db.session.commit()
        key = blog.add_post("First", author="root", body="Ω 🦊")
        blog.add_post("Second", author="root")
        panel = blog.panel("root")
        fields = {"title": "Third", "slug": "third", "body": "𠀀", "status": "hidden"}
        response = panel.post(f"{POSTS}edit/?id={key}", **fields, author="1", tags=["1"])
        assert response.status_code == 302
        for action in ("raise_reads", "keep_half", "commit_twice", "hide_all", "insert_tags"):
            assert panel.act(POSTS, action, key).status_code == 302, action
        blog.add_comments(key, 2)
        assert panel.delete(POSTS, key).status_code == 302
        told = [(one.action.removeprefix("admin."), one.target_id) for one in entries(blog)]
        assert told[:6] == [
            *(("changed", str(key)) for _ in range(5)),
            ("changed", ""),
        ]
        assert ("deleted", str(key)) in told
        first = entries(blog)[0]
        assert first.details["changes"]["body"] == ["Ω 🦊", "𠀀"]
        assert first.details["members"]["tags"]["joined"] == [["1", "sea 🦊"]]
        bulk = next(one for one in entries(blog) if not one.target_id)
        assert bulk.details["rows"] == 1
        page = errors_of(panel.get(f"{POSTS}history/?id={key}").text)
        assert "This post is deleted." in page
        assert "Ω 🦊" in page
        for query in ("", "?q=third&action=admin.deleted&outcome=ok&happened_at=today", "?o=-when"):
            assert panel.get(LOG + query).status_code == 200
        assert panel.get(f"{LOG}details/?id={first.id}").status_code == 200
    finally:
        with blog.app.app_context():
            drop(blog.app)
            for engine in blog.db.engines.values():
                engine.dispose()
