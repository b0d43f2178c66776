"""Nobody gives himself a right that he lacks, and the last superuser stays."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.datastructures import MultiDict

from flask_lback.auth import UserManager, get_models
from tests.admin.blog import Blog, make_blog
from tests.support.apps import PASSWORD
from tests.support.visitor import hidden_fields

USERS, GROUPS, PERMISSIONS = "/admin/people/user/", "/admin/auth/group/", "/admin/auth/permission/"
EVERY = ("view", "add", "change", "delete")


@pytest.fixture
def blog(tmp_path: Path) -> Iterator[Blog]:
    """The clerk writes accounts, groups and permissions; others may delete posts."""
    made = make_blog(f"sqlite:///{tmp_path}/blog.sqlite")
    made.add_superuser()
    made.add_group("Chiefs", "blog.delete_post")
    rights = [f"people.{one}_user" for one in EVERY]
    rights += [f"auth.{one}_{model}" for one in EVERY for model in ("group", "permission")]
    made.add_staff("clerk", *rights)
    made.add_user("member")
    yield made
    with made.app.app_context():
        made.db.engine.dispose()


def key_of(blog: Blog, kind: str, name: str) -> Any:
    """The key of a group, a permission or an account."""
    with blog.app.app_context():
        model: Any = getattr(get_models(), kind)
        column = model.username if kind == "User" else model.name
        return blog.db.session.scalar(sa.select(model.id).where(column == name))


def everybodys_rights(blog: Blog) -> dict[str, Any]:
    """What every account, and every group, holds."""
    with blog.app.app_context():
        models = get_models()
        accounts: dict[str, Any] = {
            user.username: (
                *(user.is_superuser, user.is_active),
                sorted(group.name for group in user.groups),
                sorted(one.name for one in user.user_permissions),
            )
            for user in blog.db.session.scalars(sa.select(models.User))
        }
        groups = blog.db.session.scalars(sa.select(models.Group))
        held = {
            f"group {one.name}": sorted(permission.name for permission in one.permissions)
            for one in groups
        }
        return {**accounts, **held}


def forged(blog: Blog) -> list[tuple[str, Any]]:
    """Fields that would give something, as forms of every kind would name them."""
    group, right = key_of(blog, "Group", "Chiefs"), key_of(blog, "Permission", "blog.delete_post")
    superuser = [("is_superuser", value) for value in ("y", "1", "true", "on", ["", "y"])]
    named = [(f"groups{end}", group) for end in ("", "[]", "-0", ".0.id", "-0-id", "_id", ".id")]
    held = [(f"user_permissions{end}", right) for end in ("", "[]", "-0", "-0-id", "_id")]
    return [
        *superuser,
        *named,
        *held,
        *[("groups", value) for value in ("Chiefs", [group, group], f"{group},{group}")],
        *[("user_permissions", value) for value in ("blog.delete_post", ["blog.delete_post"])],
        *[(name, "1") for name in ("is_admin", "role", "roles", "permissions", "group_id")],
        ("groups", json.dumps([{"id": group}])),
    ]


#: What the form of an account needs.
VALID = {"is_active": "y", "is_staff": "y", "email_verified": "y"}


@pytest.mark.parametrize("target", ["clerk", "member"])
def test_rb_7_no_form_of_an_account_gives_what_its_sender_lacks(blog: Blog, target: str) -> None:
    before, key = everybodys_rights(blog), key_of(blog, "User", target)
    panel = blog.panel("clerk")
    names = {"username": target, "email": f"{target}@example.org"}
    rights = [key_of(blog, "Permission", name) for name in before["clerk"][3]]
    own = {"user_permissions": rights} if target == "clerk" else {}
    for name, value in forged(blog):
        fields = {**VALID, **names, **own}
        both = isinstance(value, list) or name == "user_permissions"
        sent = [*fields.get(name, []), *([value] if not isinstance(value, list) else value)]
        panel.post(f"{USERS}edit/?id={key}", **{**fields, name: sent if both else value})
        panel.post(f"{USERS}cells/", **{"0-key": key, f"0-{name}": value, name: value})
        assert everybodys_rights(blog) == before, (name, value)


def test_rb_7_no_new_account_holds_what_its_maker_lacks(blog: Blog) -> None:
    panel, before = blog.panel("clerk"), everybodys_rights(blog)
    for number, (name, value) in enumerate(forged(blog)):
        names = {"username": f"mole{number}", "email": f"mole{number}@example.org"}
        passwords = {"password1": PASSWORD, "password2": PASSWORD, "usable_password": "y"}
        panel.post(f"{USERS}new/", **{**VALID, **names, **passwords, name: value})
    found = everybodys_rights(blog)
    moles = {name: held for name, held in found.items() if name.startswith("mole")}
    assert {name: held for name, held in found.items() if name not in moles} == before
    assert moles
    assert {(held[0], *held[2], *held[3]) for held in moles.values()} == {(False,)}


def test_rb_7_no_group_is_joined_or_filled_from_its_own_side(blog: Blog) -> None:
    panel, before = blog.panel("clerk"), everybodys_rights(blog)
    group, clerk = key_of(blog, "Group", "Chiefs"), key_of(blog, "User", "clerk")
    right = key_of(blog, "Permission", "blog.delete_post")
    edit = f"{GROUPS}edit/?id={group}"
    held = {"name": "Chiefs", "permissions": right}
    panel.post(edit, **held, users=clerk)
    panel.post(edit, **held, is_default="y")
    panel.post(edit, name="Own", permissions=right)
    panel.post(
        edit, name="Chiefs", permissions=[right, key_of(blog, "Permission", "blog.add_post")]
    )
    panel.post(f"{GROUPS}new/", name="Mine", permissions=right, users=clerk)
    panel.post(f"{GROUPS}new/", name="Others", is_default="y", users=clerk)
    panel.post(f"{PERMISSIONS}edit/?id={right}", name="blog.delete_post", users=clerk, groups=group)
    own = key_of(blog, "Permission", "people.view_user")
    panel.post(f"{PERMISSIONS}edit/?id={own}", name="blog.delete_post2")
    panel.post(f"{PERMISSIONS}edit/?id={right}", name="blog.delete_posts")
    panel.post(f"{PERMISSIONS}new/", name="shop.delete_everything", users=clerk, groups=group)
    found = everybodys_rights(blog)
    assert {name: held for name, held in found.items() if name in before} == before
    assert [held for name, held in found.items() if name in ("group Mine", "group Others")] in (
        [],
        [[]],
    )


@pytest.mark.parametrize(
    "document",
    [
        {"is_superuser": True, "is_staff": True},
        {"groups": [1]},
        {"groups": [{"id": 1, "name": "Chiefs"}]},
        {"groups": {"add": ["Chiefs"]}},
        {"user_permissions": ["blog.delete_post"]},
        {"permissions": [{"name": "blog.delete_post"}]},
        {"user": {"is_superuser": True}},
        {"first_name": {"is_superuser": True}},
        {"__class__": {"is_superuser": True}},
        {"lback_account_id": 1, "id": 1},
    ],
)
def test_rb_7_no_json_gives_its_sender_anything(blog: Blog, document: dict[str, Any]) -> None:
    before = everybodys_rights(blog)
    key, group = key_of(blog, "User", "member"), key_of(blog, "Group", "Chiefs")
    for name in ("member", "clerk"):
        panel = blog.panel(name)
        headers = {"X-CSRFToken": panel.token}
        for method, path in (
            ("PATCH", "/api/auth/me/"),
            ("POST", f"{USERS}edit/?id={key}"),
            ("POST", f"{USERS}new/"),
            ("POST", f"{GROUPS}edit/?id={group}"),
            ("POST", f"{USERS}cells/"),
            ("POST", f"{USERS}action/"),
        ):
            panel.client.open(path, method=method, json=document, headers=headers)
            found = everybodys_rights(blog)
            found["member"] = (found["member"][0], True, *found["member"][2:])
            assert found == before, (name, method, path)


def test_rb_7_no_superuser_is_taken_over(blog: Blog) -> None:
    panel, key = blog.panel("clerk"), key_of(blog, "User", "root")
    before = everybodys_rights(blog)
    fields = {**VALID, "username": "root", "is_superuser": "y"}
    panel.post(f"{USERS}edit/?id={key}", **{**fields, "email": "thief@example.org"})
    panel.post(f"{USERS}edit/?id={key}", **{**fields, "is_active": "", "email": "root@example.org"})
    for path in ("password", "impersonate"):
        sent = {"new_password": "given by a thief", "password_confirm": "given by a thief"}
        assert panel.post(f"{USERS}{path}/?id={key}", **sent).status_code == 403
    assert panel.post(f"{USERS}password/?id={key}", _disable="1").status_code == 403
    for name in ("deactivate", "end_sessions"):
        panel.act(USERS, name, key)
    panel.delete(USERS, key)
    assert everybodys_rights(blog) == before
    with blog.app.app_context():
        root: Any = UserManager().get_user("root")
        assert root.email == "root@example.org"
        assert root.check_password(PASSWORD)
    assert panel.get("/admin/blog/post/").status_code == 403


# --- the last superuser -----------------------------------------------------------------------


def superusers(blog: Blog) -> list[str]:
    """Who still has every right."""
    found = everybodys_rights(blog)
    return [name for name, held in found.items() if isinstance(held, tuple) and all(held[:2])]


def test_rb_8_the_last_superuser_can_not_leave_by_the_panel(blog: Blog) -> None:
    panel, key = blog.panel("root"), key_of(blog, "User", "root")
    fields = {**VALID, "username": "root", "email": "root@example.org", "is_superuser": "y"}
    edit = f"{USERS}edit/?id={key}"
    for name in ("is_superuser", "is_active"):
        assert panel.post(edit, **{**fields, name: ""}).status_code in (302, 400, 403)
        left = {one: value for one, value in fields.items() if one != name}
        assert panel.post(edit, **left).status_code in (400, 403), name
        assert superusers(blog) == ["root"], name
    panel.act(USERS, "deactivate", key)
    assert superusers(blog) == ["root"]
    panel.delete(USERS, key)
    panel.post(f"{USERS}password/?id={key}", _disable="1")
    with blog.app.app_context():
        root: Any = UserManager().get_user("root")
        assert root.check_password(PASSWORD)
    assert superusers(blog) == ["root"]
    assert panel.get(USERS).status_code == 200


def test_rb_8_nor_by_the_pages_and_the_json_of_his_account(blog: Blog) -> None:
    panel = blog.panel("root")
    panel.post("/auth/delete-account/", current_password=PASSWORD, confirm="y", username="root")
    headers = {"X-CSRFToken": panel.token}
    document = {"current_password": PASSWORD, "password": PASSWORD}
    answer = panel.client.delete("/api/auth/me/", json=document, headers=headers)
    assert answer.status_code in (400, 403, 409)
    assert superusers(blog) == ["root"]
    assert panel.get("/admin/").status_code == 200


def test_rb_8_nor_two_of_them_at_once(blog: Blog) -> None:
    blog.add_superuser("boss")
    panel = blog.panel("root")
    keys = [key_of(blog, "User", name) for name in ("root", "boss")]
    panel.act(USERS, "deactivate", *keys)
    assert superusers(blog) == ["root", "boss"]
    page = panel.get(f"{USERS}delete/?id={keys[0]}&id={keys[1]}")
    data = MultiDict({"csrf_token": panel.token})
    data["proof"] = hidden_fields(page.text)["proof"]
    data.setlist("id", [str(key) for key in keys])
    panel.client.post(f"{USERS}delete/", data=data)
    assert superusers(blog) == ["root", "boss"]
    panel.act(USERS, "deactivate", keys[1])
    assert superusers(blog) == ["root"]


def test_rb_7_nobody_takes_over_an_account_that_holds_what_he_lacks(blog: Blog) -> None:
    """Not only staff: what the site allows its moderators is no less than what the panel does."""
    blog.add_user("moderator", "blog.delete_post")
    blog.add_user("chief", groups=["Chiefs"])
    blog.add_group("Marks")  # no permission, but code may ask for it by name
    blog.add_user("marked", groups=["Marks"])
    blog.add_user("resting", "blog.delete_post", is_active=False)
    panel = blog.panel("clerk")
    for name in ("moderator", "chief", "marked", "resting"):
        key = key_of(blog, "User", name)
        fields = {**VALID, "is_staff": "", "username": name, "email": f"{name}@example.org"}
        panel.post(f"{USERS}edit/?id={key}", **{**fields, "email": "thief@example.net"})
        given = {"new_password": "given by a thief", "password_confirm": "given by a thief"}
        panel.post(f"{USERS}password/?id={key}", **given)
        with blog.app.app_context():
            user: Any = UserManager().get_user(name)
            assert user.email == f"{name}@example.org"
            assert user.check_password(PASSWORD), name
