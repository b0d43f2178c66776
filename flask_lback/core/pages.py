"""What every page of Lback stands on: shared templates, static files and template names."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, url_for
from werkzeug.routing import BuildError

from .settings import CoreSettings
from .state import State, current_state
from .translation import gettext

PACKAGE = Path(__file__).parent.parent
STATIC = PACKAGE / "static" / "lback"


class StaticVersions:
    """A short digest of each static file, so that browsers may keep it for a year."""

    def __init__(self) -> None:
        self._digests: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        if name not in self._digests:
            content = (STATIC / name).read_bytes()
            self._digests[name] = hashlib.sha256(content).hexdigest()[:10]
        return self._digests[name]


def install(app: Flask, state: State) -> None:
    """Register the ``lback`` blueprint and the names that templates use."""
    prefix = state[CoreSettings].url_prefix
    state.add(StaticVersions())
    app.register_blueprint(
        Blueprint(
            "lback",
            __name__,
            template_folder=str(PACKAGE / "templates"),
            static_folder=str(STATIC),
            static_url_path=f"{prefix}/lback/static",
        )
    )
    names = app.jinja_env.globals
    names.update(lback_static=static_url, lback_url=url_or_none)
    names.setdefault("_", gettext)  # that of an application with Flask-Babel stays
    names.setdefault("site_name", site_name(app))


def site_name(app: Flask) -> str:
    """The name of the site: ``LBACK_SITE_NAME``, or one made from the application's."""
    chosen = app.extensions["lback"][CoreSettings].site_name
    return chosen or app.name.replace("_", " ").capitalize()


def static_url(filename: str) -> str:
    """The address of one of our static files, with its version."""
    version = current_state()[StaticVersions][filename]
    return url_for("lback.static", filename=filename, v=version)


def url_or_none(endpoint: str, **values: Any) -> str | None:
    """``url_for``, or None when the endpoint belongs to a feature that is off."""
    try:
        return url_for(endpoint, **values)
    except BuildError:
        return None
