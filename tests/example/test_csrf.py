"""Every form of the blog carries its token, and none works without."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from example_app import create_app
from example_app.config import TestingConfig
from example_app.extensions import db
from example_app.models import CommentStatus, Post, PostStatus, User
from tests.example.support import address, comment_on, fresh

TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


@pytest.fixture
def app() -> Flask:
    return create_app(TestingConfig, WTF_CSRF_ENABLED=True)


@pytest.fixture
def post(person: Callable[..., User], write: Callable[..., Post]) -> Post:
    post = write(person("olga"))
    comment_on(post, post.author, status=CommentStatus.HIDDEN)
    return post


def test_nothing_happens_without_a_token(moderator: FlaskClient, post: Post) -> None:
    comment = post.comments[0]
    for path, data in {
        "/posts/new/": {"title": "T", "body": "B", "publish": "1"},
        f"/posts/{post.id}/edit/": {"title": "Changed", "body": "B"},
        f"/posts/{post.id}/delete/": {},
        f"/posts/{post.id}/visibility/": {"hide": "1"},
        f"/posts/{post.id}/comments/": {"body": "Hello"},
        f"/comments/{comment.id}/decision/": {"decision": "show"},
        "/profile/": {"location": "Oban"},
        "/auth/logout/": {},
    }.items():
        assert moderator.post(path, data=data).status_code == 400, path
    db.session.expire_all()
    assert fresh(post).status is PostStatus.PUBLISHED
    assert fresh(comment).status is CommentStatus.HIDDEN
    assert db.session.query(Post).count() == 1


def test_every_form_of_the_pages_has_one(moderator: FlaskClient, post: Post) -> None:
    for path in (
        address(post),
        "/posts/new/",
        f"/posts/{post.id}/edit/",
        "/moderation/?status=hidden",
        "/profile/",
    ):
        page = moderator.get(path).text
        forms = re.findall(r"<form[^>]*method=\"post\".*?</form>", page, re.DOTALL)
        assert forms, path
        assert all(TOKEN.search(form) for form in forms), path


def test_with_its_token_a_form_works(moderator: FlaskClient, post: Post) -> None:
    page = moderator.get(address(post)).text
    token = TOKEN.search(page)
    assert token
    comment = post.comments[0]
    moderator.post(
        f"/comments/{comment.id}/decision/",
        data={"decision": "show", "csrf_token": token[1]},
    )
    assert fresh(comment).status is CommentStatus.SHOWN
