"""The JSON interface."""

from __future__ import annotations

from flask import Flask

from ..core.errors import JsonPaths
from ..core.feature import Feature
from ..core.settings import CoreSettings
from ..core.state import State
from .accounts.views import make_blueprint
from .settings import ApiSettings


class ApiFeature(Feature):
    """Brings ``/api/auth/``."""

    name = "api"
    requires = ("permissions", "security")
    settings = (ApiSettings,)

    def install(self, app: Flask, state: State) -> None:
        """Mount the routes."""
        prefix = state[ApiSettings].url_prefix
        if prefix is not None:
            whole = f"{state[CoreSettings].url_prefix}{prefix}"
            state[JsonPaths].add(whole)
            app.register_blueprint(make_blueprint(), url_prefix=f"{whole}/auth")
