"""Nobody gives or takes what he does not hold; the last superuser stays (RB-7, RB-8, AD-4)."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from flask_lback.admin import ModelAdmin
from flask_lback.auth import get_models
from tests.support.visitor import errors_of

from .blog import Blog
from .conftest import MakeBlog

USERS = "/admin/people/user/"
GROUPS = "/admin/auth/group/"
PERMISSIONS = "/admin/auth/permission/"
EVERY_ACCOUNT_RIGHT = [
    f"{app}.{action}_{model}"
    for app, model in (("people", "user"), ("auth", "group"), ("auth", "permission"))
    for action in ("view", "add", "change", "delete")
]


@pytest.fixture
def desk(blog: Blog) -> Blog:
    """A superuser, a clerk who manages accounts and is in Clerks, and a member."""
    blog.add_superuser()
    blog.add_group("Clerks", "blog.view_post", *EVERY_ACCOUNT_RIGHT)
    blog.add_group("Owners", "blog.view_post", "blog.delete_post")
    blog.add_staff("clerk", groups=["Clerks"])
    blog.add_user("ada")
    return blog


def key_of(blog: Blog, model: str, **by: Any) -> str:
    with blog.app.app_context():
        kind: Any = getattr(get_models(), model)
        return str(blog.db.session.scalar(sa.select(kind).filter_by(**by)).id)


def user(blog: Blog, name: str) -> str:
    return key_of(blog, "User", username=name)


def group(blog: Blog, name: str) -> str:
    return key_of(blog, "Group", name=name)


def permission(blog: Blog, name: str) -> str:
    return key_of(blog, "Permission", name=name)


def rights(blog: Blog, name: str) -> tuple[Any, ...]:
    """Flags, groups and permissions of an account."""
    with blog.app.app_context():
        found = blog.db.session.scalar(sa.select(blog.User).filter_by(username=name))
        groups = {one.name for one in found.groups}
        direct = {one.name for one in found.user_permissions}
        return found.is_staff, found.is_superuser, groups, direct


def form(name: str, **more: Any) -> dict[str, Any]:
    return {"username": name, "email": f"{name}@example.org", "is_active": "y", **more}


def test_the_superuser_flag_of_a_forged_form_is_not_written(desk: Blog) -> None:
    panel = desk.panel("clerk")
    for name in ("ada", "clerk"):
        path = f"{USERS}edit/?id={user(desk, name)}"
        assert "is_superuser" not in panel.get(path).text.split("savebar")[0].split("Facts")[0]
        more = {"is_staff": "y"} if name == "clerk" else {}
        kept = group(desk, "Clerks") if name == "clerk" else ""
        panel.post(path, **form(name, is_superuser="y", groups=[kept], **more))
        assert rights(desk, name)[1] is False
    added = panel.post(f"{USERS}new/", **form("eve", is_superuser="y"))
    assert added.status_code == 302
    assert rights(desk, "eve")[:2] == (False, False)


def test_a_group_is_given_by_its_members_only(desk: Blog) -> None:
    panel = desk.panel("clerk")
    both = [group(desk, "Clerks"), group(desk, "Owners")]
    panel.post(f"{USERS}edit/?id={user(desk, 'ada')}", **form("ada", groups=both))
    assert rights(desk, "ada")[2] == {"Clerks"}
    panel.post(f"{USERS}edit/?id={user(desk, 'ada')}", **form("ada", groups=[]))
    assert rights(desk, "ada")[2] == set()
    panel.post(f"{USERS}new/", **form("eve", groups=both))
    assert rights(desk, "eve")[2] == {"Clerks"}


def test_what_one_does_not_hold_stays_where_it_is(desk: Blog) -> None:
    desk.panel("root").post(
        f"{USERS}edit/?id={user(desk, 'ada')}",
        **form(
            "ada",
            groups=[group(desk, "Owners")],
            user_permissions=[permission(desk, "blog.add_post")],
        ),
    )
    panel = desk.panel("clerk")
    page = panel.get(f"{USERS}edit/?id={user(desk, 'ada')}").text
    assert "What you do not hold yourself, you cannot give or take." in page
    panel.post(f"{USERS}edit/?id={user(desk, 'ada')}", **form("ada"))
    assert rights(desk, "ada")[2:] == ({"Owners"}, {"blog.add_post"})


def test_a_permission_is_given_by_those_who_hold_it(desk: Blog) -> None:
    panel = desk.panel("clerk")
    wanted = [permission(desk, "blog.view_post"), permission(desk, "blog.delete_post")]
    for name in ("ada", "clerk"):
        more = {"is_staff": "y", "groups": [group(desk, "Clerks")]} if name == "clerk" else {}
        panel.post(
            f"{USERS}edit/?id={user(desk, name)}", **form(name, user_permissions=wanted, **more)
        )
        assert "blog.view_post" in rights(desk, name)[3]
        assert "blog.delete_post" not in rights(desk, name)[3]


def test_a_group_gets_no_permission_that_one_does_not_hold(desk: Blog) -> None:
    panel = desk.panel("clerk")
    wanted = [permission(desk, "blog.view_post"), permission(desk, "blog.delete_post")]
    kept = [permission(desk, name) for name in EVERY_ACCOUNT_RIGHT]
    clerks = f"{GROUPS}edit/?id={group(desk, 'Clerks')}"
    panel.post(clerks, name="Clerks", permissions=wanted + kept, users=[user(desk, "clerk")])
    panel.post(f"{GROUPS}new/", name="Mine", permissions=wanted)
    with desk.app.app_context():
        for name in ("Clerks", "Mine"):
            found: Any = desk.db.session.scalar(sa.select(get_models().Group).filter_by(name=name))
            names = {one.name for one in found.permissions}
            assert "blog.view_post" in names
            assert "blog.delete_post" not in names


def test_members_of_a_group_are_chosen_by_its_members(desk: Blog) -> None:
    panel = desk.panel("clerk")
    path = f"{GROUPS}edit/?id={group(desk, 'Owners')}"
    panel.post(path, name="Owners", users=[user(desk, "clerk"), user(desk, "ada")])
    assert "Owners" not in rights(desk, "clerk")[2] | rights(desk, "ada")[2]
    panel.post(
        f"{GROUPS}edit/?id={group(desk, 'Clerks')}",
        name="Clerks",
        users=[user(desk, "clerk"), user(desk, "ada")],
        permissions=[permission(desk, name) for name in EVERY_ACCOUNT_RIGHT],
    )
    assert "Clerks" in rights(desk, "ada")[2]


@pytest.mark.parametrize(
    ("path", "name", "fields", "said"),
    [
        (GROUPS, "Clerks", {"name": "Owners of all"}, "only a superuser renames a group"),
        (GROUPS, "Owners", {"name": "Owners", "is_default": "y"}, "You are not in the group"),
        (PERMISSIONS, "blog.view_post", {"name": "people.all"}, "only a superuser renames one"),
    ],
)
def test_names_that_code_asks_for_are_changed_by_superusers(
    desk: Blog, path: str, name: str, fields: dict[str, str], said: str
) -> None:
    find = group if path == GROUPS else permission
    kept = [permission(desk, name) for name in ("blog.view_post", *EVERY_ACCOUNT_RIGHT)]
    held = {"permissions": kept, "users": [user(desk, "clerk")]}
    more = held if path == GROUPS and name == "Clerks" else {}
    response = desk.panel("clerk").post(f"{path}edit/?id={find(desk, name)}", **fields, **more)
    assert response.status_code == 400
    assert said in errors_of(response.text)
    assert find(desk, name)


def test_a_group_or_permission_that_one_does_not_hold_is_not_deleted(desk: Blog) -> None:
    panel = desk.panel("clerk")
    for path, key in (
        (GROUPS, group(desk, "Owners")),
        (PERMISSIONS, permission(desk, "blog.delete_post")),
    ):
        response = panel.delete(path, key)
        assert response.status_code == 409
        assert "cannot give or take it" in errors_of(response.text)
    assert group(desk, "Owners")
    assert permission(desk, "blog.delete_post")


def test_the_account_of_a_superuser_is_closed_to_others(desk: Blog) -> None:
    panel = desk.panel("clerk")
    root = user(desk, "root")
    page = panel.get(f"{USERS}edit/?id={root}").text
    assert 'name="email"' not in page
    panel.post(f"{USERS}edit/?id={root}", **form("root", email="clerk2@example.org"))
    for action in ("deactivate", "end_sessions"):
        panel.act(USERS, action, root)
        said = errors_of(panel.get(USERS).text)
        assert "Only a superuser changes the account of a superuser." in said
    assert panel.delete(USERS, root).status_code == 409
    with desk.app.app_context():
        found = desk.one(desk.User, int(root))
        assert (found.email, found.is_active) == ("root@example.org", True)
    assert desk.panel("root").get(USERS).status_code == 200


def test_the_address_of_staff_with_more_rights_is_closed_too(desk: Blog) -> None:
    desk.add_staff("editor", "blog.delete_post")
    panel = desk.panel("clerk")
    path = f"{USERS}edit/?id={user(desk, 'editor')}"
    fields = form("editor", is_staff="y", user_permissions=[])
    response = panel.post(path, **{**fields, "email": "clerk2@example.org"})
    assert response.status_code == 400
    assert "editor may do more than you. Ask a superuser." in errors_of(response.text)
    assert panel.post(path, **{**fields, "first_name": "Ed"}).status_code == 302


@pytest.mark.parametrize("way", ["flag", "switch", "deactivate", "delete", "bulk"])
def test_the_last_superuser_stays(desk: Blog, way: str) -> None:
    panel = desk.panel("root")
    key = user(desk, "root")
    path = f"{USERS}edit/?id={key}"
    fields = form("root", is_staff="y", is_superuser="y", email_verified="y")
    if way == "flag":
        response = panel.post(path, **{**fields, "is_superuser": ""})
    elif way == "switch":
        response = panel.post(path, **{**fields, "is_active": ""})
    elif way == "deactivate":
        response = panel.act(USERS, "deactivate", key)
        response = panel.get(USERS)
    elif way == "delete":
        response = panel.delete(USERS, key)
    else:
        response = panel.delete(USERS, user(desk, "ada"), key)
    assert "This is the last superuser." in errors_of(response.text)
    assert rights(desk, "root")[:2] == (True, True)
    assert panel.get("/admin/").status_code == 200
    assert user(desk, "ada")


def test_of_two_superusers_one_may_go(desk: Blog) -> None:
    desk.add_superuser("second")
    panel = desk.panel("root")
    assert panel.delete(USERS, user(desk, "second")).status_code == 302
    third = desk.add_superuser("third")
    panel.act(USERS, "deactivate", third)
    assert "1 deactivated." in panel.get(USERS).text


def test_the_group_of_superusers_is_guarded_like_the_flag(blogs: MakeBlog) -> None:
    blog = blogs(LBACK_AUTH_SUPERUSER_GROUP="Admins")
    blog.add_group("Admins")
    blog.add_staff("chief", groups=["Admins"])
    blog.add_staff("clerk", *EVERY_ACCOUNT_RIGHT)
    clerk, chief = blog.panel("clerk"), blog.panel("chief")
    assert chief.get(USERS).status_code == 200
    clerk.post(f"{USERS}new/", **form("eve", groups=[group(blog, "Admins")]))
    assert rights(blog, "eve")[2] == set()
    refused = clerk.post(f"{USERS}edit/?id={user(blog, 'chief')}", **form("chief"))
    assert rights(blog, "chief")[2] == {"Admins"}
    assert refused.status_code == 302
    response = chief.post(f"{USERS}edit/?id={user(blog, 'chief')}", **form("chief", is_staff="y"))
    assert "This is the last superuser." in errors_of(response.text)
    assert chief.delete(GROUPS, group(blog, "Admins")).status_code == 409


def test_no_action_or_form_of_an_application_gets_around_the_rules(blogs: MakeBlog) -> None:
    class Loose(ModelAdmin):
        actions = ("promote",)

        def promote(self, request: Any, rows: list[Any]) -> None:
            for row in rows:
                row.author.is_superuser = True

    class PlainUsers(ModelAdmin):
        fields = ("username", "email", "is_superuser", "groups")

    blog = blogs(admins={"Post": Loose, "User": PlainUsers})
    blog.add_superuser()
    blog.add_group("Owners")
    key = blog.add_post("First", author="ada")
    blog.add_staff("clerk", *EVERY_ACCOUNT_RIGHT, "blog.change_post", "blog.view_post")
    panel = blog.panel("clerk")
    panel.act("/admin/blog/post/", "promote", key)
    assert "Only a superuser makes superusers." in panel.get("/admin/blog/post/").text
    panel.post(
        f"{USERS}edit/?id={user(blog, 'ada')}",
        username="ada",
        email="ada@example.org",
        is_superuser="y",
        groups=[group(blog, "Owners")],
    )
    assert rights(blog, "ada") == (False, False, set(), set())
