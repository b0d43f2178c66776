"""Permissions of a group, and of an account alone, as a matrix of models by actions."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from flask_lback.auth import get_models
from flask_lback.testing import count_queries

from .blog import Blog
from .conftest import MakeBlog

GROUPS, USERS = "/admin/auth/group/", "/admin/people/user/"
CLERK = (
    *("auth.view_group", "auth.change_group", "auth.view_permission"),
    *("blog.view_post", "blog.change_post", "blog.publish_post"),
)


def define(blog: Blog) -> None:
    blog.lback.permissions.define("blog.publish_post", "Publish posts")
    blog.lback.permissions.define("blog.feature", "Choose what stands on the front page")


@pytest.fixture
def desk(blogs: MakeBlog) -> Blog:
    blog = blogs(prepared=define)
    blog.add_superuser()
    blog.add_staff("clerk", *CLERK)
    return blog


def boxes(html: str) -> dict[str, tuple[str, bool, bool]]:
    """By their names for screen readers: value, whether checked, whether locked."""
    found = {}
    for tag in re.findall(r"<input[^>]*data-permission[^>]*>", html):
        name = unescape(re.findall(r'aria-label="([^"]*)"', tag)[0])
        assert name not in found, "two boxes are called the same"
        value = re.findall(r'value="([^"]*)"', tag)[0]
        found[name] = (value, " checked" in tag, " disabled" in tag)
    return found


def keys(desk: Blog, *names: str) -> list[str]:
    with desk.app.app_context():
        kind: Any = get_models().Permission
        return [str(desk.db.session.query(kind).filter_by(name=name).one().id) for name in names]


def held(desk: Blog, group: Any) -> set[str]:
    with desk.app.app_context():
        found: Any = desk.one(get_models().Group, group)
        return {one.name for one in found.permissions}


def test_every_permission_is_one_box_with_a_name_of_its_own(desk: Blog) -> None:
    group = desk.add_group("Editors", "blog.change_post", "blog.feature")
    html = desk.panel("root").get(f"{GROUPS}edit/?id={group}").text
    found = boxes(html)
    assert found["post: change"] == (*keys(desk, "blog.change_post"), True, False)
    assert found["post: delete"][1:] == (False, False)
    assert found["post: export"][1:] == (False, False)
    assert found["post: publish_post"][1:] == (False, False)
    assert found["blog: feature"][1:] == (True, False)
    assert found["audit entry: view"][1:] == (False, False)
    assert len(found) == desk.count(get_models_in(desk).Permission)
    heads = [unescape(one) for one in re.findall(r'<th scope="row">([^<]*)</th>', html)]
    assert {"Posts", "Audit entries", "Groups", "Other rights"} <= set(heads)
    columns = re.findall(r'<th class="c" scope="col">([^<]*)</th>', html)
    assert columns == ["View", "Add", "Change", "Delete", "Export"]


def get_models_in(desk: Blog) -> Any:
    with desk.app.app_context():
        return get_models()


def test_what_is_ticked_is_given_and_the_rest_is_taken(desk: Blog) -> None:
    group = desk.add_group("Editors", "blog.change_post", "blog.feature")
    chosen = keys(desk, "blog.view_post", "blog.change_post")
    panel = desk.panel("root")
    panel.post(f"{GROUPS}edit/?id={group}", name="Editors", permissions=chosen)
    assert held(desk, group) == {"blog.view_post", "blog.change_post"}


def test_what_one_does_not_hold_is_locked_and_stays_as_it_is(desk: Blog) -> None:
    group = desk.add_group("Editors", "blog.change_post", "blog.delete_post")
    panel, path = desk.panel("clerk"), f"{GROUPS}edit/?id={group}"
    html = panel.get(path).text
    found = boxes(html)
    assert found["post: delete"][1:] == (True, True)
    assert found["post: add"][1:] == (False, True)
    assert found["post: view"][1:] == (False, False)
    assert "You do not hold these permissions" in html
    sent = keys(desk, "blog.view_post", "blog.add_post")
    panel.post(path, name="Editors", permissions=sent)
    assert held(desk, group) == {"blog.view_post", "blog.delete_post"}


def test_a_group_says_whom_a_change_reaches(desk: Blog) -> None:
    group = desk.add_group("Editors", "blog.change_post")
    panel, path = desk.panel("root"), f"{GROUPS}edit/?id={group}"
    assert "Reaches 0 members on their next request." in panel.get(path).text
    for name in ("ada", "ben", "eve"):
        desk.add_user(name, groups=("Editors",))
    html = panel.get(path).text
    assert "Reaches 3 members on their next request." in html
    assert "3 members · 1 permission<" in html


def test_the_permissions_of_an_account_alone_are_a_matrix_too(desk: Blog) -> None:
    key = desk.add_user("ada", "blog.view_post")
    panel, path = desk.panel("root"), f"{USERS}edit/?id={key}"
    assert boxes(panel.get(path).text)["post: view"][1:] == (True, False)
    fields = {"username": "ada", "email": "ada@example.org", "is_active": "y"}
    chosen = keys(desk, "blog.view_post", "blog.publish_post")
    panel.post(path, **fields, user_permissions=chosen)
    with desk.app.app_context():
        ada: Any = desk.one(desk.User, key)
        assert {one.name for one in ada.user_permissions} == {"blog.view_post", "blog.publish_post"}


def test_more_permissions_than_a_select_would_list_are_still_boxes(blogs: MakeBlog) -> None:
    def many(blog: Blog) -> None:
        for number in range(250):
            blog.lback.permissions.define(f"shop.sell_{number}", "")

    blog = blogs(prepared=many)
    blog.add_superuser()
    group = blog.add_group("Editors")
    panel = blog.panel("root")
    panel.get("/admin/")
    with count_queries(blog.app) as statements:
        html = panel.get(f"{GROUPS}edit/?id={group}").text
    assert sum(name.startswith("shop: sell_") for name in boxes(html)) == 250
    assert len(statements) <= 10, statements


def test_whoever_may_not_see_permissions_gets_no_matrix_and_changes_none(desk: Blog) -> None:
    group = desk.add_group("Editors", "blog.change_post")
    desk.add_staff("other", "auth.view_group", "auth.change_group", "blog.change_post")
    panel, path = desk.panel("other"), f"{GROUPS}edit/?id={group}"
    assert boxes(panel.get(path).text) == {}
    panel.post(path, name="Editors", permissions=keys(desk, "blog.view_post"))
    assert held(desk, group) == {"blog.change_post"}
