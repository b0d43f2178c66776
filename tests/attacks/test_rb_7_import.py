"""Nobody gives himself by a file what he could not by the form."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from flask_lback.auth import UserManager, get_models
from tests.admin.blog import Blog, Panel, make_blog
from tests.support.visitor import errors_of

USERS = "/admin/people/user/import/"
GROUPS = "/admin/auth/group/import/"


@pytest.fixture
def blog(tmp_path: Path) -> Iterator[Blog]:
    made = make_blog(
        f"sqlite:///{tmp_path}/blog.sqlite", LBACK_ADMIN_IMPORT_FOLDER=str(tmp_path / "waiting")
    )
    made.add_superuser()
    made.add_group("Admins", "blog.delete_post")
    made.add_staff(
        "clerk",
        *("people.view_user", "people.change_user", "people.add_user", "people.export_user"),
        *("auth.view_group", "auth.change_group", "auth.add_group", "auth.view_permission"),
    )
    made.add_user("member")
    yield made
    with made.app.app_context():
        made.db.engine.dispose()


def sent(panel: Panel, path: str, content: str) -> str:
    """Send a file, and press the button when there is one; what the pages say."""
    data = {"csrf_token": panel.token, "file": (io.BytesIO(content.encode()), "x.csv")}
    page = panel.client.post(path, data=data)
    found = re.search(r'name="proof" value="([^"]+)"', page.text)
    if found is None:
        return errors_of(page.text)
    return errors_of(panel.post(path, proof=found[1]).text)


def account(name: str) -> Any:
    """Within an application context."""
    return UserManager().get_user(name)


def key_of(blog: Blog, name: str) -> Any:
    with blog.app.app_context():
        return account(name).id


def rights_of(blog: Blog, name: str) -> dict[str, Any]:
    with blog.app.app_context():
        user = account(name)
        return {
            "email": user.email,
            "superuser": user.is_superuser,
            "groups": sorted(group.name for group in user.groups),
            "permissions": sorted(one.name for one in user.user_permissions),
            "password": user.password_hash,
        }


CELLS = [
    ("is_superuser", "yes"),
    ("Superuser", "1"),
    ("groups", "Admins"),
    ("groups", "1"),
    ("Groups", '"Admins,Admins"'),
    ("user_permissions", "blog.delete_post"),
    ("password", "quite another sentence"),
    ("password_hash", "x"),
    ("groups.permissions", "blog.delete_post"),
    ("lback_account_id", "1"),
]


@pytest.mark.parametrize("who", ["clerk", "member"])
@pytest.mark.parametrize(("column", "cell"), CELLS)
def test_rb_7_a_csv_file_gives_no_right_that_its_sender_lacks(
    blog: Blog, column: str, cell: str, who: str
) -> None:
    before = rights_of(blog, who)
    key = key_of(blog, who)
    said = sent(blog.panel("clerk"), USERS, f"id,{column}\n{key},{cell}\n")
    assert rights_of(blog, who) == before
    assert column.split(".")[0].strip('"') in said or "cannot" in said or "lack" in said, said


@pytest.mark.parametrize(
    "document",
    [
        {"is_superuser": True},
        {"groups": ["Admins"]},
        {"groups": [1]},
        {"groups": [{"id": 1}]},
        {"groups": {"id": 1}},
        {"user_permissions": [{"name": "blog.delete_post"}]},
        {"role": "admin"},
        {"__class__": "x"},
        {"email": {"$ne": ""}},
        {"is_superuser": ["y"]},
    ],
)
def test_rb_7_nor_does_a_json_file(blog: Blog, document: dict[str, Any]) -> None:
    before = rights_of(blog, "clerk")
    row = {"id": key_of(blog, "clerk"), **document}
    sent(blog.panel("clerk"), USERS, json.dumps([row]))
    assert rights_of(blog, "clerk") == before


@pytest.mark.parametrize(("column", "cell"), CELLS)
def test_rb_7_no_new_account_has_more_than_its_maker(blog: Blog, column: str, cell: str) -> None:
    sent(blog.panel("clerk"), USERS, f"username,email,{column}\nmole,mole@example.org,{cell}\n")
    with blog.app.app_context():
        mole = account("mole")
        if mole is not None:
            assert not mole.is_superuser
            assert (mole.groups, mole.user_permissions) == ([], [])
            assert mole.password_hash is None


@pytest.mark.parametrize(
    ("column", "cell"), [("email", "thief@example.org"), ("username", "boss"), ("is_active", "no")]
)
def test_rb_7_the_account_of_a_superuser_is_out_of_reach(
    blog: Blog, column: str, cell: str
) -> None:
    before = rights_of(blog, "root")
    sent(blog.panel("clerk"), USERS, f"id,{column}\n{key_of(blog, 'root')},{cell}\n")
    assert rights_of(blog, "root") == before
    with blog.app.app_context():
        assert account("root").is_active


def test_rb_7_a_group_gets_no_permission_by_a_file(blog: Blog) -> None:
    panel = blog.panel("clerk")
    sent(panel, GROUPS, "id,permissions\n1,blog.delete_user\n")
    sent(panel, GROUPS, "name,permissions\nMine,blog.delete_post\n")
    sent(panel, GROUPS, "id,users\n1,clerk\n")
    sent(panel, GROUPS, "name,is_default\nEverybody,yes\n")
    with blog.app.app_context():
        kind: Any = get_models().Group
        found = {group.name: group for group in blog.db.session.scalars(sa.select(kind))}
        assert [one.name for one in found["Admins"].permissions] == ["blog.delete_post"]
        assert found["Admins"].users == []
        assert "Mine" not in found
        assert "Everybody" not in found


def test_rb_7_what_one_holds_can_be_given(blog: Blog) -> None:
    """The files above are refused for what they give, not for what they are."""
    key = key_of(blog, "member")
    sent(blog.panel("clerk"), USERS, f"id,user_permissions\n{key},people.view_user\n")
    assert rights_of(blog, "member")["permissions"] == ["people.view_user"]


def test_ad_2_the_dry_run_of_a_file_writes_nothing(blog: Blog) -> None:
    panel = blog.panel("clerk")
    data = {
        "csrf_token": panel.token,
        "file": (io.BytesIO(b"username,email\nmole,mole@example.org\n"), "x.csv"),
    }
    assert 'name="proof"' in panel.client.post(USERS, data=data).text
    with blog.app.app_context():
        assert account("mole") is None
