"""The form of a record in a browser: rows, look-ups, slugs, counting, leaving, folding."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from werkzeug.serving import make_server

from flask_lback.admin import ModelAdmin, StackedInline, TabularInline
from tests.admin.blog import Blog, PostAdmin, make_blog
from tests.support.apps import PASSWORD
from tests.support.browser import complaints_about

from .test_journey import sign_in

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.service]

EDIT = "/admin/blog/post/edit/?id=1"
NEW = "/admin/blog/post/new/"
CARDS = (
    ("Post", {"fields": ("title", "slug", "author", "body", "tags")}),
    ("Publishing", {"fields": ("status", "is_featured", "published_at"), "classes": ("side",)}),
    ("Data", {"fields": ("data",), "classes": ("collapse",), "description": "For programs."}),
)


def post_admin(blog: Blog) -> type[ModelAdmin]:
    """A form with everything."""
    table: dict[str, Any] = {"fields": ("text", "author"), "autocomplete_fields": ("author",)}
    stack = {"fields": ("text",), "verbose_name": "reply", "verbose_name_plural": "replies"}
    inlines = (
        type("Comments", (TabularInline,), {**table, "model": blog.Comment, "max_num": 4}),
        type("Replies", (StackedInline,), {**stack, "model": blog.Comment}),
    )
    options = {
        "fieldsets": CARDS,
        "prepopulated_fields": {"slug": ("title",)},
        "filter_horizontal": ("tags",),
        "inlines": inlines,
    }
    return type("Post", (PostAdmin,), options)


@pytest.fixture
def desk(tmp_path: Any) -> Iterator[tuple[Blog, str]]:
    """The blog, served from a thread, and its address."""
    blog = make_blog(f"sqlite:///{tmp_path}/blog.sqlite", admins={"Post": post_admin})
    blog.add_superuser()
    blog.add_user("ada")
    blog.add_post("Letters", author="root", slug="letters")
    blog.add_comments(1, 2)
    with blog.app.app_context():
        blog.db.session.add_all(blog.Tag(name=name) for name in ("sea", "train", "travel"))
        blog.db.session.commit()
    server = make_server("127.0.0.1", 0, blog.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield blog, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
    with blog.app.app_context():
        blog.db.engine.dispose()


@pytest.fixture
def page(desk: tuple[Blog, str], new_page: Callable[..., Any]) -> Iterator[Page]:
    """A superuser's browser; nothing that it did was unclean."""
    tab, log = new_page(base_url=desk[1], viewport={"width": 1440, "height": 900})
    sign_in(tab, "root", PASSWORD)
    yield tab
    log.assert_clean()


def texts(blog: Blog) -> list[str]:
    with blog.app.app_context():
        return list(blog.db.session.scalars(sa.select(blog.Comment.text).order_by(blog.Comment.id)))


def save_words(page: Page) -> str:
    return str(page.locator("[data-save]").inner_text())


def table(page: Page) -> Any:
    return page.locator("[data-inline=comment]")


def test_rows_are_added_and_taken_away_without_the_server(
    desk: tuple[Blog, str], page: Page
) -> None:
    page.goto(EDIT)
    rows = table(page)
    add = rows.get_by_role("button", name="Add comment")
    add.click()
    page.keyboard.type("Typed at once")
    rows.get_by_role("combobox").last.fill("ad")
    page.locator("li[role=option]", has_text="ada").click()
    add.click()
    assert add.is_disabled()
    rows.get_by_role("button", name="Remove this row").last.click()
    assert add.is_enabled()
    stack = page.locator("[data-inline=comment2]")
    stack.get_by_role("button", name="Add reply").click()
    page.keyboard.type("From the stack")
    rows.get_by_role("checkbox", name="Delete").first.check()
    assert save_words(page) == "Save 3 changes"
    page.get_by_role("button", name="Save 3 changes").click()
    page.wait_for_url("**/admin/blog/post/")
    assert texts(desk[0]) == ["Comment 1", "Typed at once", "From the stack"]
    with desk[0].app.app_context():
        comment = desk[0].db.session.scalar(
            sa.select(desk[0].Comment).filter_by(text="Typed at once")
        )
        assert comment.author.username == "ada"


def test_the_button_counts_what_has_changed(page: Page) -> None:
    page.goto(EDIT)
    assert save_words(page) == "Save"
    title = page.get_by_label("Title")
    title.fill("Other")
    assert save_words(page) == "Save 1 change"
    page.get_by_label("Featured").check()
    page.get_by_label("Status").select_option("published")
    page.get_by_role("checkbox", name="sea").check()
    page.get_by_role("checkbox", name="train", exact=True).check()
    assert save_words(page) == "Save 4 changes"
    title.fill("Letters")
    page.get_by_label("Featured").uncheck()
    assert save_words(page) == "Save 2 changes"
    page.get_by_label("Author", exact=True).first.select_option(index=0)
    assert save_words(page) == "Save 3 changes"
    page.goto(NEW)
    page.get_by_label("Title").fill("New")
    assert save_words(page) == "Add post"


def test_leaving_asks_when_something_would_be_lost(page: Page) -> None:
    asked: list[str] = []

    def stay(dialog: Any) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.goto(EDIT)
    page.get_by_role("link", name="Tags").click()
    page.wait_for_url("**/tag/")
    assert asked == []
    page.goto(EDIT)
    page.get_by_label("Title").fill("Other")
    page.get_by_role("link", name="Tags").click()
    page.wait_for_timeout(300)
    assert asked == ["beforeunload"]
    assert page.get_by_label("Title").input_value() == "Other"
    page.keyboard.press("Control+s")
    page.wait_for_url("**/admin/blog/post/")
    assert asked == ["beforeunload"]


def test_a_slug_follows_its_title_until_somebody_writes_one(
    desk: tuple[Blog, str], page: Page
) -> None:
    page.goto(NEW)
    title, slug = page.get_by_label("Title"), page.get_by_label("Slug")
    title.press_sequentially("Über den Fluss: 2")
    assert slug.input_value() == "uber-den-fluss-2"
    slug.fill("own")
    title.press("End")
    title.press_sequentially("x")
    assert slug.input_value() == "own"
    slug.fill("")
    title.press("End")
    title.press_sequentially("y")
    assert slug.input_value() == "uber-den-fluss-2xy"
    page.goto(EDIT)
    page.get_by_label("Title").fill("Another")
    assert page.get_by_label("Slug").input_value() == "letters"


def test_a_card_folds_and_a_long_list_is_narrowed(page: Page) -> None:
    page.goto(EDIT)
    assert not page.locator("#f-data").is_visible()
    page.get_by_text("For programs.").click()
    assert page.locator("#f-data").is_visible()
    narrow = page.get_by_label("Narrow the list: Tags")
    narrow.fill("tra")
    boxes = page.locator(".choices label")
    assert [one.inner_text() for one in boxes.all() if one.is_visible()] == ["train", "travel"]
    narrow.press("Enter")
    assert re.search(r"/edit/", page.url)


@pytest.mark.parametrize("width", [1440, 390])
def test_the_form_is_clean_and_fits(page: Page, width: int) -> None:
    for path in (EDIT, NEW):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(path)
        for button in page.locator("[data-inline-add]").all():
            button.click()
        page.get_by_text("For programs.").click()
        assert complaints_about(page, (320, 390)) == []
    page.get_by_role("button", name="Add post", exact=True).click()
    page.locator("#errors").wait_for()
    assert page.evaluate("document.activeElement.id") == "errors"
    assert complaints_about(page, (320, 390)) == []
