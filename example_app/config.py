"""What may differ between a laptop, a test and a server. Chosen with ``create_app(Config)``."""

from __future__ import annotations

import os


class Config:
    """The site as it runs by default: SQLite in the instance folder, mail on the console."""

    SECRET_KEY = os.environ.get("SECRET_KEY")
    INSTALLED_APPS = ("example_app",)
    #: A relative SQLite path lies in the instance folder.
    SQLALCHEMY_DATABASE_URI = os.environ.get("DATABASE_URL", "sqlite:///tidewater.sqlite")

    LBACK_SITE_NAME = "Tidewater"
    LBACK_CLI_SEED_DEMO = "example_app.demo:seed"

    POSTS_PER_PAGE = 12
    COMMENTS_PER_PAGE = 30
    #: The first comment of an account is shown once a moderator has seen it.
    HOLD_FIRST_COMMENT = True


class DevelopmentConfig(Config):
    """As :class:`Config`, with the error report and no caching of templates."""

    DEBUG = True


class TestingConfig(Config):
    """A database that is gone with the process."""

    TESTING = True
    SECRET_KEY = "a key for tests that nobody else has to guess"  # noqa: S105  # nosec B105
    SQLALCHEMY_DATABASE_URI = "sqlite://"
    WTF_CSRF_ENABLED = False  # test_csrf.py switches it on again
    LBACK_SITE_URL = "http://localhost"
