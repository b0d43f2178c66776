"""Writing, changing, publishing and deleting posts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from example_app.extensions import db, lback
from example_app.models import Comment, Post, PostStatus, Tag, User
from example_app.roles import MEMBERS, PUBLISH_POST
from tests.example.support import address, comment_on, fresh

Person = Callable[..., User]
Write = Callable[..., Post]
Login = Callable[..., FlaskClient]

NEW = {"title": "On tides", "body": "They *come* back.", "tags": "Sea, Night Trains, sea"}


def only_post() -> Post:
    return db.session.scalars(sa.select(Post)).one()


def test_strangers_are_led_to_the_sign_in_page_and_back(anonymous: FlaskClient) -> None:
    for path in ("/posts/new/", "/drafts/", "/profile/", "/moderation/"):
        answer = anonymous.get(path)
        assert answer.status_code == 302
        assert answer.location.startswith("/auth/login/?next=")
        assert path in answer.location.replace("%2F", "/")


def test_an_account_without_the_permission_is_refused_by_name(
    person: Person, login_as: Login
) -> None:
    user = person("noel")
    user.groups = []
    db.session.commit()
    page = login_as(user).get("/posts/new/")
    assert page.status_code == 403
    assert "blog.add_post" in page.text


def test_a_member_publishes_and_lands_on_the_post(member: FlaskClient) -> None:
    answer = member.post("/posts/new/", data={**NEW, "publish": "1"})
    post = only_post()
    assert answer.status_code == 303
    assert answer.location == address(post)
    assert post.status is PostStatus.PUBLISHED
    assert post.published_at is not None
    assert [tag.name for tag in post.tags] == ["night-trains", "sea"]
    assert "They <em>come</em> back." in member.get(answer.location).text


def test_a_draft_has_no_date_until_it_is_published(member: FlaskClient) -> None:
    member.post("/posts/new/", data={**NEW, "draft": "1"})
    post = only_post()
    assert post.status is PostStatus.DRAFT
    assert post.published_at is None
    member.post(f"/posts/{post.id}/edit/", data={**NEW, "publish": "1"})
    first = fresh(post).published_at
    assert first is not None
    member.post(f"/posts/{post.id}/edit/", data={**NEW, "draft": "1"})
    member.post(f"/posts/{post.id}/edit/", data={**NEW, "publish": "1"})
    assert fresh(post).published_at == first


def test_without_the_permission_to_publish_a_post_stays_a_draft(
    member: FlaskClient, site: object
) -> None:
    members = db.session.scalar(sa.select(lback.models.Group).filter_by(name=MEMBERS))
    lback.permissions.revoke(PUBLISH_POST, members)
    db.session.commit()
    assert 'name="publish"' not in member.get("/posts/new/").text
    member.post("/posts/new/", data={**NEW, "publish": "1"})
    assert only_post().status is PostStatus.DRAFT


def test_only_people_with_the_permission_become_authors_by_sending_more_fields(
    member: FlaskClient, person: Person
) -> None:
    other = person("olga")
    data = {**NEW, "publish": "1", "author_id": other.id, "status": "hidden", "id": 99}
    member.post("/posts/new/", data=data)
    assert only_post().author.username == "mattie"
    assert only_post().status is PostStatus.PUBLISHED


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"title": ""}, "Give the post a title."),
        ({"title": "   "}, "Give the post a title."),
        ({"title": "x" * 161}, "Use at most 160 characters."),
        ({"body": ""}, "Write something first."),
        ({"tags": "a,b,c,d,e,f,g"}, "Use at most 6 tags; there are 7."),
        ({"tags": "x" * 41}, "is longer than 40 characters"),
    ],
)
def test_a_form_that_is_refused_keeps_what_was_typed(
    member: FlaskClient, change: dict[str, str], message: str
) -> None:
    sent = {**NEW, **change, "publish": "1"}
    page = member.post("/posts/new/", data=sent)
    assert page.status_code == 400
    assert message in page.text
    assert change.keys() == {"body"} or "They *come* back." in page.text
    assert db.session.scalar(sa.select(sa.func.count(Post.id))) == 0


def test_members_change_their_own_posts_only(
    member: FlaskClient, person: Person, write: Write
) -> None:
    other = write(person("olga"), "Olga's")
    assert member.get(f"/posts/{other.id}/edit/").status_code == 403
    assert member.post(f"/posts/{other.id}/edit/", data=NEW).status_code == 403
    assert member.post(f"/posts/{other.id}/delete/").status_code == 403
    assert member.post(f"/posts/{other.id}/visibility/", data={"hide": "1"}).status_code == 403
    assert fresh(other).title == "Olga's"


def test_moderators_change_posts_of_others_and_leave_them_their_author(
    moderator: FlaskClient, person: Person, write: Write
) -> None:
    post = write(person("olga"), "Olgas")
    page = moderator.get(f"/posts/{post.id}/edit/")
    assert "Olgas" in page.text
    moderator.post(f"/posts/{post.id}/edit/", data={**NEW, "title": "Olga's", "save": "1"})
    assert fresh(post).title == "Olga's"
    assert fresh(post).author.username == "olga"
    assert fresh(post).status is PostStatus.PUBLISHED
    moderator.post(f"/posts/{post.id}/edit/", data={**NEW, "draft": "1"})
    assert fresh(post).status is PostStatus.PUBLISHED


def test_a_hidden_post_comes_back_by_a_moderator_only(
    moderator: FlaskClient, person: Person, write: Write, login_as: Login
) -> None:
    author = person("olga")
    post = write(author)
    moderator.post(f"/posts/{post.id}/visibility/", data={"hide": "1"})
    assert fresh(post).status is PostStatus.HIDDEN
    for button in ("publish", "draft", "save"):
        login_as(author).post(f"/posts/{post.id}/edit/", data={**NEW, button: "1"})
        assert fresh(post).status is PostStatus.HIDDEN
    moderator.post(f"/posts/{post.id}/visibility/", data={"show": "1"})
    assert fresh(post).status is PostStatus.PUBLISHED


def test_deleting_asks_first_and_takes_the_comments_along(
    member: FlaskClient, person: Person, write: Write
) -> None:
    me = db.session.scalars(sa.select(User).filter_by(username="mattie")).one()
    post = write(me, "Mine", tags=[Tag(name="sea")])
    comment_on(post, person("olga"))
    page = member.get(f"/posts/{post.id}/delete/")
    assert "1 comment" in page.text
    assert fresh(post) is not None
    assert member.post(f"/posts/{post.id}/delete/").location == "/"
    db.session.expire_all()
    assert db.session.scalar(sa.select(sa.func.count(Post.id))) == 0
    assert db.session.scalar(sa.select(sa.func.count(Comment.id))) == 0


def test_a_profile_is_changed_by_its_owner(member: FlaskClient) -> None:
    sent = {"first_name": " Mattie ", "last_name": "Ó", "location": "Oban", "about_me": "Rain."}
    answer = member.post("/profile/", data={**sent, "is_staff": "1", "username": "root"})
    assert answer.status_code == 303
    page = member.get(answer.location).text
    assert "Mattie Ó" in page
    assert "Oban" in page
    me = db.session.scalars(sa.select(User).filter_by(username="mattie")).one()
    assert not me.is_staff
    assert member.post("/profile/", data={**sent, "location": "x" * 101}).status_code == 400
