"""Small deeds that several tests do."""

from __future__ import annotations

from typing import Any

from example_app.extensions import db
from example_app.models import Comment, Post, User


def address(post: Post) -> str:
    """Where a post is read."""
    return f"/posts/{post.id}/{post.slug}/"


def comment_on(post: Post, author: User, body: str = "Nicely said.", **fields: Any) -> Comment:
    """A comment that is shown at once."""
    comment = Comment(post=post, author=author, body=body, **fields)
    db.session.add(comment)
    db.session.commit()
    return comment


def fresh(thing: Any) -> Any:
    """What the database has to say about it now."""
    db.session.expire_all()
    return db.session.get(type(thing), thing.id)
