"""A blog with a panel: every kind of column and relation that the tests look at."""

from __future__ import annotations

import datetime as dt
import enum
import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Mapped, backref, mapped_column, relationship
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from flask_lback import Lback, admin
from flask_lback.auth import AbstractUser, UserManager, get_models
from flask_lback.db import BaseModel, UTCDateTime
from flask_lback.db.schema import initialize
from flask_lback.permissions.sync import sync
from flask_lback.testing import sign_in, use_cheap_hasher
from tests.support.apps import PASSWORD, SECRET_KEY, own_db
from tests.support.visitor import hidden_fields


class Status(enum.Enum):
    draft = 1
    published = 2
    hidden = 3


@dataclass
class Blog:
    """An application, its models, and ways to fill it."""

    app: Flask
    lback: Lback
    db: Any
    User: Any
    Post: Any
    Comment: Any
    Tag: Any
    Receipt: Any

    def add_user(self, name: str, *permissions: str, groups: Any = (), **fields: Any) -> Any:
        """An account with permissions of its own; its key is returned."""
        with self.app.app_context():
            models = get_models()
            user = UserManager().create_user(
                username=name,
                email=f"{name}@example.org",
                password=PASSWORD,
                verified=True,
                **fields,
            )
            for permission in permissions:
                self.lback.permissions.grant(permission, user)
            for group in groups:
                found = self.db.session.scalar(sa.select(models.Group).filter_by(name=group))
                user.groups.append(found or models.Group(name=group))
            self.db.session.commit()
            return user.id

    def add_staff(self, name: str, *permissions: str, **fields: Any) -> Any:
        """An account that may enter the panel."""
        return self.add_user(name, *permissions, **{"is_staff": True, **fields})

    def add_superuser(self, name: str = "root") -> Any:
        """An account that may do everything."""
        return self.add_user(name, is_staff=True, is_superuser=True)

    def add_group(self, name: str, *permissions: str) -> Any:
        """A group; its key is returned."""
        with self.app.app_context():
            group = get_models().Group(name=name)
            self.db.session.add(group)
            for permission in permissions:
                self.lback.permissions.grant(permission, group)
            self.db.session.commit()
            return group.id

    def add_post(self, title: str = "A post", author: str | None = None, **fields: Any) -> Any:
        """A post; its key is returned. Its author is made when left out."""
        with self.app.app_context():
            found = UserManager().get_user(author) if author else None
            if found is None:
                name = author or f"author-of-{title.replace(' ', '-')}"[:40].lower()
                self.add_user(name)
                found = UserManager().get_user(name)
            values = {"slug": title.lower().replace(" ", "-"), "body": "Text", **fields}
            post = self.Post(title=title, author=found, **values)
            self.db.session.add(post)
            self.db.session.commit()
            return post.id

    def add_comments(self, post: Any, count: int, **fields: Any) -> None:
        """Comments on a post."""
        with self.app.app_context():
            self.db.session.add_all(
                self.Comment(text=f"Comment {n}", post_id=post, **fields) for n in range(count)
            )
            self.db.session.commit()

    def one(self, model: Any, key: Any) -> Any:
        """A row, within an application context."""
        return self.db.session.get(model, key)

    def count(self, model: Any) -> int:
        """How many rows a model has."""
        with self.app.app_context():
            return int(self.db.session.scalar(sa.select(sa.func.count()).select_from(model)))

    def panel(self, name: str | None) -> Panel:
        """The panel as somebody sees it; None is a visitor."""
        return Panel(self, name)


class Panel:
    """One person's browser without script."""

    def __init__(self, blog: Blog, name: str | None) -> None:
        self.client = blog.app.test_client()
        if name is not None:
            sign_in(blog.app, name, client=self.client)

    def get(self, path: str, **options: Any) -> TestResponse:
        """Ask for a page."""
        return self.client.get(path, **options)

    @functools.cached_property
    def token(self) -> str:
        """The token that this browser's forms carry."""
        page = self.get("/auth/change-password/")
        return hidden_fields(page.text).get("csrf_token", "")

    def post(self, path: str, **fields: Any) -> TestResponse:
        """Send a form with its token; a list sends a field several times."""
        return self.client.post(path, data={"csrf_token": self.token, **fields})

    def act(self, path: str, action: str, *keys: Any) -> TestResponse:
        """Choose rows of a list and press a button of the bar over it."""
        data = MultiDict({"csrf_token": self.token, "action": action})
        data.setlist("rowid", [str(key) for key in keys])
        return self.client.post(path + "action/", data=data)

    def delete(self, path: str, *keys: Any, **fields: Any) -> TestResponse:
        """Open the page that asks, and press its button."""
        query = "&".join(f"id={key}" for key in keys)
        page = self.get(f"{path}delete/?{query}")
        proof = hidden_fields(page.text)["proof"]
        data = MultiDict({"csrf_token": self.token, "proof": proof, **fields})
        data.setlist("id", [str(key) for key in keys])
        return self.client.post(path + "delete/", data=data)


#: A class, or what makes one when it needs the models.
MakeAdmin = type[admin.ModelAdmin] | Callable[[Blog], type[admin.ModelAdmin]]


def make_blog(
    url: str = "sqlite://",
    *,
    admins: Mapping[str, MakeAdmin] | None = None,
    prepared: Callable[[Blog], None] | None = None,
    **config: Any,
) -> Blog:
    """The application with its tables and permissions.

    :param admins: the ModelAdmin class of each model, by name, or what makes one of the blog; the
        usual ones when left out.
    :param prepared: is given the models before the application is set up, to declare more.
    """
    blog = map_blog(Flask("blog"), url, **config)
    if prepared is not None:
        prepared(blog)
    chosen: dict[str, MakeAdmin] = {
        "Post": PostAdmin,
        "Comment": admin.ModelAdmin,
        "Tag": admin.ModelAdmin,
        "Receipt": admin.ModelAdmin,
        **(admins or {}),
    }
    for name, admin_class in chosen.items():
        made = admin_class if isinstance(admin_class, type) else admin_class(blog)
        blog.lback.admin.register(getattr(blog, name), made)
    blog.db.init_app(blog.app)
    blog.lback.init_app(blog.app, user_model=blog.User)
    use_cheap_hasher(blog.app)
    with blog.app.app_context():
        initialize(blog.app)
        sync(blog.app)
    return blog


def map_blog(app: Flask, url: str = "sqlite://", **config: Any) -> Blog:
    """The models, and an application that is not set up yet."""
    app.config.update(SECRET_KEY=SECRET_KEY, TESTING=True, SQLALCHEMY_DATABASE_URI=url, **config)
    db = own_db()
    model: Any = db.Model
    pairs = sa.Table(
        "post_tag",
        db.metadata,
        sa.Column("post_id", sa.ForeignKey("post.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("tag_id", sa.ForeignKey("tag.id", ondelete="CASCADE"), primary_key=True),
    )

    class User(AbstractUser, model):
        __tablename__ = "user_account"
        __lback_app__ = "people"
        id: Mapped[int] = mapped_column(primary_key=True)
        location: Mapped[str | None] = mapped_column(sa.String(50))

    class Tag(model):
        __tablename__ = "tag"
        __lback_app__ = "blog"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str] = mapped_column(sa.String(40), unique=True)

        def __str__(self) -> str:
            return self.name

    class Post(BaseModel, model):
        __tablename__ = "post"
        __lback_app__ = "blog"
        title: Mapped[str] = mapped_column(sa.String(200))
        slug: Mapped[str] = mapped_column(sa.String(80), unique=True)
        body: Mapped[str] = mapped_column(sa.Text)
        status: Mapped[Status] = mapped_column(default=Status.draft)
        is_featured: Mapped[bool] = mapped_column(default=False)
        published_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
        reads: Mapped[int] = mapped_column(default=0)
        data: Mapped[Any] = mapped_column(sa.JSON, nullable=True)
        preview_token: Mapped[str | None] = mapped_column(sa.String(64))
        author_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
        author: Mapped[Any] = relationship(
            User, backref=backref("posts", cascade="all, delete-orphan")
        )
        tags: Mapped[list[Any]] = relationship(Tag, secondary=pairs, backref="posts")

        def __str__(self) -> str:
            return self.title

    class Comment(BaseModel, model):
        __tablename__ = "comment"
        __lback_app__ = "blog"
        text: Mapped[str] = mapped_column(sa.Text)
        post_id: Mapped[int] = mapped_column(sa.ForeignKey("post.id", ondelete="CASCADE"))
        author_id: Mapped[int | None] = mapped_column(
            sa.ForeignKey("user_account.id", ondelete="SET NULL")
        )
        parent_id: Mapped[int | None] = mapped_column(
            sa.ForeignKey("comment.id", ondelete="CASCADE")
        )
        post: Mapped[Any] = relationship(Post)
        author: Mapped[Any] = relationship(User)

    class Receipt(model):
        __tablename__ = "receipt"
        __lback_app__ = "shop"
        id: Mapped[int] = mapped_column(primary_key=True)
        number: Mapped[str] = mapped_column(sa.String(20))
        buyer_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
        buyer: Mapped[Any] = relationship(User)

        def __str__(self) -> str:
            return f"receipt {self.number}"

    return Blog(app, Lback(db=db), db, User, Post, Comment, Tag, Receipt)


class PostAdmin(admin.ModelAdmin):
    list_display: Sequence[str] = (
        "title",
        "author",
        "status",
        "is_featured",
        "reads",
        "published_at",
    )
    list_filter: Sequence[Any] = (
        "status",
        "is_featured",
        "author",
        "tags",
        "published_at",
        "reads",
        "slug",
    )
    search_fields = ("title", "body", "author.username")
    ordering: Sequence[str] = ("title",)
    list_per_page = 10
    readonly_fields: Sequence[str] = ("reads",)
    actions = ("publish", "explode")

    @admin.action(description="Publish", permissions=("change",))
    def publish(self, request: Any, rows: list[Any]) -> str:
        for row in rows:
            row.status = Status.published
        return f"{len(rows)} published."

    @admin.action(permissions=("delete", "change"))
    def explode(self, request: Any, rows: list[Any]) -> None:
        raise TypeError("a fault of the action")
