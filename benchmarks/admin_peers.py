"""The list of one million records by three panels, as their documentation shows it.

The pages are asked for as ``/first`` and ``/last``; each application has its own address for them.
"""

# mypy: disable-error-code="import-not-found,untyped-decorator,attr-defined"
from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from .peers import SECRET_KEY, folder

ROWS, AUTHORS, SHOWN = 1_000_000, 50, 50
#: Columns of a list: a text, a relation, a word, a flag, a number and a moment.
COLUMNS = ("title", "author", "status", "is_featured", "reads", "published_at")
FIRST, LAST = "/first", "/last"

#: The same rows for everybody, newest last.
_FILL = """
insert into {table} (id, title, author_id, status, is_featured, reads, published_at)
with recursive n(i) as (select 1 union all select i + 1 from n where i < {rows})
select i, 'Title of article ' || i, i % {authors} + 1,
  case i % 3 when 0 then 'draft' when 1 then 'published' else 'hidden' end,
  i % 7 = 0, i % 1000, datetime('2020-01-01', i || ' minutes') from n
"""


def fill(table: str) -> str:
    """The statement that writes the records."""
    return _FILL.format(table=table, rows=ROWS, authors=AUTHORS)


def paged(app: Any, first: str, last: str) -> Callable[..., Any]:
    """The application with names for its two pages."""
    addresses = {FIRST: urlsplit(first), LAST: urlsplit(last)}

    def wsgi(environ: dict[str, Any], start: Any) -> Any:
        address = addresses.get(environ["PATH_INFO"])
        if address is not None:
            environ["PATH_INFO"], environ["QUERY_STRING"] = address.path, address.query
        return app(environ, start)

    return wsgi


def mapped(model: Any) -> tuple[Any, Any]:
    """Authors and articles on a base class of Flask-SQLAlchemy."""

    class Author(model):
        __tablename__ = "author"
        __lback_app__ = "magazine"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str] = mapped_column(sa.String(80))

        def __str__(self) -> str:
            return self.name

    class Article(model):
        __tablename__ = "article"
        __lback_app__ = "magazine"
        id: Mapped[int] = mapped_column(primary_key=True)
        title: Mapped[str] = mapped_column(sa.String(200))
        author_id: Mapped[int] = mapped_column(sa.ForeignKey("author.id"))
        status: Mapped[str] = mapped_column(sa.Enum("draft", "published", "hidden"))
        is_featured: Mapped[bool]
        reads: Mapped[int]
        published_at: Mapped[Any] = mapped_column(sa.DateTime)
        author: Mapped[Any] = relationship(Author)

        def __str__(self) -> str:
            return self.title

    return Author, Article


def flask_lback() -> tuple[Any, Mapping[str, str]]:
    """``@admin.register(Article)`` and a superuser."""
    from flask_lback import Lback, admin
    from flask_lback.db.schema import initialize
    from flask_lback.testing import sign_in

    app = _flask("measured")
    app.config["LBACK_ENV"] = "local"
    extension = Lback(app)
    author, article = mapped(extension.db.Model)

    class ArticleAdmin(admin.ModelAdmin):
        list_display = COLUMNS
        list_per_page = SHOWN

    extension.admin.register(author, admin.ModelAdmin)
    extension.admin.register(article, ArticleAdmin)
    with app.app_context():
        initialize(app)
        _filled(extension.db, author)
        user = extension.models.User(username="root", email="root@example.org", is_superuser=True)
        extension.db.session.add(user)
        extension.db.session.commit()
        cookie = sign_in(app, user).get_cookie("lback_session")
    address = "/admin/magazine/article/"
    return (
        paged(app, address, f"{address}?page=last"),
        {"Cookie": f"lback_session={cookie.value if cookie else ''}"},
    )


def flask_admin() -> tuple[Any, Mapping[str, str]]:
    """A ``ModelView`` that everybody may open."""
    from flask_admin import Admin
    from flask_admin.contrib.sqla import ModelView
    from flask_sqlalchemy import SQLAlchemy

    class Base(DeclarativeBase):
        pass

    db = SQLAlchemy(model_class=Base)
    author, article = mapped(db.Model)
    app = _flask("flask_admin")
    db.init_app(app)

    class ArticleView(ModelView):
        column_list = COLUMNS
        column_default_sort = ("id", True)
        page_size = SHOWN

    admin = Admin(app)
    admin.add_view(ModelView(author, db))
    admin.add_view(ArticleView(article, db))
    with app.app_context():
        db.create_all()
        _filled(db, author)
    address = "/admin/article/"
    return paged(app, address, f"{address}?page={ROWS // SHOWN - 1}"), {}


def django() -> tuple[Any, Mapping[str, str]]:
    """``ModelAdmin`` in a project as `startproject` makes it, and a superuser."""
    from .django_admin import make

    app, headers = make(folder() / "bench.sqlite", SECRET_KEY)
    address = "/admin/django_magazine/article/"
    return paged(app, address, f"{address}?p={ROWS // SHOWN}"), headers


def _flask(name: str) -> Flask:
    app = Flask(name)
    app.config.update(
        SECRET_KEY=SECRET_KEY, SQLALCHEMY_DATABASE_URI=f"sqlite:///{folder() / 'bench.sqlite'}"
    )
    return app


def _filled(db: Any, author: Any) -> None:
    db.session.add_all(author(name=f"Author {n}") for n in range(AUTHORS))
    db.session.flush()
    db.session.execute(sa.text(fill("article")))
    db.session.commit()
