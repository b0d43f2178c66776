"""What the panel refuses is noted, and nobody fills the table with it (AD-13)."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest

from flask_lback.admin import ModelAdmin

from .blog import Blog
from .changing import entries
from .conftest import MakeBlog

POSTS, USERS = "/admin/blog/post/", "/admin/people/user/"


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Callable[[], list[dict[str, Any]]]:
    """The lines of the security log about refusals."""
    caplog.set_level(logging.INFO, "flask_lback.audit")

    def read() -> list[dict[str, Any]]:
        texts = [one.getMessage() for one in caplog.records if one.name == "flask_lback.audit"]
        return [line for text in texts if (line := json.loads(text))["action"] == "admin.denied"]

    return read


def refused(response: Any, status: int = 403) -> None:
    """The answer was no; once it has left, the row is written."""
    assert response.status_code == status
    response.close()


def test_a_page_that_is_refused_is_kept(blog: Blog) -> None:
    blog.add_staff("clerk", "blog.view_post")
    refused(blog.panel("clerk").get(f"{USERS}?q=x"))
    [entry] = entries(blog)
    assert (entry.action, entry.outcome, entry.actor_name) == ("admin.denied", "refused", "clerk")
    assert entry.details == {
        "path": USERS,
        "method": "GET",
        "reason": "permission_denied",
        "permission": "people.view_user",
    }


def test_an_account_without_the_panel_is_kept_as_well(blog: Blog) -> None:
    blog.add_user("member")
    refused(blog.panel("member").get("/admin/"))
    assert [entry.actor_name for entry in entries(blog)] == ["member"]


def test_many_refusals_are_many_lines_and_one_row_a_minute(
    blog: Blog, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    blog.add_staff("clerk")
    blog.add_staff("other")
    panel = blog.panel("clerk")
    for path in (POSTS, USERS, f"{POSTS}new/", f"{POSTS}delete/?id=1") * 3:
        refused(panel.get(path))
    assert len(lines()) == 12
    assert len(entries(blog)) == 1
    refused(blog.panel("other").get(POSTS))
    assert [entry.actor_name for entry in entries(blog)] == ["clerk", "other"]


def test_a_right_that_is_refused_is_kept_beside_refused_pages(blog: Blog) -> None:
    blog.add_staff("clerk", "people.change_user", "people.view_user", "auth.view_group")
    blog.add_superuser()
    panel = blog.panel("clerk")
    refused(panel.get(POSTS))
    # Of an account that may do more than the clerk.
    refused(panel.act(USERS, "deactivate", 2), 302)
    with blog.app.app_context():
        assert blog.one(blog.User, 2).is_active
    reasons = [entry.details["reason"] for entry in entries(blog)]
    assert reasons == ["permission_denied", "rights_refused"]


def test_a_refusal_in_a_handler_or_a_hook_is_kept_once(blogs: MakeBlog) -> None:
    class Shut(ModelAdmin):
        def has_view_permission(self, request: Any, obj: Any = None) -> bool:
            return False

    blog = blogs(admins={"Tag": Shut})
    blog.add_superuser()
    refused(blog.panel("root").get("/admin/blog/tag/"))
    assert [entry.details["path"] for entry in entries(blog)] == ["/admin/blog/tag/"]


def test_a_visitor_who_is_led_to_the_sign_in_page_is_no_refusal(
    blog: Blog, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    assert blog.panel(None).get(POSTS).status_code == 302
    assert lines() == []
    assert entries(blog) == []


def test_a_refused_deletion_of_the_last_superuser_is_kept(blog: Blog) -> None:
    blog.add_superuser()
    panel = blog.panel("root")
    refused(panel.delete(USERS, 1), 409)
    assert [entry.details["reason"] for entry in entries(blog)] == ["rights_refused"]
    assert blog.count(blog.User) == 1
