"""gunicorn, started from Python: the application exists already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gunicorn.app.base import BaseApplication

if TYPE_CHECKING:
    from flask import Flask


class Server(BaseApplication):
    """Serve an application object.

    :param app: what answers.
    :param options: gunicorn's settings.
    """

    def __init__(self, app: Flask, options: dict[str, Any]) -> None:
        self._app = app
        self._options = {"worker_class": "gthread", "threads": 4, "loglevel": "warning", **options}
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        return self._app
