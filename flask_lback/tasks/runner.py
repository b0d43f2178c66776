"""Run a function later, with an application context."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from flask import Flask

from .settings import TaskSettings


class TaskRunner:
    """The background work of one application.

    Threads are started at the first task of a process, so that a server may fork after loading
    the application. Tasks that wait when the process ends are still done.
    """

    def __init__(self, app: Flask, settings: TaskSettings) -> None:
        self._app = app
        self._settings = settings
        self._pool: ThreadPoolExecutor | None = None
        self._process = 0
        self._lock = threading.Lock()
        self._present = threading.local()

    def run_later(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        """Call ``function`` in the background. What it raises is logged.

        Pass plain values: objects of a database session do not survive the request.
        """
        if self.is_eager or getattr(self._present, "is_task", False):
            self._call(function, args, kwargs)
        else:
            with self._lock:
                self._executor().submit(self._run, function, args, kwargs)

    @property
    def is_eager(self) -> bool:
        """Whether tasks are done at once."""
        eager = self._settings.eager
        return self._app.testing if eager is None else eager

    def drain(self) -> None:
        """Wait until everything that was asked for has been done, and what that asked for."""
        while True:
            with self._lock:  # a pool that is shut down takes nothing more
                pool, self._pool = self._pool, None
            if pool is None:
                return
            pool.shutdown(wait=True)

    def _executor(self) -> ThreadPoolExecutor:
        if self._pool is None or self._process != os.getpid():
            self._pool = ThreadPoolExecutor(self._settings.threads, thread_name_prefix="lback")
            self._process = os.getpid()
        return self._pool

    def _run(self, function: Callable[..., Any], args: Any, kwargs: Any) -> None:
        self._present.is_task = True  # what it asks for is done with it, at the process's end too
        with self._app.app_context():
            self._call(function, args, kwargs)

    def _call(self, function: Callable[..., Any], args: Any, kwargs: Any) -> None:
        try:
            function(*args, **kwargs)
        except Exception:
            self._app.logger.exception("A background task failed: %r", function)
