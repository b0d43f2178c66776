"""Rows that stand on the page of another record, and the machinery of rights as rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from flask_lback.admin import ModelAdmin, TabularInline
from flask_lback.auth import UserManager
from tests.admin.blog import Blog, PostAdmin

from .test_ad_forms import POST, POSTS, opened


def test_ad_2_who_may_not_write_the_rows_of_a_record_writes_none(tmp_path: Path) -> None:
    def make(blog: Blog) -> type[ModelAdmin]:
        table = type("Table", (TabularInline,), {"model": blog.Comment, "fields": ("text",)})
        return type("Own", (PostAdmin,), {"inlines": (table,)})

    with opened(tmp_path, admins={"Post": make}) as blog:
        blog.add_staff("clerk", "blog.view_post", "blog.change_post", "blog.view_comment")
        post = blog.add_post("Old", author="root", slug="old")
        blog.add_comments(post, 2)
        panel, fields = blog.panel("clerk"), {**POST, "slug": "old", "author": "1"}
        rows = {"comment-0-_key": "1", "comment-1-_key": "2", "comment-0-text": "Stolen"}
        more = {"comment-1-_delete": "y", "comment-2-text": "More", "comment-2-_key": ""}
        assert panel.get(f"{POSTS}edit/?id={post}").status_code == 200
        panel.post(f"{POSTS}edit/?id={post}", **fields, **rows, **more)
        panel.post(f"{POSTS}new/", **fields, **more)
        with blog.app.app_context():
            texts = [row.text for row in blog.db.session.scalars(sa.select(blog.Comment))]
        assert texts == ["Comment 0", "Comment 1"]
        blog.add_staff("writer", "blog.view_post", "blog.change_comment", "blog.view_comment")
        blog.panel("writer").post(f"{POSTS}edit/?id={post}", **fields, **rows, **more)
        assert blog.count(blog.Comment) == 2


def sessions_shown(blog: Blog) -> None:
    """A site that lists sessions in its panel."""
    blog.lback.admin.register(blog.lback.models.UserSession, ModelAdmin)


@pytest.mark.parametrize("field", ["owner", "user_id", "user"])
def test_rb_7_a_session_is_not_moved_to_an_account_that_holds_more(
    tmp_path: Path, field: str
) -> None:
    with opened(tmp_path, prepared=sessions_shown) as blog:
        rights = [f"auth.{one}_usersession" for one in ("view", "add", "change")]
        blog.add_staff("clerk", *rights, "people.view_user")
        panel = blog.panel("clerk")
        page = "/admin/auth/usersession/edit/?id=1"
        assert panel.get(page).status_code == 200
        fields = {"method": "password", "expires_at": "2999-01-01T00:00", field: "1"}
        panel.post(page, **fields)
        panel.post("/admin/auth/usersession/new/", **fields, key_hash="0" * 64)
        assert panel.get("/admin/blog/post/").status_code == 403
        with blog.app.app_context():
            kind: Any = blog.lback.models.UserSession
            owners = {row.user_id for row in blog.db.session.scalars(sa.select(kind))}
            root: Any = UserManager().get_user("root")
        assert root.id not in owners


def object_rights_shown(blog: Blog) -> None:
    """A site that lists rights on single objects in its panel."""
    kind = blog.lback.models.ObjectPermission
    blog.lback.admin.register(kind, ModelAdmin)
    for one in ("view", "add", "change"):
        blog.lback.permissions.define(f"auth.{one}_objectpermission")


@pytest.mark.parametrize("right", ["blog.delete_post", "blog.change_post"])
def test_rb_7_a_right_on_an_object_is_given_by_those_who_hold_it(
    tmp_path: Path, right: str
) -> None:
    with opened(tmp_path, prepared=object_rights_shown) as blog:
        rights = [f"auth.{one}_objectpermission" for one in ("view", "add", "change")]
        seen = ("people.view_user", "auth.view_permission", "blog.change_post")
        blog.add_staff("clerk", *rights, *seen)
        panel, path = blog.panel("clerk"), "/admin/auth/objectpermission/"
        with blog.app.app_context():
            permission, kind = blog.lback.models.Permission, blog.lback.models.ObjectPermission
            rows = blog.db.session.scalars(sa.select(permission))
            keys = {row.name: row.id for row in rows}
        fields = {"model": "blog.post", "object_key": "1"}
        assert panel.get(f"{path}new/").status_code == 200
        panel.post(f"{path}new/", permission=keys[right], **fields)
        assert blog.count(kind) == (1 if right in seen else 0)
        panel.post(f"{path}edit/?id=1", permission=keys["blog.delete_post"], **fields)
        with blog.app.app_context():
            held = {row.permission.name for row in blog.db.session.scalars(sa.select(kind))}
        assert held <= {"blog.change_post"}
