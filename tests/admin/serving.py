"""A blog behind gunicorn whose export breaks in the middle; it loads ``create_app()``."""

from __future__ import annotations

import os
from typing import Any

from flask import Flask

from flask_lback.admin import ModelAdmin
from flask_lback.admin.transfer import rows

from .blog import make_blog


class Breaking(ModelAdmin):
    """Its file ends at the sixth row, and its list shows none of that."""

    list_display = ("title",)
    export_fields = ("title", "risky")

    def risky(self, row: Any) -> str:
        """Fails once."""
        if row.title == "Title 005":
            raise RuntimeError("in the middle")
        return "fine"


def create_app() -> Flask:
    """The blog, on the database that the environment names."""
    rows.FEW = 2
    app = make_blog(os.environ["BLOG_DATABASE"], admins={"Post": Breaking}).app
    app.testing = False  # errors are pages
    return app
