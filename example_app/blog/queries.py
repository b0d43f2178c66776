"""What the pages ask the database. A list costs the same number of statements at any length."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import sqlalchemy as sa
from flask import abort, current_app
from sqlalchemy.orm import defer, joinedload, selectinload

from ..extensions import db
from ..models import Comment, CommentStatus, Post, PostStatus, Tag, User, post_tags

if TYPE_CHECKING:
    from flask_sqlalchemy.pagination import Pagination

Posts = sa.Select[Post]
#: What a list shows of people; the rest of their accounts stays in the database.
NAMES = (User.username, User.first_name, User.last_name)


def published() -> Posts:
    """Posts that everybody may read, newest first."""
    return (
        sa.select(Post)
        .where(Post.status == PostStatus.PUBLISHED)
        .order_by(Post.published_at.desc(), Post.id.desc())
    )


def most_discussed() -> Posts:
    """Posts that everybody may read, those with the most comments first."""
    counts = _counts().subquery()
    return (
        sa.select(Post)
        .outerjoin(counts, counts.c.post_id == Post.id)
        .where(Post.status == PostStatus.PUBLISHED)
        .order_by(sa.func.coalesce(counts.c.total, 0).desc(), Post.published_at.desc())
    )


def page_of(posts: Posts) -> tuple[Pagination, dict[int, int]]:
    """One page of a list with authors and tags, and the number of comments by post.

    The texts stay in the database: a list shows summaries.
    """
    ready = posts.options(
        defer(Post.body),
        defer(Post.body_html),
        joinedload(Post.author).load_only(*NAMES),
        selectinload(Post.tags),
    )
    page = db.paginate(ready, per_page=current_app.config["POSTS_PER_PAGE"], max_per_page=100)
    return page, comment_counts(post.id for post in page.items)


def comment_counts(post_ids: Iterable[int]) -> dict[int, int]:
    """Comments that everybody may read, by post, in one statement."""
    rows = db.session.execute(_counts().where(Comment.post_id.in_(list(post_ids))))
    return {row.post_id: row.total for row in rows}


def _counts() -> sa.Select[int, int]:
    return (
        sa.select(Comment.post_id, sa.func.count().label("total"))
        .where(Comment.status == CommentStatus.SHOWN)
        .group_by(Comment.post_id)
    )


def post_or_404(post_id: int) -> Post:
    """A post with its author and tags."""
    post = db.session.scalar(
        sa.select(Post)
        .where(Post.id == post_id)
        .options(joinedload(Post.author), selectinload(Post.tags))
    )
    return post or abort(404)


def comments_of(post: Post, *, all_of_them: bool, own: int | None) -> Sequence[Comment]:
    """The comments below a post, oldest first.

    :param all_of_them: for moderators, hidden and waiting ones too.
    :param own: the reader, who always sees what they wrote.
    """
    query = sa.select(Comment).where(Comment.post_id == post.id)
    if not all_of_them:
        # a hidden comment keeps its place: answers to it would be hard to follow otherwise
        seen = Comment.status != CommentStatus.WAITING
        query = query.where(seen if own is None else sa.or_(seen, Comment.author_id == own))
    query = query.options(joinedload(Comment.author).load_only(*NAMES)).order_by(
        Comment.created_at, Comment.id
    )
    return db.session.scalars(query).all()


def tags_with_counts(limit: int | None = None) -> Sequence[sa.Row[str, int]]:
    """Tags of published posts, the most used first."""
    total = sa.func.count().label("total")
    query = (
        sa.select(Tag.name, total)
        .join(post_tags, post_tags.c.tag_id == Tag.id)
        .join(Post, sa.and_(Post.id == post_tags.c.post_id, Post.status == PostStatus.PUBLISHED))
        .group_by(Tag.name)
        .order_by(total.desc(), Tag.name)
        .limit(limit)
    )
    return db.session.execute(query).all()


def recent_writers(limit: int) -> Sequence[User]:
    """Who published last."""
    latest = (
        sa.select(Post.author_id, sa.func.max(Post.published_at).label("at"))
        .where(Post.status == PostStatus.PUBLISHED)
        .group_by(Post.author_id)
        .order_by(sa.desc("at"))
        .limit(limit)
        .subquery()
    )
    query = sa.select(User).join(latest, latest.c.author_id == User.id).order_by(latest.c.at.desc())
    return db.session.scalars(query).all()
