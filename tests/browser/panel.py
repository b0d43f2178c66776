"""The pages of the panel as the example shows them, for tests and pictures."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import sqlalchemy as sa
from flask import Flask
from werkzeug.serving import make_server

from example_app.demo.accounts import Account, renew_accounts
from example_app.extensions import db
from example_app.models import Comment, Post, User

if TYPE_CHECKING:
    from playwright.sync_api import Page

    Act = Callable[[Page], None]

CHIEF = "administrator"
#: Rows that can be imported, and two that cannot.
TAGS = b"id,name\n,tides\n,\n1,birdsong\n4711,boats and trains\n2,\n,night ferries\n"


@dataclass
class Example:
    """The example while it is served.

    :ivar keys: what the addresses of pages are filled with.
    """

    app: Flask
    url: str
    accounts: dict[str, Account]
    keys: dict[str, int] = field(default_factory=dict)

    def sign_in(self, page: Page, name: str) -> None:
        """Fill the sign-in form."""
        page.goto("/auth/login/")
        page.get_by_label("Username or email").fill(self.accounts[name].username)
        page.get_by_label("Password", exact=True).fill(self.accounts[name].password)
        with page.expect_navigation():
            page.get_by_role("button", name="Sign in", exact=True).click()


@dataclass(frozen=True)
class PanelView:
    """One page of the panel.

    :ivar name: of its picture.
    :ivar path: where it is, with the names of keys.
    :ivar act: what an administrator does on it.
    """

    name: str
    path: str
    act: Act | None = None

    def open(self, site: Example, page: Page) -> int:
        """Go there, do it, and say with what status the page came."""
        response = page.goto(self.path.format(**site.keys))
        assert response is not None
        if self.act is not None:
            self.act(page)
        return response.status


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """The application on a free port, in a thread."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def example(app: Flask) -> Iterator[Example]:
    """Serve the example, whose tables are filled."""
    with app.app_context():
        accounts = {account.username: account for account in renew_accounts()}
        said = sa.func.count(Comment.id)
        most = sa.select(Comment.post_id).group_by(Comment.post_id).order_by(said.desc()).limit(1)
        keys = {
            "post": db.session.scalars(most).one(),
            "user": db.session.scalars(sa.select(User.id).filter_by(username="priya")).one(),
        }
        db.session.remove()
    with serving(app) as url:
        yield Example(app, url, accounts, keys)
    with app.app_context():
        db.engine.dispose()


def work(site: Example, page: Page) -> None:
    """Change something, so that there is a history to look at."""
    site.sign_in(page, CHIEF)
    edit = f"/admin/blog/post/edit/?id={site.keys['post']}"
    with site.app.app_context():
        title = db.session.get_one(Post, site.keys["post"]).title
    for change in (f"{title}, revised", title):
        page.goto(edit)
        page.get_by_label("Title", exact=True).fill(change)
        if change == title:
            page.locator("#f-status").select_option(label="Hidden")
        save(page)
    page.goto(edit)
    page.locator("#f-status").select_option(label="Published")
    page.locator("[data-inline-row] select").first.select_option(label="Hidden")
    save(page)
    page.goto(f"/admin/blog/user/edit/?id={site.keys['user']}")
    page.get_by_label("Moderators").check()
    save(page)
    page.goto("/admin/blog/tag/new/")
    page.get_by_label("Name", exact=True).fill("lighthouses")
    save(page)


def save(page: Page) -> None:
    """Press the main button of a form."""
    with page.expect_navigation():
        page.locator("[data-save]").click()


def change_cells(page: Page) -> None:
    """Choose another state in two rows of a list."""
    for number in (1, 3):
        page.locator("[data-cell] select").nth(number).select_option(label="Hidden")
    page.locator("[data-cells]").wait_for()


def choose_rows(page: Page) -> None:
    """Choose two rows of a list."""
    for number in (1, 2):
        page.locator(".sel").nth(number).check()


def open_export(page: Page) -> None:
    """Open the menu of formats."""
    page.get_by_role("button", name="Export").click()


def show_comments(page: Page) -> None:
    """Go down to the rows of comments, one of them changed."""
    row = page.locator("[data-inline-row]").nth(1)
    row.locator("select").select_option(label="Hidden")
    page.locator("[data-inline]").first.evaluate("one => one.scrollIntoView()")


def take_rights(page: Page) -> None:
    """Give one right and take another."""
    rows = page.locator("[data-matrix] tbody tr:not(.part)")
    for model, number in (("Tags", 0), ("Comments", 2)):
        row = rows.filter(has=page.get_by_role("rowheader", name=model))
        row.locator("input").nth(number).click()
    page.locator("[data-matrix]").evaluate("one => one.scrollIntoView()")


def try_file(page: Page) -> None:
    """Have a file checked before anything is written."""
    file = {"name": "tags.csv", "mimeType": "text/csv", "buffer": TAGS}
    page.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    with page.expect_navigation():
        page.get_by_role("button", name="Check the file").click()


def open_palette(page: Page) -> None:
    """Find something by a few letters."""
    page.keyboard.press("Control+k")
    page.keyboard.type("har")
    page.locator("#palette [data-palette-found]").first.wait_for()


def see_as_another(page: Page) -> None:
    """Look at the site with the account of somebody else."""
    with page.expect_navigation():
        page.get_by_role("button", name="See the site as").click()


PANEL = (
    PanelView("admin-dashboard", "/admin/"),
    PanelView("admin-list", "/admin/blog/post/", change_cells),
    PanelView("admin-bulk", "/admin/blog/comment/", choose_rows),
    PanelView("admin-export", "/admin/blog/tag/", open_export),
    PanelView("admin-users", "/admin/blog/user/"),
    PanelView("admin-form", "/admin/blog/post/edit/?id={post}"),
    PanelView("admin-inlines", "/admin/blog/post/edit/?id={post}", show_comments),
    PanelView("admin-matrix", "/admin/auth/group/edit/?id=2", take_rights),
    PanelView("admin-history", "/admin/blog/post/history/?id={post}"),
    PanelView("admin-delete", "/admin/blog/user/delete/?id={user}"),
    PanelView("admin-import", "/admin/blog/tag/import/", try_file),
    PanelView("admin-search", "/admin/search/?q=har"),
    PanelView("admin-palette", "/admin/blog/post/", open_palette),
    PanelView("admin-password", "/admin/blog/user/password/?id={user}"),
    PanelView("admin-audit", "/admin/auth/auditentry/"),
    # The last: from then on the browser is somebody else's.
    PanelView("admin-impersonation", "/admin/blog/user/edit/?id={user}", see_as_another),
)
