"""Rows of other models on the page of a record."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Mapped, mapped_column

from flask_lback.admin import ModelAdmin, StackedInline, TabularInline, display
from flask_lback.exceptions import ConfigError
from flask_lback.testing import count_queries
from tests.support.visitor import errors_of

from .blog import Blog, PostAdmin, make_blog
from .conftest import MakeBlog

POSTS = "/admin/blog/post/"
GOOD = {"title": "Letters", "slug": "letters", "body": "Text", "status": "draft", "author": "1"}
#: Of the post and of its comments.
RIGHTS = ["blog.view_post", "blog.change_post", "blog.add_post", "people.view_user"]


def with_comments(base: type[Any] = TabularInline, **options: Any) -> Any:
    """A PostAdmin with an inline of comments, made of a blog."""

    def make(blog: Blog) -> type[ModelAdmin]:
        chosen = {"model": blog.Comment, "fields": ("text", "author"), **options}
        inline = type("CommentInline", (base,), chosen)
        return type("Post", (PostAdmin,), {"inlines": (inline,)})

    return make


@pytest.fixture
def desk(blogs: MakeBlog) -> Blog:
    return furnished(blogs(admins={"Post": with_comments()}))


def furnished(blog: Blog) -> Blog:
    """A superuser's post with three comments, and another one."""
    blog.add_superuser()
    post = blog.add_post("Letters", author="root", slug="letters")
    blog.add_comments(post, 3)
    blog.add_comments(blog.add_post("Other", author="root", slug="other"), 1)
    return blog


def path(key: int = 1) -> str:
    return f"{POSTS}edit/?id={key}"


def row(number: int, key: int | None = None, **fields: str) -> dict[str, str]:
    """What the fields of a row send."""
    sent = {"text": "", "author": "", **fields}
    if key is not None:
        sent["_key"] = str(key)
    return {f"comment-{number}-{name}": value for name, value in sent.items()}


def texts(blog: Blog, post: int = 1) -> list[str]:
    with blog.app.app_context():
        statement = sa.select(blog.Comment.text).filter_by(post_id=post).order_by(blog.Comment.id)
        return list(blog.db.session.scalars(statement))


def values(page: str, name: str) -> list[str]:
    """The values of the fields of a name, outside the template of a new row."""
    shown = re.sub(r"<template>.*?</template>", "", page, flags=re.DOTALL)
    fields = rf'<(?:input|textarea)[^>]*name="comment-\d+-{name}"[^>]*>[^<]*'
    return [_value(tag) for tag in re.findall(fields, shown)]


def _value(tag: str) -> str:
    if not tag.startswith("<input"):
        return unescape(tag.partition(">")[2].strip())
    found = re.search(r'value="([^"]*)"', tag)
    return unescape(found[1]) if found else ""


def test_rows_are_shown_changed_added_and_deleted_with_their_record(desk: Blog) -> None:
    panel = desk.panel("root")
    page = panel.get(path()).text
    assert values(page, "text") == ["Comment 0", "Comment 1", "Comment 2"]
    assert "Comment 0" not in panel.get(path(2)).text.replace("Comment 0</textarea>", "", 1)
    sent = {
        **row(0, 1, text="Changed"),
        **row(1, 2, text="Comment 1", _delete="1"),
        **row(2, 3, text="Comment 2"),
        **row(3, text="New", author="1"),
        **row(4),
    }
    response = panel.post(path(), **{**GOOD, "title": "Letters again"}, **sent)
    assert response.status_code == 302
    assert texts(desk) == ["Changed", "Comment 2", "New"]
    with desk.app.app_context():
        added = desk.db.session.scalar(sa.select(desk.Comment).filter_by(text="New"))
        assert (added.post_id, added.author.username) == (1, "root")
        assert desk.one(desk.Post, 1).title == "Letters again"
    assert texts(desk, 2) == ["Comment 0"]


def test_a_new_record_is_added_with_its_rows(desk: Blog) -> None:
    sent = {**row(0, text="First"), **row(1, text="Second"), **row(7)}
    response = desk.panel("root").post(f"{POSTS}new/", **{**GOOD, "slug": "new"}, **sent)
    assert response.status_code == 302
    assert texts(desk, 3) == ["First", "Second"]


def test_a_wrong_row_is_named_and_nothing_of_the_page_is_written(desk: Blog) -> None:
    sent = {**row(0, 1, text=""), **row(1, text="Typed", author="77")}
    response = desk.panel("root").post(path(), **{**GOOD, "title": "Not this"}, **sent)
    assert response.status_code == 400
    said = errors_of(response.text)
    assert "Not saved." in said
    assert "Fill this in." in said
    assert "One of these is gone. Choose again." in said
    assert '<a href="#f-comment-0-text">Comments 1, Text</a>' in response.text
    assert values(response.text, "text") == ["", "Typed"]
    assert texts(desk) == ["Comment 0", "Comment 1", "Comment 2"]
    with desk.app.app_context():
        assert desk.one(desk.Post, 1).title == "Letters"


def test_a_wrong_record_keeps_what_was_typed_into_the_rows(desk: Blog) -> None:
    sent = {**row(0, 1, text="Changed"), **row(1, text="New"), **row(2, 2, text="x", _delete="1")}
    response = desk.panel("root").post(path(), **{**GOOD, "title": ""}, **sent)
    assert response.status_code == 400
    assert values(response.text, "text") == ["Changed", "New", "x"]
    assert re.search(r'name="comment-2-_delete"[^>]* checked', response.text)
    assert texts(desk) == ["Comment 0", "Comment 1", "Comment 2"]


def test_the_database_refusing_a_row_undoes_the_record_too(blogs: MakeBlog) -> None:
    def make(blog: Blog) -> type[ModelAdmin]:
        inline = type("Replies", (TabularInline,), {"model": blog.Comment, "fields": ("text",)})
        return type("Post", (PostAdmin,), {"inlines": (inline,)})

    desk = furnished(blogs(admins={"Post": make}))

    def fail(mapper: Any, connection: Any, target: Any) -> None:
        connection.execute(sa.text("INSERT INTO tag (id, name) VALUES (1, NULL)"))

    event.listen(desk.Comment, "before_insert", fail)
    response = desk.panel("root").post(
        path(), **{**GOOD, "title": "Not this"}, **{"comment-0-text": "Bad"}
    )
    assert response.status_code == 400
    assert "The database refused it" in errors_of(response.text)
    assert values(response.text, "text") == ["Bad"]
    with desk.app.app_context():
        assert desk.one(desk.Post, 1).title == "Letters"


@pytest.mark.parametrize(
    ("missing", "sent"),
    [
        ("view", row(0, text="Forged")),
        ("view", row(0, 1, text="Forged")),
        ("add", row(0, text="Forged")),
        ("change", row(0, 1, text="Forged")),
        ("delete", {"comment-0-_key": "1", "comment-0-_delete": "1"}),
    ],
)
def test_each_operation_needs_its_permission_of_the_rows(
    desk: Blog, missing: str, sent: dict[str, str]
) -> None:
    held = {"view", "add", "change", "delete"} - {missing}
    desk.add_staff("clerk", *RIGHTS, *(f"blog.{one}_comment" for one in held))
    response = desk.panel("clerk").post(path(), **{**GOOD, "title": "Forged"}, **sent)
    assert response.status_code == 403
    assert f"blog.{missing}_comment" in response.text
    assert texts(desk) == ["Comment 0", "Comment 1", "Comment 2"]
    with desk.app.app_context():
        assert desk.one(desk.Post, 1).title == "Letters"


def test_who_may_not_view_the_rows_does_not_see_them_and_saves_without(desk: Blog) -> None:
    desk.add_staff("clerk", *RIGHTS, "blog.add_comment", "blog.change_comment")
    panel = desk.panel("clerk")
    assert "Comment" not in errors_of(panel.get(path()).text)
    assert panel.post(path(), **{**GOOD, "title": "Mine"}).status_code == 302
    assert len(texts(desk)) == 3


def test_who_may_only_view_the_rows_reads_them(desk: Blog) -> None:
    desk.add_staff("clerk", *RIGHTS, "blog.view_comment")
    page = desk.panel("clerk").get(path()).text
    assert "Comment 2" in page
    assert "comment-" not in re.sub(r'id="[^"]*"', "", page)
    assert "Add comment" not in page
    desk.add_staff("reader", "blog.view_post", "blog.view_comment")
    assert "Comment 2" in desk.panel("reader").get(f"{POSTS}details/?id=1").text


def test_the_parent_of_a_row_is_never_written(desk: Blog) -> None:
    forged = {
        "comment-0-post": "2",
        "comment-0-post_id": "2",
        "comment-0-id": "99",
        "comment-1-post_id": "2",
    }
    sent = {**row(0, 1, text="Changed"), **row(1, text="New"), **forged}
    assert desk.panel("root").post(path(), **GOOD, **sent).status_code == 302
    assert texts(desk) == ["Changed", "Comment 1", "Comment 2", "New"]
    assert texts(desk, 2) == ["Comment 0"]


def test_what_ties_a_row_to_its_record_is_not_shown_either(blogs: MakeBlog) -> None:
    desk = furnished(blogs(admins={"Post": with_comments(fields=())}))
    page = desk.panel("root").get(path()).text
    headings = re.findall(r'<th scope="col">([^<]*)</th>', page)
    assert headings == ["Text", "Author", "Delete"]


@pytest.mark.parametrize("key", [4, 99, "x", "1,2"])
def test_a_row_of_another_record_is_not_written(desk: Blog, key: Any) -> None:
    for fields in ({"text": "Forged"}, {"text": "Forged", "_delete": "1"}):
        response = desk.panel("root").post(path(), **GOOD, **row(0, key, **fields))
        assert response.status_code == 400
        assert "One of these is gone." in errors_of(response.text)
    assert texts(desk, 2) == ["Comment 0"]


class NotTheFirst(ModelAdmin):
    def get_query(self, request: Any, statement: sa.Select[Any], action: str) -> sa.Select[Any]:
        if action == "view":
            return statement.where(self.model.text != "Comment 0")
        return statement.where(self.model.text == "Comment 2")


def test_rows_out_of_sight_stay_and_rows_out_of_reach_are_printed(blogs: MakeBlog) -> None:
    desk = furnished(blogs(admins={"Post": with_comments(), "Comment": NotTheFirst}))
    panel = desk.panel("root")
    page = panel.get(path()).text
    assert values(page, "text") == ["Comment 2"]
    assert "Comment 1" in page
    assert "Comment 0" not in page
    assert panel.post(path(), **GOOD, **row(0, 1, text="Forged")).status_code == 400
    assert panel.post(path(), **GOOD, **row(0, 2, text="Forged")).status_code == 403
    deletion = {"comment-0-_key": "2", "comment-0-_delete": "1"}
    assert panel.post(path(), **GOOD, **deletion).status_code == 403
    assert panel.post(path(), **GOOD, **row(0, 3, text="Mine")).status_code == 302
    assert texts(desk) == ["Comment 0", "Comment 1", "Mine"]


def test_a_policy_of_the_rows_holds_here_too(blogs: MakeBlog) -> None:
    def declare(blog: Blog) -> None:
        @blog.lback.permissions.policy(blog.Comment)
        class OwnComments:
            def add(self, user: Any, comment: Any) -> bool:
                return bool(comment.author_id == user.id or comment.author == user)

            def scope(self, select: Any, user: Any, action: str) -> Any:
                if action == "view":
                    return select
                return select.where(blog.Comment.author_id == user.id)

    desk = furnished(blogs(admins={"Post": with_comments()}, prepared=declare))
    key = desk.add_staff(
        "clerk", *RIGHTS, *(f"blog.{one}_comment" for one in ("view", "add", "change", "delete"))
    )
    desk.add_comments(1, 1, author_id=key)
    panel = desk.panel("clerk")
    assert len(values(panel.get(path()).text, "text")) == 1
    mine = row(0, 5, text="Mine", author=str(key))
    assert panel.post(path(), **GOOD, **mine).status_code == 302
    assert panel.post(path(), **GOOD, **row(0, 1, text="Forged")).status_code == 403
    assert panel.post(path(), **GOOD, **row(0, text="Forged", author="1")).status_code == 403
    assert panel.post(path(), **GOOD, **row(0, text="New", author=str(key))).status_code == 302
    assert texts(desk) == ["Comment 0", "Comment 1", "Comment 2", "Mine", "New"]


def test_one_row_more_comes_without_script_and_nothing_is_saved(desk: Blog) -> None:
    panel = desk.panel("root")
    sent = {**row(0, 1, text="Typed"), "title": "Half", "_more": "comment"}
    response = panel.post(path(), **{**GOOD, **sent})
    assert response.status_code == 200
    assert values(response.text, "text") == ["Typed", ""]
    assert 'value="Half"' in response.text
    assert "Not saved" not in response.text
    assert texts(desk) == ["Comment 0", "Comment 1", "Comment 2"]
    desk.add_staff("clerk", *RIGHTS, "blog.view_comment", "blog.change_comment")
    more = desk.panel("clerk").post(path(), **{**GOOD, **sent})
    assert values(more.text, "text") == ["Typed"]


def test_enter_in_a_field_saves_and_adds_no_row(desk: Blog) -> None:
    page = desk.panel("root").get(path()).text
    form = page[page.index("data-record") :]
    first = re.search(r"<button[^>]*type=\"submit\"[^>]*>", form)
    assert first is not None
    assert 'name="_save"' in first[0]


def test_the_options_say_how_many_rows_there_are(blogs: MakeBlog) -> None:
    desk = furnished(blogs(admins={"Post": with_comments(extra=2, min_num=1, max_num=4)}))
    panel = desk.panel("root")
    assert len(values(panel.get(f"{POSTS}new/").text, "text")) == 2
    assert len(values(panel.get(path()).text, "text")) == 4
    few = panel.post(f"{POSTS}new/", **{**GOOD, "slug": "new"}, **row(0))
    assert (few.status_code, "There must be 1 at least." in few.text) == (400, True)
    new = {**row(0, text="a"), **row(1, text="b")}
    many = panel.post(path(), **GOOD, **new)
    assert (many.status_code, "There can be 4 at most." in many.text) == (400, True)
    swap = panel.post(path(), **GOOD, **new, **row(2, 1, text="x", _delete="1"))
    assert swap.status_code == 302
    assert texts(desk) == ["Comment 1", "Comment 2", "a", "b"]


def test_no_more_rows_than_the_setting_says_are_on_a_page(blogs: MakeBlog) -> None:
    desk = furnished(blogs(admins={"Post": with_comments()}, LBACK_ADMIN_INLINE_LIMIT=2))
    panel = desk.panel("root")
    page = panel.get(path()).text
    assert values(page, "text") == ["Comment 0", "Comment 1"]
    assert "The first 2. The others are on their own list." in page
    flood = {f"comment-{n}-text": "x" for n in range(5)}
    response = panel.post(path(), **GOOD, **flood)
    assert (response.status_code, "These are too many." in response.text) == (400, True)
    assert len(texts(desk)) == 3


def test_rows_that_cannot_be_deleted_have_no_box(blogs: MakeBlog) -> None:
    desk = furnished(blogs(admins={"Post": with_comments(can_delete=False)}))
    panel = desk.panel("root")
    assert "_delete" not in panel.get(path()).text
    forged = panel.post(path(), **GOOD, **row(0, 1, text="Comment 0", _delete="1"))
    assert forged.status_code == 403
    assert len(texts(desk)) == 3


def test_statements_do_not_grow_with_the_rows(blogs: MakeBlog) -> None:
    desk = furnished(blogs(admins={"Post": with_comments(readonly_fields=("created_at",))}))
    desk.add_comments(1, 1, author_id=1)
    for number in range(25):
        desk.add_user(f"reader-{number}")
    panel = desk.panel("root")
    assert panel.token
    panel.get(path())
    counts = []
    for _ in range(2):
        with count_queries(desk.app) as shown:
            panel.get(path())
        keys = range(1, len(texts(desk)) + 2)
        same: dict[str, str] = {}
        for number, key in enumerate(key for key in keys if key != 4):
            same |= row(number, key, text=f"Comment {number % 3}", author=str(1 + number))
        with count_queries(desk.app) as sent:
            assert panel.post(path(), **{**GOOD, "title": ""}, **same).status_code == 400
        counts.append((len(shown), len(sent)))
        desk.add_comments(1, 20, author_id=1)
    assert counts[0] == counts[1]


def test_stacked_rows_methods_and_links_to_the_page_of_a_row(blogs: MakeBlog) -> None:
    class Lengths(StackedInline):
        @display(description="Length")
        def length(self, comment: Any) -> int:
            return len(comment.text)

    options = {
        "readonly_fields": ("length",),
        "show_change_link": True,
        "verbose_name": "reply",
        "verbose_name_plural": "replies",
        "ordering": ("-text",),
    }
    desk = furnished(blogs(admins={"Post": with_comments(Lengths, **options)}))
    page = desk.panel("root").get(path()).text
    assert values(page, "text") == ["Comment 2", "Comment 1", "Comment 0"]
    assert re.search(r"Length</p>\s*<p[^>]*><span[^>]*>9<", page)
    assert "Replies" in page
    assert "Add reply" in page
    assert '/admin/blog/comment/edit/?id=3"' in page


def test_a_look_up_in_a_row_asks_for_the_target_s_permission(blogs: MakeBlog) -> None:
    desk = furnished(blogs(admins={"Post": with_comments(autocomplete_fields=("author",))}))
    desk.add_staff(
        "clerk", "blog.view_post", "blog.change_post", "blog.view_comment", "blog.change_comment"
    )
    address = f"{POSTS}lookup/?field=comment-author&q=ro"
    panel = desk.panel("root")
    assert f'data-lookup="{POSTS}lookup/?field=comment-author"' in panel.get(path()).text
    found: Any = panel.get(address).json
    assert [one["name"] for one in found["results"]] == ["root"]
    assert desk.panel("clerk").get(address).status_code == 403
    for field in ("comment-text", "comment-post", "no-author", "-author", "comment-"):
        assert panel.get(f"{POSTS}lookup/?field={field}&q=x").status_code == 404


def test_what_somebody_else_has_saved_in_a_row_is_told_and_kept(desk: Blog) -> None:
    panel = desk.panel("root")
    seen = values(panel.get(path()).text, "_seen")
    with desk.app.app_context():
        desk.one(desk.Comment, 1).text = "Theirs"
        desk.db.session.commit()
    sent = row(0, 1, text="Mine", _seen=seen[0])
    response = panel.post(path(), **GOOD, **sent)
    assert response.status_code == 409
    said = errors_of(response.text)
    assert "Changed meanwhile to “Theirs”." in said
    assert values(response.text, "text") == ["Mine"]
    assert texts(desk)[0] == "Theirs"
    again = row(0, 1, text="Mine", _seen=values(response.text, "_seen")[0])
    assert panel.post(path(), **GOOD, **again).status_code == 302
    assert texts(desk)[0] == "Mine"


def test_hooks_of_django_are_called_for_rows(blogs: MakeBlog) -> None:
    seen: list[Any] = []

    class Hooked(TabularInline):
        def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
            seen.append((obj.text, change))
            super().save_model(request, obj, form, change)

        def delete_model(self, request: Any, obj: Any) -> None:
            seen.append(("gone", obj.text))
            super().delete_model(request, obj)

    def make(blog: Blog) -> type[ModelAdmin]:
        inline = type("In", (Hooked,), {"model": blog.Comment, "fields": ("text",)})

        class Post(PostAdmin):
            inlines = (inline,)

            def get_inlines(self, request: Any, obj: Any = None) -> Any:
                return self.inlines if obj is not None else ()

            def save_related(self, request: Any, form: Any, formsets: Any, change: bool) -> None:
                seen.append((form.instance.title, len(formsets), change))
                super().save_related(request, form, formsets, change)

        return Post

    desk = furnished(blogs(admins={"Post": make}))
    panel = desk.panel("root")
    assert "data-inline=" not in panel.get(f"{POSTS}new/").text
    sent = {
        "comment-0-_key": "1",
        "comment-0-text": "Changed",
        "comment-1-_key": "2",
        "comment-1-text": "Comment 1",
        "comment-2-_key": "3",
        "comment-2-_delete": "1",
        "comment-3-text": "New",
    }
    assert panel.post(path(), **GOOD, **sent).status_code == 302
    assert seen == [
        ("Letters", 1, True),
        ("gone", "Comment 2"),
        ("Changed", True),
        ("New", False),
    ]


def declared(**options: Any) -> Any:
    """A blog whose comments have an inline of comments, or of what the options say."""

    def make(blog: Blog) -> type[ModelAdmin]:
        chosen = {"model": blog.Comment, **options}
        if isinstance(chosen["model"], str):
            chosen["model"] = getattr(blog, chosen["model"])
        inline = type("Replies", (TabularInline,), chosen)
        return type("Comment", (ModelAdmin,), {"inlines": (inline,)})

    return {"Comment": make}


@pytest.mark.parametrize(
    ("admins", "cause", "remedy"),
    [
        (declared(), "leads to itself", "'parent_id'"),
        (declared(fk_name="post_id"), "no foreign key of Comment to Comment", "'parent_id'"),
        (declared(model="Tag"), "Tag has no foreign key to Comment", "belong to the record"),
        (declared(model=int), "no mapped class", "whose rows"),
        (declared(model="User"), "change accounts", "Register the user class"),
        (declared(fk_name="parent_id", fields=("parent_id",)), "ties the rows", "Leave it out"),
        (declared(fk_name="parent_id", fields=("txet",)), "names 'txet'", "'text'"),
        (declared(fk_name="parent_id", exta=1), "no option of an inline", "'extra'"),
        (declared(fk_name="parent_id", list_display=("text",)), "no option of an inline", ""),
        (declared(fk_name="parent_id", extra=-1), "Replies.extra is -1", "from 0 to 1000"),
        (declared(fk_name="parent_id", max_num=5_000), "max_num is 5000", "from 0 to 1000"),
        (declared(fk_name="parent_id", ordering=("post.title",)), "no column of the rows", ""),
        (declared(fk_name="parent_id", autocomplete_fields=("text",)), "names the column", ""),
        (declared(fk_name="parent_id", fields="text"), "must be a tuple", "('text',)"),
        ({"Post": type("P", (ModelAdmin,), {"inlines": (int,)})}, "no inline", "TabularInline"),
    ],
)
def test_an_inline_that_cannot_work_is_refused_at_start(
    admins: Any, cause: str, remedy: str
) -> None:
    with pytest.raises(ConfigError) as raised:
        make_blog(admins=admins)
    assert cause in str(raised.value)
    assert remedy in str(raised.value)


def test_several_ways_to_a_record_need_a_name(blogs: MakeBlog) -> None:
    def add_review(blog: Blog) -> None:
        class Review(blog.db.Model):  # type: ignore[name-defined]
            __tablename__ = "review"
            __lback_app__ = "blog"
            id: Mapped[int] = mapped_column(primary_key=True)
            note: Mapped[str] = mapped_column(sa.String(40))
            post_id: Mapped[int] = mapped_column(sa.ForeignKey("post.id"))
            answer_id: Mapped[int | None] = mapped_column(sa.ForeignKey("post.id"))

        blog.Receipt = Review

    def by(**options: Any) -> Any:
        def make(blog: Blog) -> type[ModelAdmin]:
            inline = type("Reviews", (TabularInline,), {"model": blog.Receipt, **options})
            return type("Post", (PostAdmin,), {"inlines": (inline,)})

        return make

    with pytest.raises(ConfigError, match="has several foreign keys to Post") as raised:
        blogs(admins={"Post": by()}, prepared=add_review)
    assert "'post_id', 'answer_id'" in str(raised.value)
    desk = blogs(admins={"Post": by(fk_name="answer_id")}, prepared=add_review)
    desk.add_superuser()
    desk.add_post("Letters", author="root", slug="letters")
    new = {"review-0-note": "Good", "review-0-post_id": "7", "review-0-answer_id": "8"}
    assert desk.panel("root").post(path(), **GOOD, **new).status_code == 400


def test_rows_may_lead_to_their_own_model(blogs: MakeBlog) -> None:
    desk = furnished(blogs(admins=declared(fk_name="parent_id", fields=("text", "post"))))
    with desk.app.app_context():
        desk.db.session.add(desk.Comment(text="Reply", post_id=1, parent_id=1))
        desk.db.session.commit()
    panel = desk.panel("root")
    page = panel.get("/admin/blog/comment/edit/?id=1").text
    assert values(page, "text") == ["Reply"]
    sent = {"text": "Comment 0", "post": "1", "comment-0-text": "Another", "comment-0-post": "1"}
    assert panel.post("/admin/blog/comment/edit/?id=1", **sent).status_code == 302
    with desk.app.app_context():
        found = desk.db.session.scalars(sa.select(desk.Comment).filter_by(parent_id=1))
        assert [one.text for one in found] == ["Reply", "Another"]
