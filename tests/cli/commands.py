"""Run `flask lback` within this process, or as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask

from tests.support.apps import SECRET_KEY, Site
from tests.support.services import ROOT

APP = f"""
from flask import Flask
from flask_lback import Lback

app = Flask(__name__)
app.config["SECRET_KEY"] = "{SECRET_KEY}"
Lback(app)
"""


@dataclass(frozen=True)
class Outcome:
    """How a command ended and what it said."""

    status: int
    out: str
    err: str


def run(app: Flask, *words: str, typed: str = "", env: Mapping[str, str] | None = None) -> Outcome:
    """Run `lback` as ``app.test_cli_runner()`` does, with nobody at the keyboard."""
    result = app.test_cli_runner().invoke(args=["lback", *words], input=typed, env=env)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Outcome(result.exit_code, result.stdout, result.stderr)


def environment(**variables: str) -> dict[str, str]:
    """This process's own environment without what would name an application."""
    own = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("FLASK_", "LBACK_")) and name != "NO_COLOR"
    }
    path = os.pathsep.join(filter(None, [str(ROOT), own.get("PYTHONPATH", "")]))
    return {**own, "PYTHONPATH": path, **variables}


def process(folder: Path, *words: str, typed: str = "", **variables: str) -> Outcome:
    """Run `python <words>` in a folder; warnings of deprecation are errors."""
    result = subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning", *words],
        cwd=folder,
        env=environment(**variables),
        input=typed,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Outcome(result.returncode, result.stdout, result.stderr)


def flask(folder: Path, *words: str, typed: str = "", **variables: str) -> Outcome:
    """Run `flask lback <words>` in a folder."""
    return process(folder, "-m", "flask", "lback", *words, typed=typed, **variables)


def rows(site: Site) -> dict[str, list[Any]]:
    """Everything that is in the database."""
    with site.app.app_context(), site.db.engine.connect() as connection:
        return {
            name: sorted(connection.execute(sa.select(table)).all(), key=repr)
            for name, table in site.db.metadata.tables.items()
        }
