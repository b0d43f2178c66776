"""What the attacks have in common."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

import sqlalchemy as sa
from werkzeug.test import TestResponse

from flask_lback.auth.mails.links import LinkTokens
from flask_lback.core import clock
from flask_lback.core.state import state_of
from tests.support.apps import PASSWORD, Site
from tests.support.visitor import Visitor, errors_of, hidden_fields

COOKIE = "lback_session"
NEW_PASSWORD = "quite another sentence"
#: Written by every request, and no harm.
UNHARMED = ("last_seen_at", "last_used_at")
T = TypeVar("T")


def signed_in(site: Site, name: str = "maya", **fields: Any) -> Visitor:
    """Somebody who has signed in by the form."""
    visitor = Visitor(site.app)
    assert visitor.sign_in(f"{name}@example.org", PASSWORD, **fields).status_code == 302
    return visitor


def is_in(visitor: Visitor) -> bool:
    """Whether the account page opens."""
    return visitor.get("/auth/account/").status_code == 200


def thief_of(site: Site, visitor: Visitor) -> Visitor:
    """Somebody who has copied the cookie."""
    cookie = visitor.client.get_cookie(COOKIE)
    assert cookie is not None
    thief = Visitor(site.app)
    thief.client.set_cookie(COOKIE, cookie.value)
    return thief


def csrf_of(visitor: Visitor, path: str = "/auth/login/") -> str:
    """The token of a page."""
    return hidden_fields(visitor.get(path).text)["csrf_token"]


def log_in_by_json(site: Site, identifier: str = "maya", **fields: Any) -> TestResponse:
    """Send the JSON login from a fresh client."""
    document = {"identifier": identifier, "password": PASSWORD, **fields}
    return Visitor(site.app).post_json("/api/auth/login/", document)


def refresh(site: Site, token: str) -> TestResponse:
    """Send a refresh token from a fresh client."""
    return Visitor(site.app).post_json("/api/auth/refresh/", {"refresh_token": token})


def register(site: Site, username: str = "kofi", **fields: str) -> TestResponse:
    """Fill the registration form."""
    values = {"email": f"{username}@example.org", "password": NEW_PASSWORD, **fields}
    return Visitor(site.app).submit(
        "/auth/register/",
        username=username,
        **{"password_confirm": values["password"], **values},
    )


def post(site: Site, path: str, document: Any, visitor: Visitor | None = None) -> Any:
    """Send JSON to an account route, from a fresh client when none is given."""
    return (visitor or Visitor(site.app)).post_json(f"/api/auth/{path}/", document)


def register_by_json(site: Site, username: str = "kofi", **fields: Any) -> Any:
    """Register by JSON."""
    values = {"email": f"{username}@example.org", "password": NEW_PASSWORD, **fields}
    return post(site, "register", {"username": username, **values})


def token_of(site: Site, purpose: str, name: str = "maya", *values: str) -> str:
    """A token as a mail would carry it."""
    with site.app.app_context():
        return state_of(site.app)[LinkTokens].make(purpose, site.user(name), *values)


def flipped(token: str) -> str:
    """A token with one letter changed."""
    return token[:5] + ("x" if token[5] != "x" else "y") + token[6:]


def after(**delta: float) -> Any:
    """The time that much later."""
    return clock.turned(dt.timedelta(**delta))


def told(answer: TestResponse, *typed: str) -> str:
    """What an answer says, but for what was typed."""
    text = f"{answer.status_code} {errors_of(answer.text)}"
    for word in typed:
        text = text.replace(word, "…")
    return text


def content(site: Any) -> dict[str, list[dict[str, Any]]]:
    """All rows of all tables, but for the audit log and what each request writes."""
    found = {}
    with site.app.app_context(), site.db.engine.connect() as connection:
        for table in site.db.metadata.sorted_tables:
            if table.name == "lback_audit_entry":
                continue
            columns = [column for column in table.columns if column.name not in UNHARMED]
            rows = connection.execute(sa.select(*columns)).mappings()
            found[table.name] = sorted((dict(row) for row in rows), key=str)
    return found


def at_once(jobs: Iterable[Callable[[], T]]) -> list[T]:
    """Start every job at the same moment, and give what they returned, or raise what one did."""
    waiting = list(jobs)
    barrier = threading.Barrier(len(waiting))

    def run(job: Callable[[], T]) -> T:
        barrier.wait()
        return job()

    with ThreadPoolExecutor(len(waiting)) as pool:
        return list(pool.map(run, waiting))


@contextmanager
def renamed(site: Site, table: str) -> Iterator[None]:
    """Within the block the database lacks a table."""
    _rename(site, table, "gone")
    try:
        yield
    finally:
        _rename(site, "gone", table)


def _rename(site: Site, table: str, to: str) -> None:
    with site.app.app_context():
        site.db.session.execute(sa.text(f"ALTER TABLE {table} RENAME TO {to}"))
        site.db.session.commit()
