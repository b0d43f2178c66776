"""What an application hears of its accounts."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from flask_lback.auth import UserManager
from flask_lback.auth.sessions.cleaning import remove_dead
from flask_lback.core.state import state_of
from flask_lback.exceptions import TokenError
from flask_lback.testing import record_signals
from tests.attacks.support import NEW_PASSWORD, log_in_by_json, register, signed_in
from tests.support.apps import PASSWORD, Site

PHASES = ("pre", "post")


def test_the_row_of_an_account_is_told_of_from_beginning_to_end(site: Site) -> None:
    names = [f"user_{when}_{what}" for what in ("create", "update", "delete") for when in PHASES]
    heard: list[Any] = []
    with site.app.app_context(), record_signals(*names) as sent:
        user = UserManager().create_user(
            username="maya", email="maya@example.org", password=PASSWORD
        )
        site.db.session.commit()
        user.first_name = "Maya"
        site.db.session.commit()
        site.db.session.delete(user)
        site.db.session.commit()
        heard.extend((name, values.get("fields")) for name, values in sent)
    assert heard == [
        ("user_pre_create", None),
        ("user_post_create", None),
        ("user_pre_update", ["first_name"]),
        ("user_post_update", ["first_name"]),
        ("user_pre_delete", None),
        ("user_post_delete", None),
    ]


def test_two_applications_with_one_user_class_hear_of_a_row_once(site: Site) -> None:
    from flask_lback.auth import row_signals

    row_signals.watch(site.models.User)
    with record_signals("user_post_create") as sent:
        site.add_user("maya")
    assert len(sent) == 1


def test_each_attempt_is_told_of_before_it_is_decided(site: Site) -> None:
    site.add_user("maya")
    with record_signals("user_authentication_started", "user_login_failed") as sent:
        log_in_by_json(site, "nobody")
    assert [(name, values["username"]) for name, values in sent] == [
        ("user_authentication_started", "nobody"),
        ("user_login_failed", "nobody"),
    ]


def test_a_registration_is_told_of_in_order(site: Site) -> None:
    names = ("user_registration_started", "user_pre_register", "user_registered")
    with record_signals(*names, "user_registration_failed") as sent:
        register(site, "kofi")
        register(site, "kofi", email="ama@example.org")
    assert [name for name, _ in sent] == [*names, names[0], "user_registration_failed"]


def test_a_forged_request_is_told_of(site: Site) -> None:
    site.add_user("maya")
    visitor = signed_in(site)
    with record_signals("csrf_token_validation_failed") as sent:
        answer = visitor.client.post("/auth/logout/", data={})
    assert answer.status_code == 400
    [(name, values)] = sent
    assert (name, values["error_type"]) == (
        "csrf_token_validation_failed",
        "The CSRF token is missing.",
    )


def test_cleaning_is_told_of(site: Site) -> None:
    site.add_user("maya")
    signed_in(site)
    with site.app.app_context():
        site.db.session.execute(sa.update(site.models.UserSession).values(revoked_at=sa.func.now()))
        site.db.session.commit()
        with record_signals("session_cleanup_started", "session_cleanup_finished") as sent:
            remove_dead(state_of(site.app))
    assert [(name, values.get("removed_count")) for name, values in sent] == [
        ("session_cleanup_started", None),
        ("session_cleanup_finished", 1),
    ]


def test_a_reset_is_told_of_before_its_link_is_read(site: Site) -> None:
    site.add_user("maya")
    names = ("password_reset_started", "password_reset_failed")
    with (
        site.app.test_request_context(),
        record_signals(*names) as sent,
        pytest.raises(TokenError),
    ):
        UserManager().reset_password("no link", NEW_PASSWORD)
    assert [name for name, _ in sent] == list(names)
