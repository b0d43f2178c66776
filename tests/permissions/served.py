"""The site that two gunicorn workers serve; gunicorn loads ``create_app()``."""

from __future__ import annotations

import os

from flask import Flask, Response

from tests.support.apps import make_site


def create_app() -> Flask:
    """A site that says which worker has answered."""
    app = make_site("default", os.environ["SITE_URL"]).app

    @app.after_request
    def sign(response: Response) -> Response:
        response.headers["X-Worker"] = str(os.getpid())
        return response

    return app
