"""Applications of every shape that the package promises to serve."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask, jsonify
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import String, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from flask_lback import Lback
from flask_lback.auth import AbstractEmailUser, AbstractUser
from flask_lback.auth.models import default_user
from flask_lback.db.schema import initialize
from flask_lback.permissions import permission_required
from flask_lback.testing import use_cheap_hasher

from .databases import DatabaseFactory

SECRET_KEY = "9f2c61d07be84a35c1f6d2ab907e43185bd0"
PASSWORD = "a plain long sentence"

#: ``default``: Lback's own user; the others are an application's own.
USER_KINDS = ("default", "uuid", "email")


@dataclass
class Site:
    """An application, its ``Lback`` and what its accounts are called."""

    app: Flask
    lback: Lback
    has_username: bool

    @property
    def db(self) -> Any:
        """The database object."""
        return self.lback.db

    @property
    def models(self) -> Any:
        """The user class and its companions."""
        return self.lback.models

    def names(self, name: str) -> dict[str, str]:
        """What identifies an account called ``name``, for forms and managers."""
        email = {"email": f"{name}@example.org"}
        return {"username": name, **email} if self.has_username else email

    def add_user(self, name: str, **fields: Any) -> Any:
        """A verified account with the usual password, committed; its key is returned."""
        from flask_lback.auth import UserManager

        with self.app.app_context():
            values = {"password": PASSWORD, "verified": True, **self.names(name), **fields}
            user = UserManager().create_user(**values)
            self.db.session.commit()
            return user.id

    def user(self, name: str) -> Any:
        """The account of that name, within an application context."""
        from flask_lback.auth import UserManager

        return UserManager().get_user(f"{name}@example.org")


def own_db() -> SQLAlchemy:
    """An application's own database object."""

    class Base(DeclarativeBase):
        pass

    return SQLAlchemy(model_class=Base)


def make_db(kind: str) -> tuple[SQLAlchemy | None, type[Any] | None]:
    """A database object with a user class of that kind; none for Lback's own."""
    if kind == "default":
        return None, None
    db = own_db()
    model: Any = db.Model
    if kind == "uuid":

        class Member(AbstractUser, model):
            __tablename__ = "members"
            key: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
            location: Mapped[str | None] = mapped_column(String(100))

            @property
            def id(self) -> uuid.UUID:
                return self.key

        return db, Member

    class Person(AbstractEmailUser, model):
        __tablename__ = "people"
        id: Mapped[int] = mapped_column(primary_key=True)

    return db, Person


@functools.cache
def shared_db(kind: str) -> tuple[SQLAlchemy, type[Any]]:
    """One database object for the sites of a kind in this process.

    Mapping the classes anew for every test would take most of the time of the suite.
    """
    db, user_model = make_db(kind)
    if db is None or user_model is None:
        db = SQLAlchemy()
        user_model = default_user(db)
    return db, user_model


def make_site(
    kind: str = "default", url: str = "sqlite://", own_classes: Any = False, **config: Any
) -> Site:
    """An application with a page behind a permission.

    :param own_classes: whether its models are its own, for tests that change them.
    """
    app = Flask("site")
    app.config.update(SECRET_KEY=SECRET_KEY, TESTING=True, SQLALCHEMY_DATABASE_URI=url, **config)
    db, user_model = make_db(kind) if own_classes else shared_db(kind)
    if db is None:
        lback = Lback(app)
    else:
        db.init_app(app)
        lback = Lback(db=db)
        lback.init_app(app, user_model=user_model)
    use_cheap_hasher(app)
    lback.permissions.define("news.read", "Read the news")
    add_pages(app)
    return Site(app, lback, kind != "email")


def add_pages(app: Flask) -> None:
    """A public page, one behind a permission and one that asks ten times."""
    from flask_lback.auth import current_user, login_required

    @app.get("/")
    def home() -> str:
        return "home"

    @app.get("/news/")
    @permission_required("news.read")
    def news() -> str:
        return "news"

    @app.get("/ten/")
    @login_required
    def ten() -> Any:
        user = current_user
        return jsonify([user.has_permission(name) for name in ["news.read"] + ["no.such"] * 9])


@pytest.fixture(scope="session")
def with_tables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str, Any], str]]:
    """``with_tables(user_kind, database_kind) -> url``: to be copied, which is faster than made."""
    with DatabaseFactory(tmp_path_factory.mktemp("tables")) as factory:

        @functools.cache
        def made(kind: str, database: Any) -> str:
            url = factory(database)
            engine = create_engine(url)
            shared_db(kind)[0].metadata.create_all(engine)
            engine.dispose()
            return url

        yield made


@pytest.fixture
def make_ready(
    new_database: DatabaseFactory, with_tables: Callable[[str, Any], str]
) -> Iterator[Callable[..., Site]]:
    """``make_ready(user_kind, database_kind, **config) -> Site`` with its tables."""
    made = []

    def make(kind: str = "default", database: Any = "sqlite", **config: Any) -> Site:
        like = None if config.get("own_classes") else with_tables(kind, database)
        site = make_site(kind, new_database(database, like=like), **config)
        with site.app.app_context():
            initialize(site.app)
        made.append(site)
        return site

    yield make
    for site in made:
        with site.app.app_context():
            site.db.session.remove()
            for engine in site.db.engines.values():
                engine.dispose()


@pytest.fixture
def site(make_ready: Callable[..., Site]) -> Site:
    """Use A on SQLite."""
    return make_ready()
