"""Sites on every database, with user classes of every shape; each is made once for the session."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.support.apps import Site
from tests.support.databases import DatabaseFactory, DatabaseKind
from tests.support.shapes import ready_shape

Shapes = Callable[[DatabaseKind, str], Site]

#: Making tables is slow on MariaDB, so that the shapes which differ least are left out there.
PLACES: list[tuple[DatabaseKind, str]] = [
    ("sqlite", "default"),
    ("sqlite", "people"),
    ("sqlite", "text key"),
    ("postgresql", "schema"),
    ("postgresql", "text key"),
    ("mariadb", "people"),
    ("mariadb", "text key"),
]


@pytest.fixture(scope="session")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shapes]:
    """``shapes(database, shape) -> Site`` with its tables."""
    made: dict[tuple[DatabaseKind, str], Site] = {}
    with DatabaseFactory(tmp_path_factory.mktemp("shapes")) as factory, ExitStack() as stack:

        def make(database: DatabaseKind, shape: str) -> Site:
            if (database, shape) not in made:
                site = ready_shape(shape, factory(database))
                made[database, shape] = stack.enter_context(site)
            return made[database, shape]

        yield make


@pytest.fixture(
    params=[
        pytest.param(
            place, id="-".join(place), marks=() if place[0] == "sqlite" else pytest.mark.service
        )
        for place in PLACES
    ]
)
def place(request: pytest.FixtureRequest, shapes: Shapes) -> Site:
    """A site that other tests use, too: each test has accounts of its own."""
    database, shape = request.param
    return shapes(database, shape)
