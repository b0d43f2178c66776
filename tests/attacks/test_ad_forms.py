"""Forms of the panel: what is sent beside the fields, what stands in the columns, what fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from flask_lback.admin import ModelAdmin, StackedInline, TabularInline
from flask_lback.auth import get_models
from tests.admin.blog import Blog, PostAdmin, make_blog
from tests.support.visitor import errors_of

POSTS, USERS = "/admin/blog/post/", "/admin/people/user/"
POST = {"title": "Letters", "slug": "letters", "body": "Text", "status": "draft"}
#: What would do something on a page that takes it for more than text.
HOSTILE = (
    "<script>document.title='owned'</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "javascript:alert(1)",
    "{{7*7}}{% raw %}${7*7}#{7*7}",
    "</textarea><script>1</script>",
    "</template></select><script>1</script>",
    "<svg><script>1</script></svg>",
    "\N{PILE OF POO}\N{RIGHT-TO-LEFT OVERRIDE}gnp.exe\N{POP DIRECTIONAL FORMATTING}",
)


class Reader(HTMLParser):
    """Everything on a page that a browser would run, or follow to a script."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        given = dict(attrs)
        if tag == "script" and not (given.get("src") or "").startswith("/lback/static/"):
            self.found.append(f"<script {given}>")
        for name, value in attrs:
            if name.startswith("on") or name in ("style", "srcdoc", "formaction"):
                self.found.append(f"{tag} {name}={value}")
            is_address = name in ("href", "src", "action", "data-lookup")
            if is_address and (value or "").strip().lower().startswith(
                ("javascript", "data", "//")
            ):
                self.found.append(f"{tag} {name}={value}")
        if tag in ("img", "iframe", "object", "embed", "base"):
            self.found.append(f"<{tag}>")


def everything(blog: Blog) -> type[ModelAdmin]:
    """Every column on every page, and rows of both kinds, which are called by their text."""
    blog.Comment.__str__ = lambda comment: comment.text
    inlines = (
        type("Table", (TabularInline,), {"model": blog.Comment, "show_change_link": True}),
        type("Stack", (StackedInline,), {"model": blog.Comment, "readonly_fields": ("text",)}),
    )
    return type(
        "Every",
        (PostAdmin,),
        {
            "list_display": ("title", "slug", "body", "author", "tags", "data"),
            "list_filter": ("author", "tags", "slug"),
            "inlines": inlines,
        },
    )


@contextmanager
def opened(folder: Path, **options: Any) -> Iterator[Blog]:
    """A blog with a superuser, gone afterwards."""
    blog = make_blog(f"sqlite:///{folder}/blog.sqlite", **options)
    blog.add_superuser()
    yield blog
    with blog.app.app_context():
        blog.db.engine.dispose()


@pytest.mark.parametrize("actor", ["root", "clerk"])
def test_ad_4_what_a_form_has_no_field_for_is_not_written(tmp_path: Path, actor: str) -> None:
    with opened(tmp_path) as blog:
        rights = [f"people.{one}_user" for one in ("view", "change", "add")]
        blog.add_staff("clerk", *rights, "auth.view_group", "auth.view_permission")
        key = blog.add_user("ada")
        group = blog.add_group("Chiefs", "people.delete_user")
        with blog.app.app_context():
            before = _row(blog, key)
        forged = {
            **dict.fromkeys(("password", "password1", "password2"), "forged-1"),
            **{"password_hash": "forged", "id": "99", "pk": "99", "username_canonical": "root"},
            **{
                "roles": str(group),
                "role": "admin",
                "security_stamp": "x",
                "last_login": "2020-01-01",
            },
            **{
                "is_authenticated": "",
                "date_joined": "2020-01-01T00:00",
                "_sa_instance_state": "x",
            },
        }
        if actor == "clerk":
            forged |= {"is_superuser": "y", "groups": str(group)}
        named = {"username": "ada", "email": "ada@example.org", "is_active": "y"}
        response = blog.panel(actor).post(
            f"{USERS}edit/?id={key}", **named, email_verified="y", **forged
        )
        assert response.status_code in (302, 400, 403)
        with blog.app.app_context():
            assert _row(blog, key) == before
            assert blog.one(blog.User, 99) is None
            assert blog.one(blog.User, key).groups == []
        added = blog.panel(actor).post(
            f"{USERS}new/", **{**forged, "username": "eve", "email": "eve@example.org"}
        )
        assert added.status_code in (302, 400, 403)
        with blog.app.app_context():
            eve = blog.db.session.scalar(sa.select(blog.User).filter_by(username="eve"))
            assert eve is None or (not eve.is_superuser and not eve.groups and eve.id != 99)


def _row(blog: Blog, key: Any) -> dict[str, Any]:
    table = blog.User.__table__
    found = blog.db.session.execute(sa.select(table).where(table.c.id == key)).mappings().one()
    return {name: value for name, value in found.items() if name != "updated_at"}


def test_ad_4_an_excluded_and_a_read_only_field_of_a_record_and_of_its_rows_stay(
    tmp_path: Path,
) -> None:
    def make(blog: Blog) -> type[ModelAdmin]:
        table = {"model": blog.Comment, "exclude": ("author",), "readonly_fields": ("text",)}
        inlines = (type("Table", (TabularInline,), table),)
        own = {"exclude": ("body",), "readonly_fields": ("slug", "reads"), "inlines": inlines}
        return type("Own", (PostAdmin,), own)

    with opened(tmp_path, admins={"Post": make}) as blog:
        post = blog.add_post("Old", author="root", slug="old")
        blog.add_comments(post, 1)
        forged = {"slug": "forged", "body": "forged", "reads": "9", "author_id": "7", "_obj": "x"}
        rows = {
            "comment-0-_key": "1",
            **{f"comment-0-{name}": "1" for name in ("author", "text", "id", "post_id", "post")},
        }
        new = {"title": "New", "status": "draft", "author": "1", **forged, **rows}
        assert blog.panel("root").post(f"{POSTS}edit/?id={post}", **new).status_code == 302
        with blog.app.app_context():
            found = blog.one(blog.Post, post)
            assert (found.title, found.slug, found.body, found.reads) == ("New", "old", "Text", 0)
            comment = blog.one(blog.Comment, 1)
            assert (comment.text, comment.author_id, comment.post_id) == ("Comment 0", None, post)


@pytest.mark.parametrize("text", HOSTILE)
def test_ad_5_texts_that_look_like_code_are_texts_on_every_page(tmp_path: Path, text: str) -> None:
    with opened(tmp_path, admins={"Post": everything}) as blog:
        panel = blog.panel("root")
        with blog.app.app_context():
            root = blog.one(blog.User, 1)
            root.first_name = root.last_name = root.location = text[:30]
            blog.db.session.add_all(
                [blog.Tag(name=text), get_models().Group(name="Group", description=text)]
            )
            blog.db.session.commit()
        values = {**POST, "title": text, "body": text, "author": "1", "tags": "1"}
        data = {"data": json.dumps({"a": text}), "slug": text[:80]}
        new = {"comment-0-text": text, "comment2-0-text": text}
        added = panel.post(f"{POSTS}new/", **{**values, **data, **new, "_stay": "1"})
        assert added.status_code == 302
        with blog.app.app_context():
            blog.one(blog.Post, 1).preview_token = text
            blog.db.session.commit()
        pages = [
            (f"{POSTS}edit/?id=1", {}),  # the first one has the flash
            *((f"{POSTS}{path}", {}) for path in ("", "details/?id=1", "delete/?id=1", "new/")),
            (f"{POSTS}", {"q": text}),
            (f"{POSTS}", {"slug": text, "tags": "1"}),
            (f"{POSTS}new/", {"title": text, "body": text, "next": text}),
            (f"{POSTS}edit/", {"id": "1", "next": text}),
            ("/admin/", {}),
            *((f"/admin/blog/comment/{path}", {}) for path in ("", "edit/?id=1", "delete/?id=1")),
            *((f"/admin/blog/tag/{path}", {}) for path in ("", "edit/?id=1", "delete/?id=1")),
            *((f"{USERS}{path}", {}) for path in ("", "edit/?id=1", "details/?id=1")),
            *((f"/admin/auth/group/{path}", {}) for path in ("", "edit/?id=1", "delete/?id=1")),
        ]
        for path, query in pages:
            response = panel.get(path, query_string=query or None)
            assert response.status_code == 200, path
            assert response.mimetype == "text/html"
            assert Reader(response.text).found == [], path
        assert text in errors_of(panel.get(f"{POSTS}details/?id=1").text)
        wrong = panel.post(f"{POSTS}edit/?id=1", **{**values, "slug": "", "author": text}, **new)
        assert wrong.status_code == 400
        assert Reader(wrong.text).found == []
        assert "script" in Reader(wrong.text).tags
        looked_up = panel.get(f"{POSTS}lookup/", query_string={"field": "tags", "q": text[:20]})
        assert looked_up.mimetype == "application/json"
        assert [row["name"] for row in looked_up.json["results"]] == [text]  # type: ignore[index]
        assert looked_up.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("place", ["Post", "Comment"])
def test_ad_10_a_database_that_fails_changes_nothing_and_says_nothing_of_itself(
    tmp_path: Path, place: str
) -> None:
    with opened(tmp_path, admins={"Post": everything}) as blog:
        post = blog.add_post("Old", author="root", slug="old")
        blog.add_comments(post, 1)
        panel = blog.panel("root")
        assert panel.token

        def fail(*args: Any) -> None:
            raise OperationalError(
                "UPDATE secret_table", {"key": "s3cret"}, Exception("disk on fire")
            )

        for moment in ("before_insert", "before_update"):
            sa.event.listen(getattr(blog, place), moment, fail)
        sent = {**POST, "title": "New", "author": "1", "slug": "new"}
        rows = {"comment-0-_key": "1", "comment-0-text": "New", "comment-1-text": "More"}
        for path in (f"{POSTS}edit/?id={post}", f"{POSTS}new/"):
            changed = rows if "edit" in path else {"comment-0-text": "More"}
            response = panel.post(path, **sent, **changed)
            assert response.status_code == 400
            said = errors_of(response.text)
            assert "The database did not answer. Nothing is lost: try again." in said
            for secret in ("secret_table", "s3cret", "disk on fire", "Traceback", "sqlite"):
                assert secret not in response.text
            assert 'value="New"' in response.text
        assert (blog.count(blog.Post), blog.count(blog.Comment)) == (1, 1)
        with blog.app.app_context():
            assert blog.one(blog.Post, post).title == "Old"
            assert blog.one(blog.Comment, 1).text == "Comment 0"
        assert panel.get(POSTS).status_code == 200
