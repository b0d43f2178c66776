"""A signed-in page that asks ten permissions, against bare Flask with a SECRET_KEY.

The account is one of 1,000 in a SQLite file, in 3 groups with 20 permissions each; the page
answers with its name. Flask-Login with an account from the ORM stands beside it, asking nothing.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from .harness import Contender, Ratio, compare

SECRET_KEY = "b0e1c2d3f4a5968778695a4b3c2d1e0f99"
CHECKS = [f"app.right_{number}" for number in range(10)]


def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="lback-bench-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def bare() -> tuple[Any, Mapping[str, str]]:
    """Flask, a route, a key."""
    app = Flask("bare")
    app.secret_key = SECRET_KEY
    app.add_url_rule("/", "home", lambda: "hello maya")
    return app, {}


def lback() -> tuple[Any, Mapping[str, str]]:
    """``Lback(app)`` with everything on."""
    from flask_lback import Lback
    from flask_lback.auth import current_user, login_required
    from flask_lback.db.schema import initialize
    from flask_lback.testing import sign_in

    app = Flask("measured")
    app.config.update(
        SECRET_KEY=SECRET_KEY,
        LBACK_ENV="local",
        SQLALCHEMY_DATABASE_URI=f"sqlite:///{_folder() / 'bench.sqlite'}",
    )
    extension = Lback(app)

    @app.get("/")
    @login_required
    def home() -> str:
        user: Any = current_user._get_current_object()
        allowed = [name for name in CHECKS if user.has_permission(name)]
        return f"hello {user.username}" if len(allowed) == 10 else "no"

    db, models = extension.db, extension.models
    with app.app_context():
        initialize(app)
        rights = [models.Permission(name=f"app.right_{n}") for n in range(60)]
        groups = [
            models.Group(name=f"group {n}", permissions=rights[n * 20 : n * 20 + 20])
            for n in range(3)
        ]
        users = [
            models.User(username=f"user{n}", email=f"user{n}@example.org") for n in range(1000)
        ]
        users[500].groups = groups
        db.session.add_all([*rights, *groups, *users])
        db.session.commit()
        client = sign_in(app, users[500])
    cookie = client.get_cookie("lback_session")
    return app, {"Cookie": f"lback_session={cookie.value if cookie else ''}"}


def flask_login() -> tuple[Any, Mapping[str, str]]:
    """Flask-Login as its documentation shows it, the account from the ORM, no permission."""
    from flask_login import LoginManager, UserMixin, login_required, login_user
    from flask_login import current_user as user
    from flask_sqlalchemy import SQLAlchemy

    class Base(DeclarativeBase):
        pass

    db = SQLAlchemy(model_class=Base)
    model: Any = db.Model

    class User(UserMixin, model):
        id: Mapped[int] = mapped_column(primary_key=True)
        username: Mapped[str]

    app = Flask("flask_login")
    app.config.update(
        SECRET_KEY=SECRET_KEY, SQLALCHEMY_DATABASE_URI=f"sqlite:///{_folder() / 'bench.sqlite'}"
    )
    db.init_app(app)
    manager = LoginManager(app)
    manager.user_loader(lambda key: db.session.get(User, int(key)))

    def enter() -> str:
        login_user(db.session.get(User, 500))
        return ""

    app.add_url_rule("/in", "enter", enter)

    def home() -> str:
        account: Any = user
        return f"hello {account.username}"

    app.add_url_rule("/", "home", login_required(home))
    with app.app_context():
        db.create_all()
        db.session.add_all(User(username=f"user{n}") for n in range(1000))
        db.session.commit()
    client = app.test_client()
    client.get("/in")
    cookie = client.get_cookie("session")
    return app, {"Cookie": f"session={cookie.value if cookie else ''}"}


CONTENDERS: dict[str, Contender] = {
    "bare Flask with a SECRET_KEY": bare,
    "flask_lback, ten permission checks": lback,
    "Flask-Login with an ORM user, no checks": flask_login,
}


def run() -> list[Ratio]:
    """Measure."""
    return compare(CONTENDERS, yardstick="bare Flask with a SECRET_KEY")
