"""Commenting and moderating."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from example_app.extensions import db
from example_app.models import Comment, CommentStatus, Post, PostStatus, User
from tests.example.support import address, comment_on, fresh

Person = Callable[..., User]
Write = Callable[..., Post]
Login = Callable[..., FlaskClient]


@pytest.fixture
def post(person: Person, write: Write) -> Post:
    return write(person("olga"), "Olga's post")


def only_comment() -> Comment:
    db.session.expire_all()
    return db.session.scalars(sa.select(Comment)).one()


def test_visitors_are_asked_to_sign_in_before_they_comment(
    anonymous: FlaskClient, post: Post
) -> None:
    assert "<textarea" not in anonymous.get(address(post)).text
    answer = anonymous.post(f"/posts/{post.id}/comments/", data={"body": "Hello"})
    assert answer.status_code == 302
    assert "/auth/login/" in answer.location


def test_a_first_comment_waits_and_its_author_sees_it(
    member: FlaskClient, anonymous: FlaskClient, moderator: FlaskClient, post: Post
) -> None:
    answer = member.post(f"/posts/{post.id}/comments/", data={"body": "My *first* words"})
    comment = only_comment()
    assert answer.location == f"{address(post)}#comment-{comment.id}"
    assert comment.status is CommentStatus.WAITING
    assert "My <em>first</em> words" in member.get(address(post)).text
    assert "first</em>" not in anonymous.get(address(post)).text
    assert "first</em>" in moderator.get("/moderation/").text


def test_after_one_was_shown_the_next_is_shown_at_once(
    member: FlaskClient, anonymous: FlaskClient, moderator: FlaskClient, post: Post
) -> None:
    member.post(f"/posts/{post.id}/comments/", data={"body": "The first"})
    first = only_comment()
    moderator.post(f"/comments/{first.id}/decision/", data={"decision": "show"})
    member.post(f"/posts/{post.id}/comments/", data={"body": "The second"})
    page = anonymous.get(address(post)).text
    assert "The first" in page
    assert "The second" in page
    assert "2 comments" in page


def test_moderators_do_not_wait_for_themselves(moderator: FlaskClient, post: Post) -> None:
    moderator.post(f"/posts/{post.id}/comments/", data={"body": "Welcome"})
    assert only_comment().status is CommentStatus.SHOWN


def test_a_hidden_comment_keeps_its_place_but_not_its_words(
    member: FlaskClient, anonymous: FlaskClient, moderator: FlaskClient, post: Post
) -> None:
    comment = comment_on(post, post.author, "Buy replicas")
    answer = moderator.post(
        f"/comments/{comment.id}/decision/", data={"decision": "hide", "back": "queue"}
    )
    assert answer.location == "/moderation/?status=shown"
    for client in (member, anonymous):
        page = client.get(address(post)).text
        assert "A moderator has hidden this comment." in page
        assert "Buy replicas" not in page
    assert "Buy replicas" in moderator.get(address(post)).text
    assert "Buy replicas" in moderator.get("/moderation/?status=hidden").text


def test_members_cannot_moderate(member: FlaskClient, post: Post) -> None:
    comment = comment_on(post, post.author)
    assert member.get("/moderation/").status_code == 403
    answer = member.post(f"/comments/{comment.id}/decision/", data={"decision": "hide"})
    assert answer.status_code == 403
    assert fresh(comment).status is CommentStatus.SHOWN
    assert "/decision/" not in member.get(address(post)).text


@pytest.mark.parametrize("decision", ["", "delete", "shown"])
def test_a_decision_that_does_not_exist_changes_nothing(
    moderator: FlaskClient, post: Post, decision: str
) -> None:
    comment = comment_on(post, post.author)
    path = f"/comments/{comment.id}/decision/"
    assert moderator.post(path, data={"decision": decision}).status_code == 400
    assert fresh(comment).status is CommentStatus.SHOWN
    assert moderator.get("/moderation/?status=deleted").status_code == 404


def test_an_empty_comment_is_refused_beside_the_field(member: FlaskClient, post: Post) -> None:
    page = member.post(f"/posts/{post.id}/comments/", data={"body": "   "})
    assert page.status_code == 400
    assert "Write something first." in page.text
    assert "Olga" in page.text


@pytest.mark.parametrize("status", [PostStatus.DRAFT, PostStatus.HIDDEN])
def test_nothing_can_be_said_below_a_post_that_is_not_published(
    member: FlaskClient, moderator: FlaskClient, post: Post, status: PostStatus
) -> None:
    post.status = status
    db.session.commit()
    for client in (member, moderator):
        path = f"/posts/{post.id}/comments/"
        assert client.post(path, data={"body": "Hello"}).status_code == 404


def test_scripts_in_a_comment_stay_words(
    member: FlaskClient, moderator: FlaskClient, post: Post
) -> None:
    body = "<script>alert(1)</script> [x](javascript:alert(1)) <b onclick=alert(1)>bold</b>"
    member.post(f"/posts/{post.id}/comments/", data={"body": body})
    for path in (address(post), "/moderation/"):
        page = moderator.get(path).text
        assert "alert(1)" not in page
        assert "<b>bold</b>" in page


def test_removing_somebody_from_the_moderators_works_at_once(
    person: Person, login_as: Login
) -> None:
    user = person("mo", "Moderators")
    client = login_as(user)
    assert client.get("/moderation/").status_code == 200
    user.groups = []
    db.session.commit()
    assert client.get("/moderation/").status_code == 403
