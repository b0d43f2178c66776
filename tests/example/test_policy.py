"""The policy of the posts: its rules and its lists say the same."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from example_app.extensions import db, lback
from example_app.models import Post, PostStatus, User
from example_app.roles import ADMINISTRATORS, CHANGE_POST, DELETE_POST, MEMBERS, MODERATORS

D, P, H = PostStatus.DRAFT, PostStatus.PUBLISHED, PostStatus.HIDDEN
NAMES = {"view": "blog.view_post", "change": CHANGE_POST, "delete": DELETE_POST}


@pytest.mark.parametrize(
    ("group", "reached"),
    [
        (MEMBERS, {"view": {P}, "change": set(), "delete": set()}),
        (MODERATORS, {"view": {P, H}, "change": {P, H}, "delete": set()}),
        (ADMINISTRATORS, {"view": {P, H}, "change": {P, H}, "delete": {P, H}}),
    ],
)
def test_the_posts_of_others_that_each_group_reaches(
    person: Callable[..., User],
    write: Callable[..., Post],
    group: str,
    reached: dict[str, set[PostStatus]],
) -> None:
    reader, author = person("ines", group), person("otto")
    for status in PostStatus:
        write(author, status=status)
        write(reader, status=status)
    for action, others in reached.items():
        query = lback.permissions.scope(sa.select(Post), reader, action)
        listed = set(db.session.scalars(query))
        posts = db.session.scalars(sa.select(Post)).all()
        allowed = {post for post in posts if reader.has_object_permission(NAMES[action], post)}
        assert listed == allowed, action
        assert {post.status for post in listed if post.author_id == author.id} == others, action
        assert {post.status for post in listed if post.author_id == reader.id} == {D, P, H}, action


def test_a_superuser_reaches_everything(
    person: Callable[..., User], write: Callable[..., Post]
) -> None:
    chief = person("chief", is_superuser=True)
    draft = write(person("otto"), status=D)
    assert chief.has_object_permission(DELETE_POST, draft)
    assert db.session.scalars(lback.permissions.scope(sa.select(Post), chief, "delete")).all() == [
        draft
    ]
