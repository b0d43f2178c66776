"""A CSV file of 1,000,000 rows out of the admin panel, against bare Flask-Admin's.

Each export is written in a process of its own, as a server reads it: piece by piece, and nothing
is kept. The table is the same SQLite file for both: six columns, of which one is a day and a time.
Flask-Admin is set up as its documentation shows it, with the same columns.
"""

from __future__ import annotations

import datetime as dt
import multiprocessing as mp
import resource
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from werkzeug.test import EnvironBuilder

from .peers import SECRET_KEY, folder

ROWS = 1_000_000
ROUNDS = 3
COLUMNS = ("id", "title", "slug", "is_open", "reads", "made_at")
#: What makes an application ready: the WSGI callable, the address and the headers.
Contender = Callable[[Path], tuple[Any, str, Mapping[str, str]]]

MANY = """
    WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < :rows)
    INSERT INTO post (id, title, slug, is_open, reads, made_at)
    SELECT n, 'A title of some length ' || n, 'slug-' || n, n % 2, n * 7 % 1000,
      '2026-01-01 10:00:00.000000'
    FROM counted
"""


@dataclass(frozen=True)
class Export:
    """One file.

    :ivar seconds: CPU time.
    :ivar peak: the most memory that the process took, in MiB.
    :ivar before: what it took before the request.
    """

    seconds: float
    peak: float
    before: float


@dataclass(frozen=True)
class Result:
    """The median of the rounds."""

    name: str
    export: Export
    yardstick: Export

    def __str__(self) -> str:
        ours, other = self.export, self.yardstick
        return (
            f"{self.name:<42} {ours.seconds / other.seconds:5.2f} x   {ours.seconds:6.1f} s"
            f"   {ours.peak:7.0f} MiB at most, {ours.before:.0f} before"
        )


def _model(db: Any) -> Any:
    model: Any = db.Model

    class Post(model):
        __tablename__ = "post"
        __lback_app__ = "blog"
        id: Mapped[int] = mapped_column(primary_key=True)
        title: Mapped[str] = mapped_column(sa.String(200))
        slug: Mapped[str] = mapped_column(sa.String(80))
        is_open: Mapped[bool]
        reads: Mapped[int]
        made_at: Mapped[dt.datetime]

    return Post


def _app(name: str, place: Path) -> tuple[Flask, Any, Any]:
    from flask_sqlalchemy import SQLAlchemy

    class Base(DeclarativeBase):
        pass

    app = Flask(name)
    app.config.update(
        SECRET_KEY=SECRET_KEY,
        LBACK_ENV="local",
        SQLALCHEMY_DATABASE_URI=f"sqlite:///{place}",
    )
    db = SQLAlchemy(model_class=Base)
    return app, db, _model(db)


def flask_admin(place: Path) -> tuple[Any, str, Mapping[str, str]]:
    """As its documentation shows it."""
    from flask_admin.base import Admin
    from flask_admin.contrib.sqla.view import ModelView

    app, db, model = _app("flask_admin_alone", place)
    db.init_app(app)

    class PostView(ModelView):
        can_export = True
        column_list = [*COLUMNS]  # noqa: RUF012 - as its documentation shows it
        column_export_list = [*COLUMNS]  # noqa: RUF012

        def is_accessible(self) -> bool:
            return True

    Admin(app).add_view(PostView(model, db, endpoint="post"))
    return app, "/admin/post/export/csv/", {}


def lback(place: Path) -> tuple[Any, str, Mapping[str, str]]:
    """The panel of an account that may export."""
    from flask_lback import Lback, admin
    from flask_lback.auth import UserManager
    from flask_lback.db.schema import initialize
    from flask_lback.testing import sign_in

    app, db, model = _app("lback", place)
    extension = Lback(db=db)

    class PostAdmin(admin.ModelAdmin):
        list_display = COLUMNS

    extension.admin.register(model, PostAdmin)
    db.init_app(app)
    extension.init_app(app)
    with app.app_context():
        initialize(app)
        if UserManager().get_user("maya") is None:
            UserManager().create_superuser(
                username="maya", email="maya@example.org", password="the tide comes twice a day"
            )
            db.session.commit()
        client = sign_in(app, "maya")
    cookie = client.get_cookie("lback_session")
    headers = {"Cookie": f"lback_session={cookie.value if cookie else ''}"}
    return app, "/admin/blog/post/export/?format=csv", headers


PEER = "Flask-Admin"
CONTENDERS: dict[str, Contender] = {PEER: flask_admin, "flask_lback": lback}


def run(rows: int = ROWS) -> list[Result]:
    """Measure both, in turn."""
    place = folder() / "export.sqlite"
    _fill(place, rows)
    found: dict[str, list[Export]] = {name: [] for name in CONTENDERS}
    for _ in range(ROUNDS):
        for name, make in CONTENDERS.items():
            found[name].append(_exported(make, place, rows))
    medians = {name: _median(exports) for name, exports in found.items()}
    return [Result(name, one, medians[PEER]) for name, one in medians.items()]


def _fill(place: Path, rows: int) -> None:
    app, db, _ = _app("filling", place)
    db.init_app(app)
    with app.app_context():
        db.create_all()
        db.session.execute(sa.text(MANY), {"rows": rows})
        db.session.commit()
        db.engine.dispose()


def _median(exports: list[Export]) -> Export:
    return Export(
        statistics.median(one.seconds for one in exports),
        statistics.median(one.peak for one in exports),
        statistics.median(one.before for one in exports),
    )


def _exported(make: Contender, place: Path, rows: int) -> Export:
    context = mp.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_work, args=(make, place, rows, there), daemon=True)
    process.start()
    found = here.recv()
    process.join(30)
    if isinstance(found, str):
        raise RuntimeError(found)
    return Export(*found)


def _work(make: Contender, place: Path, rows: int, connection: Connection) -> None:
    try:
        app, address, headers = make(place)
        environ = EnvironBuilder(address, headers=[*headers.items()]).get_environ()
        before, started = _peak(), time.process_time()
        lines = _lines(app, environ)
        seconds = time.process_time() - started
        if lines != rows + 1:
            raise RuntimeError(f"{lines} lines")
    except Exception as error:
        connection.send(f"{make.__name__}: {error!r}")
        return
    connection.send((seconds, _peak(), before))


def _peak() -> float:
    """The most memory so far, in MiB; Linux counts in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _lines(app: Any, environ: dict[str, Any]) -> int:
    said: list[str] = []
    body = app(environ, lambda status, headers, error=None: said.append(status))
    count = 0
    for piece in body:
        count += piece.count(b"\n")
    if close := getattr(body, "close", None):
        close()
    if not said[0].startswith("200"):
        raise RuntimeError(said[0])
    return count
