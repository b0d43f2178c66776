"""Two worker processes and a hundred passwords at once."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from flask_lback.auth.throttle.service import PasswordThrottle
from flask_lback.core.state import state_of
from tests.support.apps import PASSWORD, Site
from tests.support.services import require, service_url
from tests.support.visitor import Visitor

from .trying import LIMITS, send_in_two_processes

TIMES = 100


def wrong(name: str) -> list[dict[str, str]]:
    """A hundred wrong passwords."""
    return [{"identifier": name, "password": "a wrong sentence"}] * TIMES


@pytest.mark.service
@pytest.mark.parametrize("database", ["postgresql", "mariadb"])
def test_bf_8_two_workers_verify_no_more_than_the_threshold(
    make_ready: Callable[..., Site], database: str
) -> None:
    require("redis")
    name, store = f"maya{secrets.token_hex(6)}", service_url("redis")
    site = make_ready("uuid", database, LBACK_LIMITS_STORAGE_URL=store, **LIMITS)
    site.add_user(name)
    owner = Visitor(site.app)
    assert owner.sign_in(name, PASSWORD).status_code == 302
    assert owner.submit("/auth/logout/").status_code == 302
    url = site.app.config["SQLALCHEMY_DATABASE_URI"]
    try:
        answers = send_in_two_processes("uuid", url, store, "login", wrong(name))
        assert answers.statuses == {401: 5, 429: TIMES - 5}
        assert Visitor(site.app).sign_in(name, PASSWORD).status_code == 429
        assert owner.sign_in(name, PASSWORD).status_code == 302
        assert Visitor(site.app).sign_in(name, PASSWORD).status_code == 302
    finally:
        with site.app.app_context():
            state_of(site.app)[PasswordThrottle].forgive(site.user(name))
    kind = site.models.AuditEntry
    with site.app.app_context():
        said = site.db.session.scalars(sa.select(kind).filter_by(action="auth.locked_out")).all()
        assert [entry.target_name for entry in said] == [name]


@pytest.mark.service
def test_bf_8_without_a_shared_store_each_worker_has_a_threshold(
    make_ready: Callable[..., Site],
) -> None:
    site = make_ready("uuid", "postgresql")
    site.add_user("maya")
    url = site.app.config["SQLALCHEMY_DATABASE_URI"]
    answers = send_in_two_processes("uuid", url, "memory://", "login", wrong("maya"))
    assert answers.statuses == {401: 10, 429: TIMES - 10}
