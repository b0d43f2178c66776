"""What the audit log and the security log keep."""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import g

from flask_lback.auth import UserManager
from flask_lback.auth.audit.commands import clean_audit
from flask_lback.auth.audit.guard import AuditEntryError
from flask_lback.auth.audit.service import Audit
from flask_lback.auth.sessions.principal import LOGIN, USER, Impersonator, Login
from flask_lback.core import clock
from flask_lback.core.state import current_state
from tests.attacks.support import NEW_PASSWORD, log_in_by_json, register, signed_in
from tests.support.apps import PASSWORD, Site
from tests.support.visitor import Visitor

Kept = list[tuple[str, str, str]]


def kept(site: Site) -> Kept:
    """Action, outcome and target of each row, the oldest first."""
    with site.app.app_context():
        kind = site.models.AuditEntry
        rows = site.db.session.scalars(sa.select(kind).order_by(kind.id)).all()
        return [(row.action, row.outcome, row.target_name) for row in rows]


def details(site: Site) -> str:
    """All that is said beside, as one text."""
    with site.app.app_context():
        return json.dumps(list(site.db.session.scalars(sa.select(site.models.AuditEntry.details))))


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Callable[[], list[dict[str, Any]]]:
    """The security log, read."""
    caplog.set_level(logging.INFO, "flask_lback.audit")
    return lambda: [
        json.loads(record.getMessage())
        for record in caplog.records
        if record.name == "flask_lback.audit"
    ]


def test_a_registration_is_kept_and_so_is_a_refused_one(site: Site) -> None:
    register(site, "kofi").close()
    register(site, "kofi", email="ama@example.org").close()
    assert kept(site) == [
        ("auth.registered", "ok", "kofi"),
        ("auth.registered", "refused", ""),
    ]
    assert NEW_PASSWORD not in details(site)


def test_a_wish_for_a_reset_is_kept_for_known_and_unknown_addresses(site: Site) -> None:
    site.add_user("maya")
    for name in ("maya", "nobody"):
        address = f"{name}@example.org"
        Visitor(site.app).submit("/auth/request-reset-password/", email=address).close()
    assert kept(site) == [
        ("auth.password_reset_requested", "ok", "maya"),
        ("auth.password_reset_requested", "refused", ""),
    ]


def test_a_link_that_is_not_good_is_kept(site: Site) -> None:
    visitor = Visitor(site.app)
    visitor.get("/auth/reset-password/?token=made-up").close()
    visitor.post_json("/api/auth/verify-email/", {"token": "made-up"}).close()
    assert kept(site) == [
        ("auth.reset_password_link", "refused", ""),
        ("auth.verify_email_link", "refused", ""),
    ]
    assert "made-up" not in details(site)


def test_a_superuser_made_by_code_is_kept(site: Site) -> None:
    with site.app.app_context():
        UserManager().create_superuser(**site.names("ada"), password=PASSWORD)
        site.db.session.commit()
    assert kept(site) == [("auth.superuser_made", "ok", "ada")]


def test_what_anybody_can_send_without_end_is_logged_and_fills_no_table(
    site: Site, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    site.add_user("maya")
    visitor = signed_in(site)
    before = len(kept(site))
    visitor.client.post("/auth/logout/", data={})  # without its token
    site.app.test_client().get("/api/auth/me/", headers={"Authorization": "Bearer a.b.c"})
    assert len(kept(site)) == before
    assert [
        (line["action"], line["outcome"], line["path"]) for line in lines() if "path" in line
    ] == [
        ("security.csrf", "refused", "/auth/logout/"),
        ("auth.bearer", "refused", "/api/auth/me/"),
    ]


def test_a_limit_that_is_passed_is_logged(
    make_ready: Callable[..., Site], lines: Callable[[], list[dict[str, Any]]]
) -> None:
    site = make_ready(LBACK_AUTH_LIMIT_MAIL_PER_ADDRESS="1 per hour")
    for _ in range(2):
        Visitor(site.app).submit("/auth/request-reset-password/", email="maya@example.org")
    assert [line["counted"] for line in lines() if line["action"] == "security.throttled"] == [
        "mail-address"
    ]


def test_a_line_of_the_log_cannot_be_forged(
    site: Site, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    name = 'x\n{"action": "auth.login", "outcome": "ok"}\x1b[2J'
    log_in_by_json(site, name)
    [line] = [line for line in lines() if line["action"] == "auth.login"]
    assert line["outcome"] == "refused"
    assert line["details"]["identifier"] == name


# --- nobody edits it --------------------------------------------------------------------------


@pytest.fixture
def sealed(site: Site) -> Iterator[Site]:
    """A site with one entry, within its context."""
    with site.app.app_context():
        current_state()[Audit].record("shop.price_changed", old=3, new=4)
        site.db.session.commit()
        yield site


def actions(site: Site) -> list[str]:
    site.db.session.rollback()
    kind: Any = site.models.AuditEntry
    return list(site.db.session.scalars(sa.select(kind.action).order_by(kind.id)))


def test_an_entry_is_not_changed(sealed: Site) -> None:
    entry: Any = sealed.db.session.query(sealed.models.AuditEntry).one()
    entry.action = "shop.nothing"
    with pytest.raises(AuditEntryError, match="clean-audit"):
        sealed.db.session.commit()
    assert actions(sealed) == ["shop.price_changed"]


def test_an_entry_is_not_deleted(sealed: Site) -> None:
    sealed.db.session.delete(sealed.db.session.query(sealed.models.AuditEntry).one())
    with pytest.raises(AuditEntryError):
        sealed.db.session.commit()
    assert actions(sealed) == ["shop.price_changed"]


@pytest.mark.parametrize(
    "write",
    [
        lambda session, kind: session.execute(sa.update(kind).values(action="shop.nothing")),
        lambda session, kind: session.execute(sa.delete(kind)),
        lambda session, kind: session.query(kind).delete(),
    ],
    ids=["update", "delete", "query"],
)
def test_no_bulk_statement_on_the_class_edits_entries(
    sealed: Site, write: Callable[[Any, Any], Any]
) -> None:
    session = sealed.db.session
    with pytest.raises(AuditEntryError):
        write(session, sealed.models.AuditEntry)
    with pytest.raises(AuditEntryError):
        session.commit()  # whoever has caught the error keeps nothing of it
    assert actions(sealed) == ["shop.price_changed"]


def test_old_entries_are_removed_by_the_command_alone(sealed: Site) -> None:
    with clock.turned(dt.timedelta(days=40)):
        current_state()[Audit].record("shop.price_changed", old=4, new=5)
        sealed.db.session.commit()
        run = sealed.app.test_cli_runner().invoke
        assert run(clean_audit, ["--days", "41"]).output.strip() == "Removed 0 entries."
        assert run(clean_audit, ["--days", "30", "--batch", "1"]).output.strip() == (
            "Removed 1 entry."
        )
        assert run(clean_audit, []).exit_code == 2
    assert actions(sealed) == ["shop.price_changed", "auth.audit_cleaned"]


def test_who_acts_in_somebodys_place_is_named_beside_them(site: Site) -> None:
    site.add_user("maya")
    with site.app.test_request_context("/"):
        maya = site.user("maya")
        login = Login(1, "session", clock.now(), (0, 0), impersonator=Impersonator("7", "root", 3))
        setattr(g, USER, maya)
        setattr(g, LOGIN, login)
        current_state()[Audit].record("shop.price_changed")
        current_state()[Audit].record("shop.price_changed", actor=site.models.User(username="kofi"))
        site.db.session.commit()
    with site.app.app_context():
        entries = site.db.session.query(site.models.AuditEntry).all()[-2:]
        assert [
            (entry.actor_name, entry.impersonator_id, entry.impersonator_name) for entry in entries
        ] == [("maya", "7", "root"), ("kofi", "", "")]
