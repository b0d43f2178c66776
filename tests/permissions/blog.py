"""A small blog: posts of authors, notes and tags with keys of other kinds."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Mapped, mapped_column

from flask_lback import Lback
from flask_lback.auth import AbstractUser, UserManager
from flask_lback.db.schema import drop, initialize
from flask_lback.testing import use_cheap_hasher
from tests.support.apps import PASSWORD, SECRET_KEY, Site, own_db
from tests.support.databases import DatabaseFactory

VIEW, CHANGE, DELETE = "blog.view_post", "blog.change_post", "blog.delete_post"


@functools.cache
def classes() -> Any:
    """The database object and its classes, mapped once."""
    db: Any = own_db()
    model: Any = db.Model

    class User(AbstractUser, model):
        __tablename__ = "users"
        __lback_app__ = "blog"
        id: Mapped[int] = mapped_column(primary_key=True)

    class Post(model):
        __tablename__ = "posts"
        __lback_app__ = "blog"
        id: Mapped[int] = mapped_column(primary_key=True)
        title: Mapped[str] = mapped_column(sa.String(80))
        author_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
        author = sa.orm.relationship(User)

    class Note(model):
        __tablename__ = "notes"
        __lback_app__ = "blog"
        id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)

    class Tag(model):
        __tablename__ = "tags"
        __lback_app__ = "blog"
        name: Mapped[str] = mapped_column(sa.String(40), primary_key=True)

    class Seat(model):
        __tablename__ = "seats"
        __lback_app__ = "blog"
        row: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
        place: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)

    db.Post, db.Note, db.Tag, db.Seat = Post, Note, Tag, Seat
    return db


class Blog(Site):
    """A site with posts."""

    @property
    def Post(self) -> Any:
        """The model."""
        return self.db.Post

    def write(self, author: str, *titles: str) -> None:
        """Posts of somebody, committed."""
        for title in titles:
            self.db.session.add(self.Post(title=title, author_id=self.user(author).id))
        self.db.session.commit()

    def post(self, title: str) -> Any:
        """A post by its title."""
        return self.db.session.scalars(sa.select(self.Post).filter_by(title=title)).one()

    def group(self, name: str, *members: str) -> Any:
        """A new group, committed."""
        group = self.models.Group(name=name, users=[self.user(one) for one in members])
        self.db.session.add(group)
        self.db.session.commit()
        return group

    def titles(self, name: str, action: str = "view") -> list[str]:
        """The posts with which somebody may do something."""
        query = self.lback.permissions.scope(
            sa.select(self.Post).order_by(self.Post.id), self.user(name), action
        )
        return [post.title for post in self.db.session.scalars(query)]


def make_blog(url: str, **config: Any) -> Blog:
    """An application of its own; its policies are declared on its own ``Lback``."""
    app = Flask("blog")
    app.config.update(SECRET_KEY=SECRET_KEY, TESTING=True, SQLALCHEMY_DATABASE_URI=url, **config)
    db = classes()
    db.init_app(app)
    lback = Lback(db=db)
    lback.init_app(app)
    use_cheap_hasher(app)
    return Blog(app, lback, True)


@pytest.fixture
def make_ready_blog(new_database: DatabaseFactory) -> Iterator[Callable[..., Blog]]:
    """``make_ready_blog(database_kind, **config) -> Blog`` with maya's and kofi's posts."""
    made = []

    def make(database: Any = "sqlite", **config: Any) -> Blog:
        blog = make_blog(new_database(database), **config)
        with blog.app.app_context():
            initialize(blog.app)
            for name in ("maya", "kofi", "lena"):
                UserManager().create_user(password=PASSWORD, verified=True, **blog.names(name))
            UserManager().create_user(
                password=PASSWORD, verified=True, is_superuser=True, **blog.names("root")
            )
            blog.db.session.commit()
            blog.write("maya", "m1", "m2")
            blog.write("kofi", "k1", "k2", "k3")
        made.append(blog)
        return blog

    yield make
    for blog in made:
        with blog.app.app_context():
            drop(blog.app)
            blog.db.engine.dispose()


@pytest.fixture
def blog(make_ready_blog: Callable[..., Blog]) -> Blog:
    """A blog on SQLite."""
    return make_ready_blog()
