"""The blog in the admin panel."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict

from example_app.extensions import db
from example_app.models import Post, PostStatus, Tag, User
from tests.example.conftest import NOW
from tests.example.support import comment_on, fresh

Person = Callable[..., User]
Write = Callable[..., Post]
Login = Callable[..., FlaskClient]


@pytest.fixture
def chief(person: Person, login_as: Login) -> FlaskClient:
    return login_as(person("chief", is_staff=True, is_superuser=True))


def test_every_page_of_the_blog_opens(chief: FlaskClient, person: Person, write: Write) -> None:
    post = write(person("olga"), "On tides")
    comment_on(post, post.author, "Nicely said.")
    for path in (
        "/admin/",
        "/admin/blog/post/",
        "/admin/blog/post/new/",
        f"/admin/blog/post/edit/?id={post.id}",
        "/admin/blog/comment/",
        "/admin/blog/comment/new/",
        "/admin/blog/comment/edit/?id=1",
        "/admin/blog/tag/",
        "/admin/blog/tag/new/",
        "/admin/blog/user/",
    ):
        assert chief.get(path).status_code == 200, path
    assert "On tides" in chief.get("/admin/blog/post/").text


def test_staff_see_only_what_their_groups_allow(person: Person, login_as: Login) -> None:
    client = login_as(person("mo", "Members", "Moderators", is_staff=True))
    assert client.get("/admin/blog/post/").status_code == 200
    assert client.get("/admin/blog/comment/").status_code == 200
    assert client.get("/admin/blog/tag/").status_code == 403
    assert client.get("/admin/blog/user/").status_code == 403


def test_members_are_refused(member: FlaskClient) -> None:
    for path in ("/admin/", "/admin/blog/post/"):
        assert member.get(path).status_code == 403


def test_a_text_that_is_changed_in_the_panel_is_rendered_again(
    site: object, write: Write, person: Person
) -> None:
    post = write(person("olga"))
    post.body = "*New* words"
    db.session.commit()
    assert "<em>New</em>" in post.body_html


def test_saving_a_post_as_it_is_shown_changes_nothing(
    chief: FlaskClient, person: Person, write: Write
) -> None:
    post = write(person("olga"), "On tides", tags=[Tag(name="sea"), Tag(name="rain")])
    path = f"/admin/blog/post/edit/?id={post.id}"
    answer = chief.post(path, data=filled_in(chief.get(path).text))
    assert answer.status_code in (302, 303)
    after = fresh(post)
    assert after.status is PostStatus.PUBLISHED
    assert after.author.username == "olga"
    assert [tag.name for tag in after.tags] == ["rain", "sea"]
    assert after.published_at == NOW


def filled_in(page: str) -> MultiDict[str, str]:
    """What a browser sends when the first button of the record's form is pressed at once."""
    form = BeautifulSoup(page, "html.parser").select_one("main form:has([name=title])")
    assert form
    sent: MultiDict[str, str] = MultiDict()
    for one in form.select("input[name], textarea[name], select[name]"):
        name = str(one["name"])
        if one.name == "textarea":
            sent.add(name, one.text.removeprefix("\n"))
        elif one.name == "select":
            chosen = one.select("option[selected]") or one.select("option")[:1]
            sent.setlist(name, [str(option["value"]) for option in chosen])
        elif one.get("type") not in ("checkbox", "radio", "submit") or one.has_attr("checked"):
            sent.add(name, str(one.get("value", "")))
    return sent
