"""The site that the browser tests talk to; gunicorn loads ``create_app()``."""

from __future__ import annotations

import os
from typing import Any

from flask import Flask, abort, render_template_string

from flask_lback import Lback
from flask_lback.auth import current_user
from flask_lback.permissions import permission_required

PAGE = (
    "{% extends 'lback/base.html' %}{% set page_title = title %}"
    "{% block content %}<h1>{{ title }}</h1><p>{{ text }}</p>{% endblock %}"
)


def create_app() -> Flask:
    """A site with one guarded page, set up from the environment."""
    app = Flask("harbour")
    app.config.from_prefixed_env("SITE")
    lback = Lback(app)
    right = os.environ["SITE_RIGHT"]
    lback.permissions.define(right, "Read the log of the harbour")

    @app.get("/")
    def home() -> str:
        return page("Harbour", "Everybody may read this.")

    @app.get("/log/")
    @permission_required(right)
    def log() -> str:
        granted = sum(current_user.has_permission(right) for _ in range(10))
        return page("Log", f"{current_user.get_username()} holds it {granted} times")

    @app.get("/worker/")
    def worker() -> str:
        return str(os.getpid())

    @app.get("/broken/")
    def broken() -> str:
        raise RuntimeError("on purpose")

    @app.get("/status/<int:code>/")
    def status(code: int) -> Any:
        abort(code)

    return app


def page(title: str, text: str) -> str:
    """A page of the site in Lback's look."""
    return render_template_string(PAGE, title=title, text=text)
