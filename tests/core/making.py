"""Small applications with only the features that a test is about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Flask

from flask_lback import Feature, Lback
from tests.support.apps import SECRET_KEY


def make_flask(name: str = "shop", kind: type[Flask] = Flask, **config: Any) -> Flask:
    """An application without Lback."""
    app = kind(name)
    app.config.update({"SECRET_KEY": SECRET_KEY, "TESTING": True, **config})
    return app


def make_app(*features: str | Feature, **config: Any) -> Flask:
    """An application with these features."""
    app = make_flask(**config)
    Lback(app, features=features)
    return app


def served_app(*features: str | Feature, **config: Any) -> Flask:
    """As :func:`make_app`, but an exception becomes the error page, as on a server."""
    return make_app(*features, PROPAGATE_EXCEPTIONS=False, **config)


def messages_of(records: Iterable[Any]) -> list[str]:
    """The texts of log records."""
    return [record.getMessage() for record in records]
