"""What the audit log and the security log keep."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from flask_lback.auth import UserManager
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
