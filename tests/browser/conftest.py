"""One served site for the browser tests of a module."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask

from tests.support.databases import DatabaseFactory
from tests.support.server import Gunicorn
from tests.support.smtp import SmtpServer

SECRET_KEY = "5d0c1f7e93ab4826d1e8f3c0977a62b4e1"
ADMIN = "harbourmaster"
ADMIN_PASSWORD = "the tide comes twice a day"


@dataclass
class Served:
    """A site behind gunicorn, its mail, and the names of this run."""

    url: str
    other_worker: str
    mail: SmtpServer
    right: str
    app: Flask


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Two gunicorn workers, a third one on its own port, PostgreSQL and a real SMTP server."""
    folder = tmp_path_factory.mktemp("served")
    right = f"harbour.read_log_{secrets.token_hex(3)}"
    with DatabaseFactory(folder) as database, SmtpServer() as mail:
        config = {
            "SECRET_KEY": SECRET_KEY,
            "SQLALCHEMY_DATABASE_URI": database("postgresql"),
            **{name: str(value) for name, value in mail.config.items()},
        }
        env = {f"SITE_{name}": value for name, value in config.items()}
        env |= {"SITE_RIGHT": right, "LBACK_ENV": "local"}
        app = prepared(env)
        target = "tests.browser.served:create_app()"
        with (
            Gunicorn(target, log=folder / "two.log", workers=2, env=env) as two,
            Gunicorn(target, log=folder / "one.log", workers=1, env=env) as one,
        ):
            yield Served(two.url, one.url, mail, right, app)


def prepared(env: dict[str, str]) -> Flask:
    """The same application in this process, its tables made and an administrator in them."""
    from flask_lback.auth import UserManager
    from flask_lback.db.schema import initialize

    from .served import create_app

    with pytest.MonkeyPatch.context() as patch:
        for name, value in env.items():
            patch.setenv(name, value)
        app = create_app()
    with app.app_context():
        initialize(app)
        UserManager().create_superuser(
            username=ADMIN, email=f"{ADMIN}@example.org", password=ADMIN_PASSWORD
        )
        app.extensions["sqlalchemy"].session.commit()
        app.extensions["sqlalchemy"].session.remove()
        app.extensions["sqlalchemy"].engine.dispose()
    return app
