"""The demo in a database."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest
import sqlalchemy as sa
from flask import Flask

from example_app.demo import seed
from example_app.extensions import db
from example_app.models import Comment, CommentStatus, Post, PostStatus, User
from flask_lback import LbackError

NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)


def test_the_whole_site(site: Flask) -> None:
    steps: list[int] = []
    summary = seed(db.session, advance=steps.append, now=NOW)
    users = db.session.scalars(sa.select(User)).all()
    posts = db.session.scalars(sa.select(Post).order_by(Post.published_at.desc())).all()
    comments = db.session.scalars(sa.select(Comment)).all()

    assert (len(users), len(posts)) == (50, 300)
    assert (summary.users, summary.posts, summary.comments) == (50, 300, len(comments))
    assert sum(steps) == 350
    assert len({post.title for post in posts}) == 300
    assert 1300 <= len(comments) <= 1800

    states = Counter(post.status for post in posts)
    assert states[PostStatus.DRAFT] >= 5
    assert states[PostStatus.HIDDEN] >= 3
    said = Counter(comment.status for comment in comments)
    assert said[CommentStatus.WAITING] >= 5
    assert said[CommentStatus.HIDDEN] >= 20

    dates = [post.published_at for post in posts if post.published_at]
    assert max(dates) <= NOW
    assert NOW - max(dates) < dt.timedelta(days=4)
    assert dt.timedelta(days=500) < max(dates) - min(dates) < dt.timedelta(days=560)
    for post in posts:
        assert post.body_html
        assert 30 < len(post.summary) <= 300
        assert post.author.date_joined < post.created_at
        if post.published_at:
            assert all(post.published_at <= one.created_at <= NOW for one in post.comments)
        texts = [comment.body for comment in post.comments]
        assert len(set(texts)) == len(texts)
    for user in users:
        assert user.password_hash is None
        assert [group.name for group in user.groups][:1] == ["Members"]
        assert user.email_verified
    assert all(comment.author_id != comment.post.author_id for comment in comments)


def test_a_small_site_is_possible(site: Flask) -> None:
    assert seed(db.session, users=3, posts=7).posts == 7
    assert db.session.scalar(sa.select(sa.func.count(User.id))) == 3


def test_a_site_with_posts_is_left_alone(site: Flask) -> None:
    seed(db.session, users=2, posts=2)
    with pytest.raises(LbackError, match="already has posts"):
        seed(db.session, users=2, posts=2)
    assert db.session.scalar(sa.select(sa.func.count(Post.id))) == 2
