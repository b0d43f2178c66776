"""People, posts, comments and tags."""

from __future__ import annotations

import datetime as dt
import enum
import re
import unicodedata
from typing import ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from flask_lback.auth import AbstractUser
from flask_lback.db import BaseModel, UTCDateTime

from .blog.markdown import Rendered, render_comment, render_post
from .extensions import Model

TITLE_LENGTH = 160
SUMMARY_LENGTH = 300
COMMENT_LENGTH = 4000


class PostStatus(enum.StrEnum):
    """Who may read a post: its author, everybody, or its author and the moderators."""

    DRAFT = "draft"
    PUBLISHED = "published"
    HIDDEN = "hidden"


class CommentStatus(enum.StrEnum):
    """A comment waits for a moderator, is shown, or was hidden by one."""

    WAITING = "waiting"
    SHOWN = "shown"
    HIDDEN = "hidden"


def words_of(kind: type[enum.StrEnum]) -> sa.Enum:
    """A column that holds the values of an enumeration as plain words."""
    return sa.Enum(
        kind, native_enum=False, length=12, values_callable=lambda e: [one.value for one in e]
    )


def slugify(text: str) -> str:
    """The readable part of an address: ``Über den Fluss`` gives ``uber-den-fluss``."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:80].rstrip("-")


class User(AbstractUser, Model):
    """An account, and the person behind it."""

    __tablename__ = "users"
    __lback_app__: ClassVar = "blog"

    id: Mapped[int] = mapped_column(primary_key=True)
    location: Mapped[str] = mapped_column(sa.String(100), default="")
    about_me: Mapped[str] = mapped_column(sa.Text, default="")

    posts: Mapped[list[Post]] = relationship(back_populates="author", passive_deletes=True)
    comments: Mapped[list[Comment]] = relationship(back_populates="author", passive_deletes=True)

    @property
    def display_name(self) -> str:
        """What the pages call this person."""
        return f"{self.first_name or ''} {self.last_name or ''}".strip() or self.username


post_tags = sa.Table(
    "post_tags",
    Model.metadata,
    sa.Column("post_id", sa.ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("tag_id", sa.ForeignKey("tags.id", ondelete="CASCADE"), primary_key=True),
    sa.Index("ix_post_tags_tag_id", "tag_id"),
)


class Tag(Model):
    """A word that posts are found by."""

    __tablename__ = "tags"
    __lback_app__: ClassVar = "blog"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(40), unique=True)

    posts: Mapped[list[Post]] = relationship(secondary=post_tags, back_populates="tags")

    def __str__(self) -> str:
        return self.name


class Post(BaseModel, Model):
    """A text in Markdown. What readers get is rendered when it is written, not when it is read."""

    __tablename__ = "posts"
    __lback_app__: ClassVar = "blog"
    __table_args__ = (sa.Index("ix_posts_status_published_at", "status", "published_at"),)

    title: Mapped[str] = mapped_column(sa.String(TITLE_LENGTH))
    summary: Mapped[str] = mapped_column(sa.String(SUMMARY_LENGTH), default="")
    body: Mapped[str] = mapped_column(sa.Text)
    body_html: Mapped[str] = mapped_column(sa.Text, default="")
    minutes: Mapped[int] = mapped_column(default=1)
    status: Mapped[PostStatus] = mapped_column(words_of(PostStatus), default=PostStatus.DRAFT)
    published_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    author_id: Mapped[int] = mapped_column(sa.ForeignKey(User.id, ondelete="CASCADE"), index=True)

    author: Mapped[User] = relationship(back_populates="posts")
    tags: Mapped[list[Tag]] = relationship(
        secondary=post_tags, back_populates="posts", order_by=Tag.name
    )
    comments: Mapped[list[Comment]] = relationship(
        back_populates="post", cascade="all, delete-orphan", passive_deletes=True
    )

    @validates("body")
    def _render(self, key: str, body: str | None) -> str:
        rendered: Rendered = render_post(body or "")
        self.body_html, self.summary, self.minutes = (
            rendered.html,
            rendered.summary(SUMMARY_LENGTH),
            rendered.minutes,
        )
        return body or ""

    @property
    def slug(self) -> str:
        """The readable part of the address; the number before it is what counts."""
        return slugify(self.title) or "post"

    @property
    def is_published(self) -> bool:
        return self.status is PostStatus.PUBLISHED

    def __str__(self) -> str:
        return self.title


class Comment(BaseModel, Model):
    """What a reader says below a post."""

    __tablename__ = "comments"
    __lback_app__: ClassVar = "blog"
    __table_args__ = (
        sa.Index("ix_comments_post_id_status", "post_id", "status"),
        sa.Index("ix_comments_status_created_at", "status", "created_at"),
    )

    body: Mapped[str] = mapped_column(sa.Text)
    body_html: Mapped[str] = mapped_column(sa.Text, default="")
    status: Mapped[CommentStatus] = mapped_column(
        words_of(CommentStatus), default=CommentStatus.SHOWN
    )
    post_id: Mapped[int] = mapped_column(sa.ForeignKey(Post.id, ondelete="CASCADE"))
    author_id: Mapped[int] = mapped_column(sa.ForeignKey(User.id, ondelete="CASCADE"), index=True)

    post: Mapped[Post] = relationship(back_populates="comments")
    author: Mapped[User] = relationship(back_populates="comments")

    @validates("body")
    def _render(self, key: str, body: str | None) -> str:
        self.body_html = render_comment(body or "")
        return body or ""

    def __str__(self) -> str:
        return f"{self.body[:60]}…" if len(self.body) > 60 else self.body
