"""`version`."""

from __future__ import annotations

import platform
from importlib import metadata

from ..core.console import command, done

PACKAGES = ("flask-lback", "Flask", "SQLAlchemy", "Flask-SQLAlchemy", "Flask-Admin")


@command("version", needs_app=False)
def version() -> None:
    """Show which versions are installed."""
    for name in PACKAGES:
        done(f"{name} {metadata.version(name)}")
    done(f"Python {platform.python_version()}")
