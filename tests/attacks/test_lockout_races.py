"""Two worker processes and a hundred passwords at once."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from collections import Counter
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from flask_lback.auth.throttle.service import PasswordThrottle
from flask_lback.core.state import state_of
from tests.cli.commands import environment
from tests.support.apps import PASSWORD, Site
from tests.support.services import ROOT, require, service_url
from tests.support.visitor import Visitor

TIMES = 50


def try_in_two_processes(database: str, store: str, name: str) -> Counter[str]:
    """How often each status was answered to both together."""
    words = [sys.executable, "-m", "tests.attacks.trying", database, store, name, str(TIMES)]
    workers = [
        subprocess.Popen(
            words,
            cwd=ROOT,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    counts: Counter[str] = Counter()
    try:
        for worker in workers:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "ready\n"
        for worker in workers:
            assert worker.stdin is not None
            worker.stdin.write("go\n")
            worker.stdin.flush()
        for worker in workers:
            out, _ = worker.communicate(timeout=120)
            counts.update(json.loads(out))
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    return counts


@pytest.mark.service
@pytest.mark.parametrize("database", ["postgresql", "mariadb"])
def test_bf_8_two_workers_verify_no_more_than_the_threshold(
    make_ready: Callable[..., Site], database: str
) -> None:
    require("redis")
    name, store = f"maya{secrets.token_hex(6)}", service_url("redis")
    # Whatever else runs on this machine is counted in the same store under the same address.
    many = {"LBACK_AUTH_LIMIT_PASSWORD_PER_ADDRESS": "10000 per minute"}
    site = make_ready("uuid", database, LBACK_LIMITS_STORAGE_URL=store, **many)
    site.add_user(name)
    owner = Visitor(site.app)
    assert owner.sign_in(name, PASSWORD).status_code == 302
    assert owner.submit("/auth/logout/").status_code == 302
    url = site.app.config["SQLALCHEMY_DATABASE_URI"]
    try:
        answers = try_in_two_processes(url, store, name)
        assert answers == {"401": 5, "429": 2 * TIMES - 5}
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
    answers = try_in_two_processes(url, "memory://", "maya")
    assert answers == {"401": 10, "429": 2 * TIMES - 10}
