"""Requests that are held open: authenticated by their headers, and read much later."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable
from typing import Any

from flask import Response
from werkzeug.test import EnvironBuilder, run_wsgi_app

from flask_lback.auth.sessions.service import SessionManager
from flask_lback.auth.tokens.access import AccessTokens
from flask_lback.core.state import state_of
from tests.support.apps import Site


class SlowBody(io.RawIOBase):
    """A body whose first byte arrives when something else has happened."""

    def __init__(self, data: bytes, meanwhile: Callable[[], object]) -> None:
        self._data = io.BytesIO(data)
        self._meanwhile: Callable[[], object] | None = meanwhile

    def readable(self) -> bool:
        """It is read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Let happen what happens meanwhile, once, and give what was sent."""
        if self._meanwhile is not None:
            meanwhile, self._meanwhile = self._meanwhile, None
            apart(meanwhile)
        data = self._data.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def apart(act: Callable[[], object]) -> None:
    """Do something in another thread, and wait: no context of this one is seen there."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            act()
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]


def held_open(
    site: Site,
    path: str,
    document: Any,
    headers: dict[str, str],
    meanwhile: Callable[[], object],
    method: str = "POST",
) -> Response:
    """Send JSON whose body arrives when something else has happened."""
    body = json.dumps(document).encode()
    sent: dict[str, str] = {**headers, "Content-Type": "application/json"}
    builder = EnvironBuilder(
        path,
        base_url="http://localhost",
        method=method,
        data=body,
        headers=list(sent.items()),
    )
    environ = builder.get_environ()
    environ["wsgi.input"] = SlowBody(body, meanwhile)
    content, status, answered = run_wsgi_app(site.app, environ, buffered=True)
    return Response(b"".join(content), status, answered)


def bearer(token: str) -> dict[str, str]:
    """The header of a token."""
    return {"Authorization": f"Bearer {token}"}


def copied_access(site: Site, name: str = "maya") -> dict[str, str]:
    """The header of somebody who has copied an access token of a fresh sign-in."""
    with site.app.test_request_context():
        state, user = state_of(site.app), site.user(name)
        session = state[SessionManager].open_for_tokens(user)
        site.db.session.commit()
        return bearer(state[AccessTokens].issue(user, session.id))
