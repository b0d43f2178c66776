"""Tidewater: a small blog for people who notice the weather, built with flask_lback."""

from __future__ import annotations

from typing import Any

from flask import Flask

from . import sqlite, wording
from .config import Config
from .extensions import db, lback

__all__ = ["create_app"]


def create_app(config: object = Config, **overrides: Any) -> Flask:
    """The application.

    :param config: a class or module of settings.
    :param overrides: single settings, for tests and scripts.
    """
    app = Flask(__name__, instance_relative_config=True)
    app.config.from_object(config)
    app.config.update(overrides)

    from . import models, roles  # noqa: F401 - mapped and declared before Lback looks
    from .blog import comments, policies, reading, writing  # noqa: F401 - they declare themselves
    from .blog.blueprint import bp as blog
    from .profiles.views import bp as profiles

    db.init_app(app)
    sqlite.install(app, db)
    lback.init_app(app, user_model=models.User)
    app.register_blueprint(blog)
    app.register_blueprint(profiles)
    wording.install(app)

    @app.shell_context_processor
    def names() -> dict[str, Any]:
        shown = (models.User, models.Post, models.Comment, models.Tag)
        companions = (lback.models.Group, lback.models.Permission)
        return {"db": db, "lback": lback} | {one.__name__: one for one in (*shown, *companions)}

    return app
