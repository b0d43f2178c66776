"""Accounts of the panel in a browser: the matrix, a password that is set, another's eyes."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.serving import make_server

from flask_lback.auth import UserManager, get_models
from tests.admin.blog import Blog, make_blog
from tests.support.apps import PASSWORD
from tests.support.browser import complaints_about

from .test_journey import sign_in

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.service]
GROUP = "/admin/auth/group/edit/?id=1"


def define(blog: Blog) -> None:
    blog.lback.permissions.define("blog.publish_post", "Publish posts")


@pytest.fixture
def desk(tmp_path: Any) -> Iterator[tuple[Blog, str]]:
    """The blog with a group of two, served from a thread, and its address."""
    blog = make_blog(f"sqlite:///{tmp_path}/blog.sqlite", prepared=define)
    blog.add_superuser()
    blog.add_group("Editors", "blog.view_post", "blog.delete_comment")
    blog.add_user("ada", groups=("Editors",))
    blog.add_staff(
        *("clerk", "auth.view_group", "auth.change_group", "auth.view_permission"),
        *("blog.view_post", "blog.add_post"),
        groups=("Editors",),
    )
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
def browse(desk: tuple[Blog, str], new_page: Callable[..., Any]) -> Iterator[Callable[[str], Page]]:
    """``browse(name)`` opens somebody's browser; nothing that it does may be unclean."""
    logs = []

    def opened(name: str) -> Page:
        tab, log = new_page(base_url=desk[1], viewport={"width": 1440, "height": 900})
        logs.append(log)
        sign_in(tab, name, PASSWORD)
        tab.wait_for_url(re.compile("/(auth/account|admin)?/?$"))
        return tab  # type: ignore[no-any-return]

    yield opened
    for log in logs:
        log.assert_clean()


def test_a_row_is_filled_at_once_and_the_bar_says_what_it_does(
    desk: tuple[Blog, str], browse: Callable[[str], Page]
) -> None:
    page = browse("root")
    page.goto(GROUP)
    bar = page.locator("[data-reach]")
    assert bar.inner_text() == "Reaches 2 members on their next request."
    page.get_by_role("checkbox", name="tag: view").check()
    assert bar.inner_text().startswith("Gives blog.view_tag. Reaches 2 members")
    page.get_by_role("checkbox", name="tag: view").uncheck()
    row = page.get_by_role("button", name="Posts: all")
    row.click()
    assert bar.inner_text().startswith("Gives 5 permissions. Reaches 2 members")
    assert page.get_by_role("checkbox", name="post: publish_post").is_checked()
    row.click()
    assert bar.inner_text().startswith("Takes blog.view_post. Reaches 2 members")
    row.click()
    page.get_by_role("button", name=re.compile("^Save \\d")).click()
    page.wait_for_url("**/admin/auth/group/")
    with desk[0].app.app_context():
        ada: Any = UserManager().get_user("ada")
        assert ada.has_permissions(["blog.publish_post", "blog.add_post", "blog.delete_comment"])
        assert len(desk[0].one(get_models().Group, 1).permissions) == 7


def test_all_of_a_row_leaves_what_is_locked_and_the_page_is_accessible(
    browse: Callable[[str], Page],
) -> None:
    page = browse("clerk")
    page.goto(GROUP)
    assert page.get_by_role("checkbox", name="post: change").is_disabled()
    page.get_by_role("button", name="Posts: all").click()
    assert page.get_by_role("checkbox", name="post: add").is_checked()
    assert not page.get_by_role("checkbox", name="post: change").is_checked()
    assert complaints_about(page, widths=(360, 320)) == []


def test_the_site_is_seen_as_somebody_else_by_keyboard_and_left_again(
    browse: Callable[[str], Page],
) -> None:
    page = browse("root")
    page.goto("/admin/people/user/edit/?id=2")
    page.get_by_role("button", name="See the site as ada").press("Enter")
    page.wait_for_url(re.compile("^[^/]*//[^/]*/$"))
    page.goto("/auth/account/")
    bar = page.get_by_role("region", name="You see the site as somebody else")
    assert "You see the site as ada. You are root." in bar.inner_text()
    assert complaints_about(page, widths=(320,)) == []
    bar.get_by_role("button", name="Stop").press("Enter")
    page.wait_for_url("**/admin/")
    assert page.get_by_text("You are yourself again.").is_visible()


def test_the_page_that_sets_a_password_is_accessible(browse: Callable[[str], Page]) -> None:
    page = browse("root")
    page.goto("/admin/people/user/edit/?id=2")
    page.get_by_role("link", name="Set password…").click()
    page.get_by_label("New password", exact=True).fill("short")
    page.get_by_role("button", name="Set password").click()
    page.get_by_role("alert").first.wait_for()
    assert page.get_by_role("switch", name=re.compile("Must change")).is_checked()
    assert complaints_about(page, widths=(320,)) == []
