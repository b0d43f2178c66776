"""The example in tests: its own application, people in its three groups, posts by the dozen."""

from __future__ import annotations

import datetime as dt
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from example_app import create_app
from example_app.config import TestingConfig
from example_app.extensions import db, lback
from example_app.models import Comment, CommentStatus, Post, PostStatus, Tag, User
from example_app.roles import MEMBERS, MODERATORS
from flask_lback.auth import UserManager

NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)


@pytest.fixture
def app() -> Flask:
    return create_app(TestingConfig)


@pytest.fixture
def site(lback_app: Flask) -> Iterator[Flask]:
    """The application with its tables and groups, inside its context."""
    with lback_app.app_context():
        yield lback_app


@pytest.fixture
def person(site: Flask) -> Callable[..., User]:
    """``person("ines", MODERATORS)`` makes an account in these groups, Members without any."""

    def make(username: str, *groups: str, **fields: Any) -> User:
        user: User = UserManager().create_user(
            username=username, email=f"{username}@example.org", verified=True, **fields
        )
        wanted = sa.select(lback.models.Group).where(
            lback.models.Group.name.in_(groups or (MEMBERS,))
        )
        user.groups = list(db.session.scalars(wanted))
        db.session.commit()
        return user

    return make


@pytest.fixture
def write(site: Flask) -> Callable[..., Post]:
    """``write(author)`` makes a published post."""

    def make(author: User, title: str = "A title", **fields: Any) -> Post:
        fields.setdefault("body", "First paragraph.\n\nSecond paragraph.")
        fields.setdefault("status", PostStatus.PUBLISHED)
        fields.setdefault("published_at", NOW)
        post = Post(title=title, author=author, **fields)
        db.session.add(post)
        db.session.commit()
        return post

    return make


@pytest.fixture
def crowd(site: Flask) -> Callable[[int], list[Post]]:
    """``crowd(198)`` adds so many posts, each with an author, three tags and two comments."""

    def make(count: int) -> list[Post]:
        known = {tag.name: tag for tag in db.session.scalars(sa.select(Tag))}
        tags = [known.get(name) or Tag(name=name) for name in ("tag-0", "tag-1", "tag-2")]
        first = db.session.scalar(sa.select(sa.func.count(Post.id))) or 0
        posts = []
        for number in range(first, first + count):
            name = f"writer-{number}"
            author = User(username=name, email=f"{name}@example.org")
            post = Post(
                title=f"Post {number}",
                body="Words.",
                author=author,
                status=PostStatus.PUBLISHED,
                published_at=NOW - dt.timedelta(hours=number),
                tags=tags,
            )
            post.comments = [
                Comment(body="One", author=author),
                Comment(body="Two", author=author, status=CommentStatus.WAITING),
            ]
            posts.append(post)
        db.session.add_all(posts)
        db.session.commit()
        db.session.expunge_all()
        return posts

    return make


@pytest.fixture
def anonymous(site: Flask) -> FlaskClient:
    return site.test_client()


@pytest.fixture
def member(person: Callable[..., User], login_as: Callable[..., FlaskClient]) -> FlaskClient:
    return login_as(person("mattie"))


@pytest.fixture
def moderator(person: Callable[..., User], login_as: Callable[..., FlaskClient]) -> FlaskClient:
    return login_as(person("mona", MEMBERS, MODERATORS))


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])
