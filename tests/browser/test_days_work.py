"""A day's work in the panel of the example, to taking a change back, by keys alone."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pytest
import sqlalchemy as sa
from flask import Flask

from example_app import create_app
from example_app.demo import seed
from example_app.demo.accounts import renew_accounts
from example_app.extensions import db
from example_app.models import Comment, CommentStatus, Post, PostStatus, User
from flask_lback.db.schema import initialize
from tests.support.browser import complaints_about
from tests.support.databases import DatabaseFactory
from tests.support.server import Gunicorn

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.support.browser import PageLog

pytestmark = [pytest.mark.browser, pytest.mark.service]

WHO, PERSON = "administrator", "priya"
POST = "Slugs without surprises"
NEW_TITLE = "Slugs without tears"
COMMENT = "Mine had a dot in it for years."
#: Tells what the focus is on, by the name that people hear, and whether it can be seen.
FOCUS = """() => {
  const one = document.activeElement;
  const name = one.getAttribute("aria-label") ?? one.labels?.[0]?.textContent ?? one.textContent;
  let isSeen = false;
  for (let at = one, step = 0; at && step < 3; at = at.parentElement, step += 1) {
    const style = getComputedStyle(at);
    isSeen ||= style.outlineStyle === "solid" && parseFloat(style.outlineWidth) > 0;
  }
  return [name.trim().replace(/\\s+/g, " "), isSeen];
}"""
#: Counts what only a mouse or a finger does.
NO_MOUSE = 'window.pressed = 0; addEventListener("pointerdown", () => { window.pressed += 1; });'


@dataclass
class Site:
    """The example behind gunicorn."""

    app: Flask
    url: str
    password: str

    def one(self, statement: Any) -> Any:
        """What the database holds now."""
        with self.app.app_context():
            return db.session.scalars(statement).one()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Two workers on PostgreSQL, demo content, a post with a comment, an administrator."""
    folder = tmp_path_factory.mktemp("work")
    with DatabaseFactory(folder) as database:
        env = {
            "SECRET_KEY": "c4d1b0a9f8e7d6c5b4a3928170695a4b3c",
            "DATABASE_URL": database("postgresql"),
            "LBACK_ENV": "local",
        }
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("LBACK_ENV", "local")
            app = create_app(
                SECRET_KEY=env["SECRET_KEY"], SQLALCHEMY_DATABASE_URI=env["DATABASE_URL"]
            )
        password = filled(app)
        with Gunicorn(
            "example_app:create_app()", log=folder / "work.log", workers=2, env=env
        ) as server:
            yield Site(app, server.url, password)
        with app.app_context():
            db.engine.dispose()


def filled(app: Flask) -> str:
    """Make tables and content; the administrator's password."""
    with app.app_context():
        initialize(app)
        seed(db.session, users=12, posts=30)
        accounts = {account.username: account for account in renew_accounts()}
        now = dt.datetime.now(dt.UTC)
        author = db.session.scalars(sa.select(User).filter_by(username=PERSON)).one()
        post = Post(
            title=POST,
            body="A slug is a promise.",
            author=author,
            status=PostStatus.PUBLISHED,
            published_at=now,
        )
        comment = Comment(post=post, author=author, body=COMMENT, status=CommentStatus.SHOWN)
        db.session.add_all([post, comment])
        db.session.commit()
        db.session.remove()
        db.engine.dispose()
    return accounts[WHO].password


class Keys:
    """Somebody without a mouse, and what the pages do meanwhile.

    :param page: the browser's tab.
    :param log: what a clean page does not do.
    """

    def __init__(self, page: Page, log: PageLog) -> None:
        self.page = page
        self.log = log
        self.complaints: list[str] = []

    def press(self, *keys: str) -> Self:
        """Press keys one after another."""
        for key in keys:
            self.page.keyboard.press(key)
        return self

    def write(self, text: str) -> Self:
        """Type a text over what the field holds."""
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)
        return self

    def focus(self) -> tuple[str, bool]:
        """The name of what the next key goes to, and whether it is seen."""
        name, is_seen = self.page.evaluate(FOCUS)
        return str(name), bool(is_seen)

    def to(self, name: str, *, key: str = "Tab", most: int = 120) -> Self:
        """Press Tab until something whose name begins so has the focus."""
        passed = []
        for _ in range(most):
            self.page.keyboard.press(key)
            told, is_seen = self.focus()
            if told.startswith(name):
                assert is_seen, f"Nobody sees that {told!r} has the focus."
                return self
            passed.append(told)
        raise AssertionError(f"{key} does not come to {name!r}, only to {passed}.")

    @contextmanager
    def next_page(self) -> Iterator[None]:
        """Keys that lead to another page, which is looked at before anything else is done."""
        with self.page.expect_navigation():
            yield
        assert self.page.evaluate("window.pressed") == 0
        self.look()

    def follow(self, *keys: str) -> Self:
        """Press keys of which the last leads to another page."""
        with self.next_page():
            self.press(*keys)
        return self

    def find(self, words: str, result: str) -> Self:
        """Take the palette to a page or a record."""
        self.press("Control+k")
        self.page.keyboard.type(words)
        text = self.page.get_by_text(result, exact=True)
        option = self.page.locator("#palette [role=option]").filter(has=text).first
        option.wait_for()
        for _ in range(20):
            if option.get_attribute("aria-selected") == "true":
                return self.follow("Enter")
            self.press("ArrowDown")
        raise AssertionError(f"The arrows do not come to {result!r}.")

    def search(self, words: str) -> Self:
        """Search the list."""
        self.press("/")
        self.write(words)
        return self.follow("Enter")

    def choose(self, word: str) -> Self:
        """Take an option of the select that has the focus."""
        self.page.keyboard.type(word)
        chosen = self.page.evaluate("document.activeElement.selectedOptions[0].text")
        assert chosen == word
        return self

    def told(self) -> str:
        """The message at the head of the page."""
        return str(self.page.locator("main [role=status]").first.inner_text())

    def count(self) -> int:
        """How many rows the list says that it has: "28 of 31" are 28."""
        return int(self.page.locator("h1 span").inner_text().split()[0])

    def look(self) -> None:
        """Note what is wrong with the page, in both schemes and on phones."""
        where = self.page.url
        self.complaints += [f"{where}: {one}" for one in complaints_about(self.page, (320, 360))]
        self.complaints += [f"{where}: {one}" for one in self.log.problems]
        self.log.clear()


@pytest.fixture
def keys(site: Site, new_page: Callable[..., Any]) -> Iterator[Keys]:
    """The administrator, signed in by keys; nothing on the way was unclean."""
    page, log = new_page(base_url=site.url, viewport={"width": 1440, "height": 900})
    page.add_init_script(NO_MOUSE)
    person = Keys(page, log)
    page.goto("/auth/login/?next=/admin/")
    person.to("Username or email").write(WHO)
    person.to("Password").write(site.password)
    person.follow("Enter")
    assert page.url == f"{site.url}/admin/"
    yield person
    assert person.complaints == []
    log.assert_clean()


def groups_of(site: Site, name: str) -> set[str]:
    with site.app.app_context():
        user = db.session.scalars(sa.select(User).filter_by(username=name)).one()
        return {group.name for group in user.groups}


def test_a_user_is_found_and_gets_another_group(site: Site, keys: Keys) -> None:
    keys.find(PERSON, PERSON)
    assert keys.page.locator("h1").inner_text() == PERSON
    assert "Moderators" not in groups_of(site, PERSON)
    keys.to("Moderators").press("Space").follow("Control+s")
    assert PERSON in keys.told()
    assert "Moderators" in groups_of(site, PERSON)

    # Back by the list, to take it away again.
    keys.find("users", "Users").search(PERSON).press("j")
    keys.follow("Enter")
    keys.to("Moderators").press("Space").follow("Control+s")
    assert "Moderators" not in groups_of(site, PERSON)
    keys.find(PERSON, PERSON).to("History").follow("Enter")
    changes = keys.page.locator("main li", has_text="Moderators")
    assert changes.count() == 2


def test_a_post_is_changed_with_its_comment_and_the_change_taken_back(
    site: Site, keys: Keys
) -> None:
    keys.find("surprises", POST)
    keys.to("Title").write(NEW_TITLE)
    keys.to("Status", most=20)  # of the comment: the rows come before the side column
    keys.choose("Hidden")
    assert keys.page.locator("[data-save]").inner_text() == "Save 2 changes"
    keys.follow("Control+s")
    assert NEW_TITLE in keys.told()
    hidden = sa.select(Comment.status).filter_by(body=COMMENT)
    assert site.one(hidden) is CommentStatus.HIDDEN

    # The history says what was there.
    keys.find("tears", NEW_TITLE).to("History").follow("Enter")
    title = keys.page.locator("main li", has_text=NEW_TITLE).first
    assert title.locator("del").first.inner_text() == POST
    keys.to("Edit").follow("Enter")
    keys.to("Title").write(POST)
    keys.to("Status", most=20).choose("Shown")
    keys.follow("Control+s")
    assert site.one(hidden) is CommentStatus.SHOWN
    assert site.one(sa.select(Post.title).join(Comment).where(Comment.body == COMMENT)) == POST
    keys.find("surprises", POST).to("History").follow("Enter")
    assert keys.page.locator("main li", has_text=NEW_TITLE).count() == 2


def test_posts_are_filtered_exported_and_hidden_together(
    site: Site, keys: Keys, tmp_path: Path
) -> None:
    keys.find("posts", "Posts").to("Status").press("Enter")
    keys.to("Published", most=8).follow("Enter")
    shown = keys.count()
    with site.app.app_context():
        published = sa.select(Post).filter_by(status=PostStatus.PUBLISHED)
        titles = {post.title for post in db.session.scalars(published)}
        everything = len(db.session.scalars(sa.select(Post.id)).all())
    assert shown == len(titles) < everything

    keys.to("Export").press("Enter")
    with keys.page.expect_download() as started:
        keys.to("CSV", most=5).press("Enter")
    path = tmp_path / "posts.csv"
    started.value.save_as(path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["title"] for row in rows} == titles
    keys.press("Escape")

    keys.press("j", "x", "j", "x")
    assert "2 selected" in keys.page.locator(".bulk").inner_text()
    chosen = keys.page.locator("tr:has(.sel:checked) .rowlink").all_inner_texts()
    keys.to("Hide from readers", key="Shift+Tab").follow("Enter")
    assert "2 posts hidden." in keys.told()
    with site.app.app_context():
        hidden = sa.select(Post.title).filter_by(status=PostStatus.HIDDEN)
        assert set(chosen) <= set(db.session.scalars(hidden))
    assert keys.count() == shown - 2


def test_a_cell_of_the_list_is_changed_and_saved(site: Site, keys: Keys) -> None:
    keys.find("posts", "Posts").search("slugs without")
    keys.to("Status of").choose("Hidden")
    keys.follow("Control+s")
    assert site.one(sa.select(Post.status).filter_by(title=POST)) is PostStatus.HIDDEN
    keys.to("Status of").choose("Published")
    keys.follow("Control+s")
    assert site.one(sa.select(Post.status).filter_by(title=POST)) is PostStatus.PUBLISHED
