"""Users, groups and permissions as the README describes, for every user class."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from flask_lback.auth import UserManager, get_models
from flask_lback.core.state import state_of
from flask_lback.mail.service import Mailer
from flask_lback.testing import sign_in
from tests.support.apps import PASSWORD, USER_KINDS, Site
from tests.support.visitor import Visitor, errors_of

from .blog import Blog
from .conftest import MakeBlog

USERS = "/admin/people/user/"


@pytest.fixture
def desk(blog: Blog) -> Blog:
    blog.add_superuser()
    return blog


@pytest.fixture(scope="module")
def still(shared_blogs: MakeBlog) -> Blog:
    """As ``desk``, for tests that write nothing."""
    blog = shared_blogs()
    blog.add_superuser()
    return blog


def found(blog: Blog, name: str) -> Any:
    return blog.db.session.scalar(sa.select(blog.User).filter_by(username=name))


def account(name: str, **more: Any) -> dict[str, Any]:
    return {"username": name, "email": f"{name}@example.org", "is_active": "y", **more}


def test_an_account_is_added_and_signs_in(desk: Blog) -> None:
    password = {"password1": PASSWORD, "password2": PASSWORD}
    names = {"first_name": "Ada", "last_name": "L", "location": "Turin"}
    panel = desk.panel("root")
    response = panel.post(f"{USERS}new/", **account("ada", email_verified="y", **password, **names))
    assert response.location == USERS
    with desk.app.app_context():
        ada = found(desk, "ada")
        assert (ada.get_full_name(), ada.location, ada.email_verified) == ("Ada L", "Turin", True)
        assert ada.username_canonical == "ada"
        assert PASSWORD not in ada.password_hash
    assert Visitor(desk.app).sign_in("ada", PASSWORD).status_code == 302


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"username": "ROOT"}, "This name is taken."),
        ({"email": "Root@Example.org"}, "This address has an account."),
        ({"email": "no address"}, "This is not an e-mail address."),
        ({"username": "a b"}, "Use letters, digits"),
        ({"username": "a\u0430"}, "Use letters of one alphabet only."),
        ({"password1": "qwertyuiop", "password2": "qwertyuiop"}, "on every guesser's list"),
        ({"password1": "short", "password2": "short"}, "Use at least 8 characters."),
        ({"password1": PASSWORD, "password2": "other"}, "The two passwords differ."),
        ({"password1": PASSWORD}, "The two passwords differ."),
        ({"password1": "ada-ada", "password2": "ada-ada"}, "Use at least 8"),
        ({"username": ""}, "Fill this in."),
    ],
)
def test_the_rules_for_accounts_hold_in_the_panel(
    still: Blog, changed: dict[str, str], said: str
) -> None:
    response = still.panel("root").post(f"{USERS}new/", **{**account("ada"), **changed})
    assert response.status_code == 400
    assert said in errors_of(response.text)
    assert changed.get("password1", PASSWORD) not in response.text
    assert still.count(still.User) == 1


def test_an_account_without_a_password_is_sent_a_link(desk: Blog) -> None:
    panel = desk.panel("root")
    panel.post(f"{USERS}new/", **account("ada", email_verified="y"))
    with desk.app.app_context():
        ada = found(desk, "ada")
        assert not ada.has_usable_password()
        key = ada.id
    panel.act(USERS, "send_reset_link", key)
    assert "1 links are on their way." in panel.get(USERS).text
    outbox: Any = state_of(desk.app)[Mailer].backend
    [mail] = outbox.outbox
    assert mail["To"] == "ada@example.org"


def test_names_are_changed_with_their_canonical_twins(desk: Blog) -> None:
    desk.add_user("ben")
    key = desk.add_user("ada")
    panel, path = desk.panel("root"), f"{USERS}edit/?id={key}"
    for taken in ({"username": "BEN"}, {"email": "BEN@example.org"}):
        response = panel.post(path, **{**account("ada"), **taken})
        assert "Another account has this." in errors_of(response.text)
    assert panel.post(path, **account("ada") | {"username": "ADA"}).status_code == 302
    assert panel.post(path, **account("lovelace")).status_code == 302
    with desk.app.app_context():
        ada = desk.one(desk.User, key)
        assert (ada.username, ada.username_canonical) == ("lovelace", "lovelace")
        assert ada.email_canonical == "lovelace@example.org"


def test_a_new_address_ends_the_sessions_and_may_count_as_verified(desk: Blog) -> None:
    key = desk.add_user("ada")
    ada = sign_in(desk.app, "ada")
    panel, path = desk.panel("root"), f"{USERS}edit/?id={key}"
    panel.post(path, **account("ada", email_verified="y", first_name="Ada"))
    assert ada.get("/auth/account/").status_code == 200
    panel.post(path, **account("ada", email="new@example.org"))
    assert ada.get("/auth/account/").status_code == 302
    with desk.app.app_context():
        assert desk.one(desk.User, key).email_verified_at is None


@pytest.mark.parametrize("way", ["form", "action"])
def test_a_deactivated_account_is_signed_out_at_once(desk: Blog, way: str) -> None:
    key = desk.add_user("ada")
    ada, panel = sign_in(desk.app, "ada"), desk.panel("root")
    assert ada.get("/auth/account/").status_code == 200
    if way == "form":
        panel.post(f"{USERS}edit/?id={key}", **account("ada", is_active="", email_verified="y"))
    else:
        panel.act(USERS, "deactivate", key)
    assert ada.get("/auth/account/").status_code == 302
    panel.act(USERS, "activate", key)
    assert ada.get("/auth/account/").status_code == 302
    assert Visitor(desk.app).sign_in("ada", PASSWORD).status_code == 302


def test_sessions_are_ended_but_for_the_one_that_asks(desk: Blog) -> None:
    key = desk.add_user("ada")
    ada, panel = sign_in(desk.app, "ada"), desk.panel("root")
    panel.act(USERS, "end_sessions", key, 1)
    assert "1 sessions have ended." in panel.get(USERS).text
    assert ada.get("/auth/account/").status_code == 302
    assert panel.get(USERS).status_code == 200


def test_putting_somebody_into_a_group_lets_him_in_on_the_next_request(desk: Blog) -> None:
    key = desk.add_staff("ada")
    group = desk.add_group("Editors", "blog.view_post")
    panel, ada = desk.panel("root"), desk.panel("ada")
    path, fields = f"{USERS}edit/?id={key}", account("ada", is_staff="y")
    assert ada.get("/admin/blog/post/").status_code == 403
    panel.post(path, **fields, groups=[str(group)])
    assert ada.get("/admin/blog/post/").status_code == 200
    panel.post(path, **fields)
    assert ada.get("/admin/blog/post/").status_code == 403


def test_permissions_and_groups_are_made_and_joined_in_the_panel(desk: Blog) -> None:
    key = desk.add_user("ada")
    panel = desk.panel("root")
    wrong = panel.post("/admin/auth/permission/new/", name=" blog.publish_post ")
    assert wrong.status_code == 302
    panel.post("/admin/auth/permission/new/", name="blog.feature", description="On top")
    with desk.app.app_context():
        permission = desk.db.session.scalar(
            sa.select(get_models().Permission.id).filter_by(name="blog.feature")
        )
    fields = {"name": "Editors", "description": "Write", "is_default": "y"}
    panel.post("/admin/auth/group/new/", **fields, permissions=[str(permission)], users=[str(key)])
    with desk.app.app_context():
        ada = desk.one(desk.User, key)
        assert ada.has_permission("blog.feature")
        assert ada.in_group("Editors")
    again = panel.post("/admin/auth/group/new/", name="Editors")
    assert "Another group has this name." in errors_of(again.text)


def test_the_list_is_searched_and_filtered(desk: Blog) -> None:
    desk.add_user("ada", first_name="Augusta")
    desk.add_staff("ben", is_active=False)
    panel = desk.panel("root")

    def names(query: str) -> set[str]:
        page = panel.get(f"{USERS}?{query}").text
        return set(re.findall(r'class="rowlink"[^>]*>\s*([^<\s]+)', page))

    assert names("") == {"root", "ada", "ben"}
    assert names("q=AUGUSTA") == names("q=ada%40example") == {"ada"}
    assert names("is_active=no") == {"ben"}
    assert names("is_staff=yes") == {"root", "ben"}
    assert names("is_superuser=yes") == {"root"}


@pytest.mark.parametrize("kind", USER_KINDS)
def test_every_user_class_is_managed(make_ready: Callable[..., Site], kind: str) -> None:
    site = make_ready(kind)
    site.add_user("root", is_staff=True, is_superuser=True)
    site.add_user("ada")
    with site.app.app_context():
        client = sign_in(site.app, site.user("root"))
        ada = site.user("ada").get_id()
    rule = next(
        rule.rule
        for rule in site.app.url_map.iter_rules()
        if rule.endpoint.endswith(f"_{site.models.User.__name__.lower()}.index_view")
    )
    listed = client.get(rule)
    assert listed.status_code == 200
    assert "ada@example.org" in listed.text
    token = re.findall(r'name="csrf_token" value="([^"]+)"', listed.text)[0]
    for page in ("new/", f"edit/?id={ada}", f"details/?id={ada}", f"delete/?id={ada}", "?q=ada"):
        assert client.get(rule + page).status_code == 200, page
    fields = {"csrf_token": token, **site.names("ada"), "first_name": "Augusta", "is_active": "y"}
    assert client.post(f"{rule}edit/?id={ada}", data=fields).status_code == 302
    fields = {"csrf_token": token, **site.names("eve"), "is_active": "y"}
    assert client.post(f"{rule}new/", data=fields).status_code == 302
    with site.app.app_context():
        assert site.user("ada").first_name == "Augusta"
        assert UserManager().get_user("eve@example.org") is not None
    proof = re.findall(r'name="proof" value="([^"]+)"', client.get(f"{rule}delete/?id={ada}").text)
    data = {"csrf_token": token, "id": ada, "proof": proof[0]}
    assert client.post(f"{rule}delete/", data=data).status_code == 302
    with site.app.app_context():
        assert site.user("ada") is None
