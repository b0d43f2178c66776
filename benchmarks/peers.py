"""The same page by others, as their documentation shows it.

They are not among the tools of this project but in its extra ``bench``: a peer that is not
installed is left out.
"""

# mypy: disable-error-code="import-not-found,untyped-decorator"
from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

SECRET_KEY = "b0e1c2d3f4a5968778695a4b3c2d1e0f99"
CHECKS = [f"app.right_{number}" for number in range(10)]
USERS, GROUPS, RIGHTS_OF_A_GROUP = 1000, 3, 20
CHOSEN = 500


def folder() -> Path:
    """A folder that is removed at the end."""
    path = Path(tempfile.mkdtemp(prefix="lback-bench-"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


def bare() -> tuple[Any, Mapping[str, str]]:
    """Flask, a route, a key."""
    app = Flask("bare")
    app.secret_key = SECRET_KEY
    app.add_url_rule("/", "home", lambda: "hello maya")
    return app, {}


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

    app = _flask("flask_login")
    db.init_app(app)
    manager = LoginManager(app)
    manager.user_loader(lambda key: db.session.get(User, int(key)))

    def enter() -> str:
        login_user(db.session.get(User, CHOSEN))
        return ""

    def home() -> str:
        account: Any = user
        return f"hello {account.username}"

    app.add_url_rule("/in", "enter", enter)
    app.add_url_rule("/", "home", login_required(home))
    with app.app_context():
        db.create_all()
        db.session.add_all(User(username=f"user{n}") for n in range(USERS))
        db.session.commit()
    return app, _signed_in(app)


def flask_security() -> tuple[Any, Mapping[str, str]]:
    """Flask-Security with its own models; a role's permissions stand in its row."""
    from flask_security import Security, SQLAlchemyUserDatastore, auth_required, login_user
    from flask_security import current_user as user
    from flask_security.models import fsqla_v3
    from flask_sqlalchemy import SQLAlchemy

    db = SQLAlchemy()
    fsqla_v3.FsModels.set_db_info(db)
    model: Any = db.Model

    class Role(model, fsqla_v3.FsRoleMixin):
        pass

    class User(model, fsqla_v3.FsUserMixin):
        pass

    app = _flask("flask_security")
    app.config.update(SECURITY_PASSWORD_SALT=SECRET_KEY, SECURITY_SEND_REGISTER_EMAIL=False)
    db.init_app(app)
    store = SQLAlchemyUserDatastore(db, User, Role)
    Security(app, store)

    def enter() -> str:
        login_user(store.find_user(username=f"user{CHOSEN}"))
        store.commit()
        return ""

    @auth_required("session")
    def home() -> str:
        account: Any = user._get_current_object()
        allowed = [name for name in CHECKS if account.has_permission(name)]
        return f"hello {account.username}" if len(allowed) == len(CHECKS) else "no"

    app.add_url_rule("/in", "enter", enter)
    app.add_url_rule("/", "home", home)
    with app.app_context():
        db.create_all()
        roles = [
            store.create_role(name=f"group {n}", permissions=_rights_of(n)) for n in range(GROUPS)
        ]
        for n in range(USERS):
            email = f"user{n}@example.org"
            given = roles if n == CHOSEN else []
            store.create_user(email=email, username=f"user{n}", password="x", roles=given)
        store.commit()
    return app, _signed_in(app)


def django() -> tuple[Any, Mapping[str, str]]:
    """Django as `startproject` makes it: sessions in the database, a connection that is kept."""
    import django as framework
    from django.conf import settings

    settings.configure(
        SECRET_KEY=SECRET_KEY,
        ALLOWED_HOSTS=["localhost"],
        ROOT_URLCONF="benchmarks.django_urls",
        INSTALLED_APPS=[
            "django.contrib.admin",
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.messages",
            "django.contrib.staticfiles",
        ],
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
        ],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": str(folder() / "bench.sqlite"),
                "CONN_MAX_AGE": 600,
            }
        },
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        USE_TZ=True,
    )
    framework.setup()
    from django.contrib.auth.models import Group, Permission, User
    from django.contrib.contenttypes.models import ContentType
    from django.core.management import call_command
    from django.core.wsgi import get_wsgi_application
    from django.test import Client

    call_command("migrate", verbosity=0)
    kind = ContentType.objects.create(app_label="app", model="thing")
    account = User.objects.bulk_create(User(username=f"user{n}") for n in range(USERS))[CHOSEN]
    for n in range(GROUPS):
        group = Group.objects.create(name=f"group {n}")
        group.permissions.set(
            Permission.objects.create(codename=name.partition(".")[2], name=name, content_type=kind)
            for name in _rights_of(n)
        )
        account.groups.add(group)
    client = Client()
    client.force_login(User.objects.get(username=account.username))
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    return get_wsgi_application(), {"Cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}"}


def _rights_of(group: int) -> list[str]:
    first = group * RIGHTS_OF_A_GROUP
    return [f"app.right_{number}" for number in range(first, first + RIGHTS_OF_A_GROUP)]


def _flask(name: str) -> Flask:
    app = Flask(name)
    app.config.update(
        SECRET_KEY=SECRET_KEY, SQLALCHEMY_DATABASE_URI=f"sqlite:///{folder() / 'bench.sqlite'}"
    )
    return app


def _signed_in(app: Flask) -> Mapping[str, str]:
    client = app.test_client()
    client.get("/in")
    cookie = client.get_cookie("session")
    return {"Cookie": f"session={cookie.value if cookie else ''}"}
