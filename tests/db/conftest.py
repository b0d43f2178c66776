"""Applications whose database is still empty."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.apps import Site, make_site
from tests.support.databases import DatabaseFactory


@pytest.fixture
def make_empty(new_database: DatabaseFactory, tmp_path: Path) -> Iterator[Callable[..., Site]]:
    """``make_empty(user_kind, database_kind) -> Site``: no tables, no migrations yet."""
    made: list[Site] = []

    def make(kind: str = "uuid", database: Any = "sqlite", **config: Any) -> Site:
        folder = {"LBACK_DB_MIGRATIONS_FOLDER": str(tmp_path / "migrations")}
        site = make_site(kind, new_database(database), **{"own_classes": True, **folder, **config})
        made.append(site)
        return site

    yield make
    for site in made:
        with site.app.app_context():
            site.db.session.remove()
            for engine in site.db.engines.values():
                engine.dispose()


@pytest.fixture
def empty(make_empty: Callable[..., Site]) -> Site:
    """An application with its own user class on an empty SQLite file."""
    return make_empty()
