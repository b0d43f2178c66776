"""A transaction that loses against another one ends in an answer, and nothing is done twice."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from flask_lback.auth.mails.links import RESET
from flask_lback.db.contention import is_contention, retry
from tests.attacks.support import NEW_PASSWORD, log_in_by_json, post, token_of
from tests.databases.jobs import mails_of, statuses_of
from tests.support.apps import PASSWORD, Site
from tests.support.races import RACERS, Arena
from tests.support.visitor import Visitor, errors_of

pytestmark = pytest.mark.xdist_group("databases")

#: Databases that give a transaction up rather than let it go on with what it has read.
#: MariaDB does so by default from 11.6 on.
STRICT: dict[str, dict[str, Any]] = {
    "postgresql": {"isolation_level": "SERIALIZABLE"},
    "mariadb": {"connect_args": {"init_command": "SET SESSION innodb_snapshot_isolation = ON"}},
}


def strict(arena: Arena) -> dict[str, Any]:
    """The settings of an application with strict transactions."""
    kind = "mariadb" if "mysql" in arena.site.app.config["SQLALCHEMY_DATABASE_URI"] else None
    return {"SQLALCHEMY_ENGINE_OPTIONS": STRICT[kind or "postgresql"]}


@pytest.mark.service
def test_a_link_is_used_once_and_whoever_lost_may_try_again(arena: Arena) -> None:
    name = arena.name()
    arena.site.add_user(name)
    document = {"token": token_of(arena.site, RESET, name), "new_password": NEW_PASSWORD}
    job = ("send", {"path": "/api/auth/reset-password/", "document": document})
    answers = arena.race(*[job] * RACERS, **strict(arena))
    assert statuses_of(answers)[0] == 200
    lost = [answer for answer in answers if answer["status"] != 200]
    assert len(lost) == RACERS - 1
    assert any(answer["status"] == 503 for answer in lost)
    for answer in lost:
        if answer["status"] == 503:
            assert (answer["code"], answer["retry_after"]) == ("busy", "1")
        else:
            assert (answer["status"], answer["code"]) == (400, "invalid_token")
    assert mails_of(answers) == {"Your password was changed": 1}
    assert post(arena.site, "reset-password", document).status_code == 400


@pytest.mark.service
def test_tabs_that_refresh_at_once_all_stay_signed_in(arena: Arena) -> None:
    name = arena.name()
    arena.site.add_user(name)
    given: Any = log_in_by_json(arena.site, name).json
    job = {"path": "/api/auth/refresh/", "document": {"refresh_token": given["refresh_token"]}}
    answers = arena.race(*[("send", job)] * RACERS, **strict(arena))
    assert statuses_of(answers) == [200] * RACERS


@pytest.mark.service
def test_one_name_is_given_once(arena: Arena) -> None:
    name = arena.name()
    again = {"password": NEW_PASSWORD, "password_confirm": NEW_PASSWORD}
    jobs = [
        {"username": name, "email": f"{name}{number}@example.org", **again}
        for number in range(RACERS)
    ]
    path = {"path": "/auth/register/"}
    answers = arena.race(*[("send", {**path, "fields": one}) for one in jobs], **strict(arena))
    assert statuses_of(answers)[0] == 200
    for answer in answers:
        if answer["status"] == 503:
            assert "Try again" in answer["text"]
    assert {answer["status"] for answer in answers} <= {200, 400, 503}
    assert mails_of(answers) == {"Confirm your address": 1}


@contextmanager
def writing(site: Site) -> Iterator[None]:
    """Somebody else writes to the SQLite file, and takes their time."""
    path = site.app.config["SQLALCHEMY_DATABASE_URI"].removeprefix("sqlite:///")
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.rollback()


def test_a_sqlite_file_that_somebody_writes_to_is_busy(make_ready: Callable[..., Site]) -> None:
    options = {"connect_args": {"timeout": 0.05}}
    site = make_ready("default", "sqlite", SQLALCHEMY_ENGINE_OPTIONS=options)
    site.add_user("maya")
    visitor = Visitor(site.app)
    with writing(site):
        page = visitor.sign_in("maya", PASSWORD)
        assert (page.status_code, page.headers["Retry-After"]) == (503, "1")
        assert "Try again" in errors_of(page.text)
        answer = log_in_by_json(site)
        assert (answer.status_code, answer.json["code"]) == (503, "busy")  # type: ignore[index]
    with site.app.app_context():
        assert site.db.session.query(site.models.UserSession).count() == 0
    assert visitor.sign_in("maya", PASSWORD).status_code == 302


def test_cc_2_a_refusal_of_an_account_that_has_gone_meanwhile_is_written(place: Site) -> None:
    place.add_user("maya")
    visitor = Visitor(place.app)
    visitor.sign_in("maya", PASSWORD)
    answer = visitor.submit("/auth/reauthenticate/", password="a wrong sentence")
    assert answer.status_code == 401
    with place.app.app_context():
        place.db.session.delete(place.user("maya"))
        place.db.session.commit()
    answer.close()
    audit: Any = place.models.AuditEntry
    with place.app.app_context():
        query = sa.select(audit).filter_by(action="auth.password_confirmed")
        entry = place.db.session.scalars(query.order_by(audit.id.desc()).limit(1)).one()
        assert (entry.actor_id, entry.actor_name, entry.outcome) == (None, "maya", "refused")


def test_a_fault_that_is_none_of_the_others_is_no_reason_to_try_again(site: Site) -> None:
    tried = []

    def transaction() -> None:
        tried.append(1)
        site.db.session.execute(sa.text("SELECT nonsense"))

    with site.app.app_context(), pytest.raises(sa.exc.OperationalError) as caught:
        retry(site.db.session, transaction)
    assert tried == [1]
    assert not is_contention(caught.value)
    assert not is_contention(ValueError("1213"))


def test_who_always_loses_is_told(make_ready: Callable[..., Site]) -> None:
    options = {"connect_args": {"timeout": 0.01}}
    site = make_ready("default", "sqlite", SQLALCHEMY_ENGINE_OPTIONS=options)
    tried = []

    def transaction() -> None:
        tried.append(1)
        site.db.session.add(site.models.Group(name="Editors"))
        site.db.session.commit()

    with site.app.app_context(), writing(site):
        with pytest.raises(sa.exc.OperationalError) as caught:
            retry(site.db.session, transaction)
        assert is_contention(caught.value)
        assert len(tried) > 1
    with site.app.app_context():
        assert retry(site.db.session, transaction) is None
        assert site.db.session.query(site.models.Group).count() == 1
