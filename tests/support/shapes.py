"""Applications whose accounts have other tables and keys than ours, for every database."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from flask_lback import Lback
from flask_lback.auth import AbstractUser
from flask_lback.db.schema import initialize
from flask_lback.testing import use_cheap_hasher

from .apps import SECRET_KEY, Site, add_pages, own_db

#: ``people`` is a table of the application's own, ``text key`` has keys
#: that are texts, ``schema`` lies in a schema of the application's own.
SHAPES = ("default", "people", "text key", "schema")


def make_shape(shape: str, url: str, **config: Any) -> Site:
    """An application of that shape, without its tables."""
    app = Flask("shapes")
    app.config.update(SECRET_KEY=SECRET_KEY, TESTING=True, SQLALCHEMY_DATABASE_URI=url, **config)
    db, user_model = None, None
    if shape != "default":
        db = _db(shape)
        user_model = _user(shape, db)
        db.init_app(app)
    lback = Lback(db=db)
    plan = lback.init_app(app, user_model=user_model)
    lback.db = plan.db
    use_cheap_hasher(app)
    add_pages(app)
    lback.permissions.define("news.read", "Read the news")
    return Site(app, lback, True)


@contextmanager
def ready_shape(shape: str, url: str, **config: Any) -> Iterator[Site]:
    """An application of that shape with its tables; they go with the database."""
    site = make_shape(shape, url, **config)
    with site.app.app_context():
        if shape == "schema" and url.startswith("postgresql"):
            with site.db.engine.begin() as connection:
                connection.execute(sa.schema.CreateSchema("crm"))
        initialize(site.app)
    yield site
    with site.app.app_context():
        site.db.session.remove()
        for engine in site.db.engines.values():
            engine.dispose()


def _db(shape: str) -> SQLAlchemy:
    if shape != "schema":
        return own_db()

    class Base(DeclarativeBase):
        metadata = sa.MetaData(schema="crm")

    return SQLAlchemy(model_class=Base)


def _user(shape: str, db: SQLAlchemy) -> type[Any]:
    model: Any = db.Model
    if shape == "text key":

        class Reader(AbstractUser, model):
            __tablename__ = "library_readers"
            card: Mapped[str] = mapped_column(
                sa.String(200), primary_key=True, default=lambda: f"R/{uuid.uuid4()}/{'ä' * 150}"
            )

            @property
            def id(self) -> str:
                return self.card

        return Reader

    class Person(AbstractUser, model):
        __tablename__ = "people"
        id: Mapped[int] = mapped_column(primary_key=True)

    return Person
