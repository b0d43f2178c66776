"""Applications with a user class of their own."""

from __future__ import annotations

from typing import Any

from flask import Flask

from flask_lback import Lback
from flask_lback.db.schema import initialize
from flask_lback.testing import use_cheap_hasher

from .apps import SECRET_KEY


def installed(user_model: type[Any], db: Any, url: str = "sqlite://", **config: Any) -> Flask:
    """An application with its tables."""
    app = Flask("custom")
    app.config.update(SECRET_KEY=SECRET_KEY, TESTING=True, SQLALCHEMY_DATABASE_URI=url, **config)
    db.init_app(app)
    Lback(app, db=db, user_model=user_model)
    use_cheap_hasher(app)
    with app.app_context():
        initialize(app)
    return app
