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
        threading.Thread(target=self._listen, args=(said,), daemon=True).start()

    def send(self, line: str) -> None:
        """Write one line."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def stop(self) -> None:
        """Let it come to its end."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _listen(self, said: queue.Queue[tuple[int, str, Any]]) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
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
        for racer in self._racers:
            racer.stop()

    def run(
        self, site: Site, *jobs: tuple[str, dict[str, Any]], door: Door = "first", **config: Any
    ) -> list[Any]:
        """Have each process do one job, all at once; what each of them returned, in order.

        :param jobs: the name of a function of ``tests.databases.jobs``, and its arguments. It
            prepares, and gives what is to be done at once.
        :param door: where the processes meet once more.
        :param config: of the application, in every process.
        """
        while len(self._racers) < len(jobs):
            self._racers.append(Racer(len(self._racers), self._said))
        present = self._racers[: len(jobs)]
        order = {
            "kind": site.app.config["SITE_KIND"],
            "url": site.app.config["SQLALCHEMY_DATABASE_URI"],
            "config": {**site.app.config["SITE_CONFIG"], **config},
            "door": door,
        }
        for racer, (name, values) in zip(present, jobs, strict=True):
            job = name if ":" in name else f"{_JOBS}:{name}"
            racer.send(json.dumps({**order, "job": job, "values": values}))
        return self._raced(present)

    def _raced(self, present: Sequence[Racer]) -> list[Any]:
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

    def race(
        self, *jobs: tuple[str, dict[str, Any]], door: Door = "first", **config: Any
    ) -> list[Any]:
        """As :meth:`Races.run`, on this database."""
        return self._races.run(self.site, *jobs, door=door, **config)

    def race_all(
        self, name: str, times: int = RACERS, *, door: Door = "first", **values: Any
    ) -> list[Any]:
        """Every process does the same."""
        return self.race(*[(name, values)] * times, door=door)


Arenas = Callable[["DatabaseKind"], Arena]


def arena_site(kind: str, url: str, **config: Any) -> Site:
    """An application that other processes can make once more."""
    site = make_site(kind, url, **config)
    site.app.config.update(SITE_KIND=kind, SITE_CONFIG=config)
    return site


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
                site = arena_site("default", factory(kind), LBACK_TASKS_EAGER=True)
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
