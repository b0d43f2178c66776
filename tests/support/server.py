"""A real gunicorn with its worker processes."""

from __future__ import annotations

import http.client
import importlib.metadata
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pytest

from .services import ROOT

if TYPE_CHECKING:
    from types import TracebackType


class Gunicorn:
    """Serves an application on a free port of 127.0.0.1 while its ``with`` block runs.

    Args:
        app: gunicorn's import string, ``"package:app"`` or ``"package:create_app()"``.
        log: the file that takes everything that gunicorn and the application print.
        workers: processes that answer; a test that must know which one answers starts two servers
            of one worker on the same database.
        env: variables besides this process's own, whose ``FLASK_`` and ``LBACK_`` ones are
            left out.
        ready_path: asked for until a worker answers, with whatever status.
        timeout: seconds to become ready, and again to stop.
    """

    def __init__(
        self,
        app: str,
        *,
        log: Path,
        workers: int = 2,
        env: Mapping[str, str] | None = None,
        ready_path: str = "/",
        timeout: float = 30.0,
    ) -> None:
        self._app = app
        self._log = log
        self._workers = workers
        self._env = dict(env or {})
        self._ready_path = ready_path
        self._timeout = timeout
        self._process: subprocess.Popen[bytes] | None = None
        self.host = "127.0.0.1"
        self.port = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The address, without a slash at the end."""
        return f"http://{self.host}:{self.port}"

    @property
    def log(self) -> str:
        """What was printed so far."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def start(self) -> None:
        """Start and wait until a request is answered.

        Raises:
            RuntimeError: gunicorn ended or did not answer in time; holds the end of its log.
        """
        # The socket is bound here and handed over, so that no other process can take the port.
        with socket.create_server((self.host, 0)) as listening, self._log.open("ab") as log:
            self.port = listening.getsockname()[1]
            self._process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", *self._arguments(listening.fileno()), self._app],
                cwd=ROOT,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=[listening.fileno()],
                start_new_session=True,
            )
        try:
            self._wait_until_ready(self._process)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop all its processes, gently first; nothing of the group is left behind."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(self._timeout)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def _arguments(self, descriptor: int) -> list[str]:
        arguments = [
            f"--bind=fd://{descriptor}",
            f"--workers={self._workers}",
            "--access-logfile=-",
        ]
        if int(importlib.metadata.version("gunicorn").partition(".")[0]) >= 25:
            arguments.append("--no-control-socket")  # two servers would meet in one socket file
        return arguments

    def _environment(self) -> dict[str, str]:
        own = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("FLASK_", "LBACK_", "GUNICORN_"))
        }
        path = os.pathsep.join(filter(None, [str(ROOT), own.get("PYTHONPATH", "")]))
        return {**own, "PYTHONPATH": path, **self._env}

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + self._timeout
        while not (self._answers() and self.log.count("Booting worker") >= self._workers):
            try:
                process.wait(0.05)
            except subprocess.TimeoutExpired:
                if time.monotonic() < deadline:
                    continue
            raise RuntimeError(f"gunicorn {self._app} did not become ready:\n{self.log[-4000:]}")

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=self._timeout)
        try:
            connection.request("GET", self._ready_path)
            connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
        return True


def closed_port() -> int:
    """A port of 127.0.0.1 where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Gunicorn]]:
    """``serve("module:app", workers=2, env={...}) -> Gunicorn``: runs until the test ends."""
    running: list[Gunicorn] = []

    def start(
        app: str,
        *,
        workers: int = 2,
        env: Mapping[str, str] | None = None,
        ready_path: str = "/",
    ) -> Gunicorn:
        log = tmp_path / f"gunicorn-{len(running)}.log"
        server = Gunicorn(app, log=log, workers=workers, env=env, ready_path=ready_path)
        server.start()
        running.append(server)
        return server

    yield start
    for server in running:
        server.stop()
