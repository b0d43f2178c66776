"""Races between real processes, on one database that the tests of a race share."""

from __future__ import annotations

import itertools
import json
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import pytest

from flask_lback.db.schema import initialize

from .apps import Site, make_site
from .databases import DatabaseFactory
from .services import ROOT

if TYPE_CHECKING:
    from types import TracebackType

    from .databases import DatabaseKind

#: Processes of a race. Two collide; of four, two wait for the same lock behind a third.
RACERS = 4
#: Seconds for which a process may stand at the door while the others wait for a lock of theirs.
_PATIENCE = 0.2
_LONGEST = 60.0
_JOBS = "tests.databases.jobs"

#: Where the processes meet once more: before their first write, before each one, or nowhere.
Door = Literal["first", "every", "none"]


#: A function of ``tests.databases.jobs``, and its arguments.
Job = tuple[str, dict[str, Any]]


class Racer:
    """One process; what it says arrives in a queue, with its number."""

    def __init__(self, number: int, said: queue.Queue[tuple[int, str, Any]]) -> None:
        self.number = number
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.racer"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._listener = threading.Thread(target=self._listen, args=(said,), daemon=True)
        self._listener.start()

    def send(self, line: str) -> None:
        """Write one line."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def dismiss(self) -> None:
        """Nothing more is asked of it."""
        assert self._process.stdin is not None
        self._process.stdin.close()

    def stop(self) -> None:
        """Wait for its end, but not for ever."""
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._listener.join()

    def _listen(self, said: queue.Queue[tuple[int, str, Any]]) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                what, result = json.loads(line)
                said.put((self.number, what, result))
        said.put((self.number, "gone", None))


class Races:
    """A few processes that do something at the same moment, started when they are first needed."""

    def __init__(self) -> None:
        self._said: queue.Queue[tuple[int, str, Any]] = queue.Queue()
        self._racers: list[Racer] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop()

    def run(self, site: Site, *jobs: Job, door: Door = "first", **config: Any) -> list[Any]:
        """Have each process do one job, all at once; what each of them returned, in order.

        :param jobs: the name of a function of ``tests.databases.jobs``, and its arguments. It
            prepares, and gives what is to be done at once.
        :param door: where the processes meet once more.
        :param config: of the application, in every process.
        """
        while len(self._racers) < len(jobs):
            self._racers.append(Racer(len(self._racers), self._said))
        present = self._racers[: len(jobs)]
        try:
            return self._raced(present, self._orders(site, jobs, door, config))
        except BaseException:
            self._stop()  # nobody knows where they stand
            raise

    def _orders(
        self, site: Site, jobs: Sequence[Job], door: Door, config: dict[str, Any]
    ) -> list[str]:
        order = {
            "kind": site.app.config["SITE_KIND"],
            "url": site.app.config["SQLALCHEMY_DATABASE_URI"],
            "config": {**site.app.config["SITE_CONFIG"], **config},
            "door": door,
        }
        return [
            json.dumps({**order, "job": f"{_JOBS}:{name}", "values": values})
            for name, values in jobs
        ]

    def _raced(self, present: Sequence[Racer], orders: Sequence[str]) -> list[Any]:
        for racer, line in zip(present, orders, strict=True):
            racer.send(line)
        results: dict[int, Any] = {}
        waiting: dict[str, set[int]] = {"ready": set(), "door": set()}
        while len(results) < len(present):
            patience = _PATIENCE if waiting["door"] else _LONGEST
            try:
                number, what, result = self._said.get(timeout=patience)
            except queue.Empty:
                assert waiting["door"], "a process of the race is stuck"
                self._release(waiting["door"])
                continue
            assert what != "gone", "a process of the race has ended"
            if what == "result":
                results[number] = result
            else:
                waiting[what].add(number)
            for place in waiting.values():
                if place and len(place) + len(results) == len(present):
                    self._release(place)
        return [results[racer.number] for racer in present]

    def _stop(self) -> None:
        for racer in self._racers:
            racer.dismiss()
        for racer in self._racers:
            racer.stop()
        self._racers, self._said = [], queue.Queue()

    def _release(self, waiting: set[int]) -> None:
        for number in sorted(waiting):
            self._racers[number].send("go")
        waiting.clear()


class Arena:
    """A database with its tables, and the processes that race on it."""

    def __init__(self, site: Site, races: Races) -> None:
        self.site = site
        self._races = races
        self._numbers = itertools.count(1)

    def name(self) -> str:
        """A name that no other test on this database uses."""
        return f"racer{next(self._numbers)}x"

    def race(self, *jobs: Job, door: Door = "first", **config: Any) -> list[Any]:
        """As :meth:`Races.run`, on this database; what a process raised is raised here."""
        results = self._races.run(self.site, *jobs, door=door, **config)
        for result in results:
            assert not isinstance(result, dict) or "raised" not in result, result["raised"]
        return results

    def together(
        self, *documents: Any, path: str, door: Door = "first", **values: Any
    ) -> list[Any]:
        """Send a document of each process to one account route, all at once."""
        jobs = [
            ("send", {"path": f"/api/auth/{path}/", "document": document, **values})
            for document in documents
        ]
        return self.race(*jobs, door=door)

    def all_send(self, document: Any, path: str, door: Door = "first", **values: Any) -> list[Any]:
        """Every process sends the same document."""
        return self.together(*[document] * RACERS, path=path, door=door, **values)


#: The races are about rows; what is counted would stop the processes, which share an address.
_CONFIG = {"LBACK_LIMITS_ENABLED": False, "LBACK_AUTH_MAGIC_LINK_ENABLED": True}

Arenas = Callable[["DatabaseKind"], Arena]


def arena_site(kind: str, url: str, **config: Any) -> Site:
    """An application that other processes can make once more."""
    site = make_site(kind, url, **config)
    site.app.config.update(SITE_KIND=kind, SITE_CONFIG=config)
    return site


@pytest.fixture(params=["postgresql", "mariadb"])
def arena(request: pytest.FixtureRequest, arenas: Arenas) -> Arena:
    """A database and the processes that race on it, on each server."""
    return arenas(request.param)


@pytest.fixture(scope="session")
def races() -> Iterator[Races]:
    """The processes of the session's races."""
    with Races() as made:
        yield made


@pytest.fixture(scope="session")
def arenas(races: Races, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arenas]:
    """``arenas(database_kind) -> Arena``: one database for every race of the session."""
    made: dict[Literal["sqlite", "postgresql", "mariadb"], Arena] = {}
    folder: Path = tmp_path_factory.mktemp("arenas")
    with DatabaseFactory(folder) as factory:

        def arena(kind: DatabaseKind) -> Arena:
            if kind not in made:
                site = arena_site("default", factory(kind), **_CONFIG)
                with site.app.app_context():
                    initialize(site.app)
                made[kind] = Arena(site, races)
            return made[kind]

        yield arena
        for one in made.values():
            with one.site.app.app_context():
                one.site.db.session.remove()
                for engine in one.site.db.engines.values():
                    engine.dispose()
