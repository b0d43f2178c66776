"""``UserManager`` and ``SessionManager`` as those call them who come from Lback."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import session
from sqlalchemy.orm import Session

from flask_lback.auth import SessionManager, UserManager, current_user
from flask_lback.auth.users.objects import DoesNotExistError
from flask_lback.core import clock
from flask_lback.core.state import current_state
from flask_lback.exceptions import AuthenticationError, InvalidFieldsError, LbackError
from flask_lback.testing.kit import outbox_of
from tests.conformance.test_uses import path_in
from tests.support.apps import PASSWORD, Site
from tests.support.visitor import Visitor

NEW_PASSWORD = "another plain sentence"


@pytest.fixture
def managers(site: Site) -> Iterator[tuple[Any, Any, Any]]:
    """User manager, session manager and database session, with Ann's account."""
    site.add_user("ann")
    with site.app.test_request_context():
        yield UserManager(), current_state()[SessionManager], site.db.session


def actions(site: Site) -> list[str]:
    entries = site.models.AuditEntry
    return list(site.db.session.scalars(sa.select(entries.action).order_by(entries.id)))


def test_users_are_found_with_lbacks_session_and_without(site: Site, managers: Any) -> None:
    users, _, db_session = managers
    ann = site.user("ann")
    assert users.get_user_by_username(db_session, "Ann") is ann
    assert users.get_user_by_email(session=db_session, email="ANN@example.org") is ann
    assert users.get_user_by_id(db_session, user_id=ann.id) is ann
    assert users.get_user_by_username("ann") is users.get_user_by_id(ann.id) is ann
    assert users.get_all_users(db_session) == [ann]
    assert users.search_users(db_session(), username="ANN", is_active=True) == [ann]
    assert users.search_users(is_active=False) == []
    with pytest.raises(AttributeError, match="no column 'is_admin'"):
        users.search_users(db_session, is_admin=True)


def test_another_session_of_the_database_is_refused(site: Site, managers: Any) -> None:
    users, sessions, _ = managers
    with Session(site.db.engine) as other:
        with pytest.raises(TypeError, match=r"Give db\.session"):
            users.get_all_users(other)
        with pytest.raises(TypeError, match=r"Give db\.session"):
            sessions.get(None, other, "key")


def test_a_call_with_too_much_in_it_is_refused(managers: Any) -> None:
    users, _, db_session = managers
    with pytest.raises(TypeError, match="takes a session, username"):
        users.get_user_by_username(db_session, "ann", "ben")
    with pytest.raises(TypeError, match="got username twice"):
        users.get_user_by_username(db_session, "ann", username="ben")


def test_a_person_of_lback_registers_confirms_signs_in_and_resets(
    site: Site, managers: Any
) -> None:
    users, _, db_session = managers
    ben = users.register_user(db_session, "ben", "ben@example.org", PASSWORD)
    with pytest.raises(AuthenticationError, match="not confirmed"):
        users.authenticate_user(db_session, "ben", PASSWORD)
    token = path_in(outbox_of(site.app)[-1]).partition("token=")[2]
    assert users.verify_user_email(db_session, token) is ben
    assert users.authenticate_user(db_session, "ben", PASSWORD) is ben
    assert users.authenticate_user(db_session, "ben", "wrong") is None
    with pytest.raises(AuthenticationError):
        users.authenticate_user("ben", "wrong")

    assert users.reset_password_request(db_session, "nobody@example.org") is True
    assert users.reset_password_request(db_session, "ben@example.org", "/reset/") is True
    token = path_in(outbox_of(site.app)[-1]).partition("token=")[2]
    assert users.reset_password(db_session, token, NEW_PASSWORD)
    assert users.authenticate_user(db_session, "ben", NEW_PASSWORD) is ben


def test_an_update_changes_what_it_names_and_is_audited(site: Site, managers: Any) -> None:
    users, _, db_session = managers
    ann = site.user("ann")
    data = {"first_name": "Ann", "username": "anna", "password": NEW_PASSWORD, "role_name": "x"}
    assert users.update_user(db_session, ann.id, data) is ann
    db_session.commit()
    assert (ann.first_name, ann.username, ann.username_canonical) == ("Ann", "anna", "anna")
    assert ann.check_password(NEW_PASSWORD)
    assert {"auth.profile_changed", "auth.password_set"} <= set(actions(site))
    assert users.update_user(ann.id, {"password": "", "username": "Anna"}).username == "Anna"
    assert ann.check_password(NEW_PASSWORD)


def test_a_new_address_is_to_be_confirmed_again_and_ends_sessions(site: Site) -> None:
    key = site.add_user("ann")
    visitor = Visitor(site.app)
    visitor.sign_in("ann", PASSWORD)
    with site.app.app_context():
        ann = UserManager().update_user(key, {"email": "new@example.org"})
        site.db.session.commit()
        assert not ann.email_verified
    assert visitor.get("/auth/account/").status_code == 302
    with site.app.app_context():
        manager = UserManager()
        assert manager.update_user(key, {"is_email_verified": True}).email_verified
        both = {"email": "third@example.org", "is_email_verified": True}
        assert manager.update_user(key, both).email_verified


def test_an_account_that_an_update_switches_off_is_out_at_once(site: Site) -> None:
    key = site.add_user("ann")
    visitor = Visitor(site.app)
    visitor.sign_in("ann", PASSWORD)
    with site.app.app_context():
        UserManager().update_user(key, {"is_active": False})
        site.db.session.commit()
        assert "auth.deactivated" in actions(site)
    assert visitor.get("/auth/account/").status_code == 302


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"is_superuser": True}, "is_superuser"),
        ({"is_staff": True}, "is_staff"),
        ({"password_hash": "x"}, "password_hash"),
        ({"id": 7}, "id"),
        ({"groups": []}, "groups"),
        ({"nonsense": 1}, "nonsense"),
        ({"first_name": 7}, "first_name"),
        ({"first_name": "x" * 200}, "first_name"),
        ({"first_name": None}, "first_name"),
        ({"first_name": "a\x00b"}, "first_name"),
        ({"is_active": "no"}, "is_active"),
        ({"username": "BEN"}, "username"),
        ({"email": "ben@example.org"}, "email"),
        ({"email": "nothing"}, "email"),
        ({"password": "12345678"}, "password"),
    ],
)
def test_an_update_that_cannot_be_changes_nothing(
    site: Site, managers: Any, data: dict[str, Any], field: str
) -> None:
    users, _, db_session = managers
    site.add_user("ben")
    ann = site.user("ann")
    with pytest.raises(InvalidFieldsError) as caught:
        users.update_user(ann.id, {"last_name": "Lee", **data})
    assert list(caught.value.errors) == [field]
    assert ann not in db_session.dirty
    assert ann.last_name == ""


def test_a_user_is_deleted_but_not_the_last_superuser(site: Site, managers: Any) -> None:
    users, _, db_session = managers
    key = site.user("ann").id
    chief = users.create_superuser(username="chief", email="chief@example.org", password=PASSWORD)
    db_session.commit()
    users.delete_user(db_session, key)
    assert users.get_user_by_id(key) is None
    assert "auth.account_deleted" in actions(site)
    with pytest.raises(DoesNotExistError, match="no account"):
        users.delete_user(db_session, key)
    with pytest.raises(DoesNotExistError):
        users.update_user(db_session, "x", {})
    with pytest.raises(LbackError, match="last superuser"):
        users.delete_user(db_session, chief.id)
    assert users.get_user_by_id(chief.id) is chief


def test_a_session_is_made_found_used_and_ended_by_its_id(site: Site, managers: Any) -> None:
    _, sessions, db_session = managers
    ann = site.user("ann")
    key = sessions.create_session(db_session, str(ann.id))
    db_session.commit()
    assert sessions.get_user(db_session, key) == ann.id
    [row] = sessions.of(ann)
    assert key not in (str(row.id), row.key_hash)
    assert not sessions.is_session_expired(row)
    idle = dt.timedelta(minutes=current_state_minutes())
    with clock.turned(idle - dt.timedelta(minutes=1)):
        assert sessions.renew_session(db_session, key)
        db_session.commit()
    with clock.turned(idle + dt.timedelta(minutes=1)):
        assert not sessions.is_session_expired(row)
    with clock.turned(idle * 3):
        assert sessions.is_session_expired(row)
        assert not sessions.renew_session(db_session, key)
        assert sessions.get_user(db_session, key) is None
    assert sessions.delete_session(db_session, key)
    db_session.commit()
    assert not sessions.delete_session(db_session, key)
    assert sessions.get_user(db_session, key) is None
    assert {"auth.login", "auth.session_ended"} <= set(actions(site))
    assert sessions.cleanup_sessions(db_session) == 1


def current_state_minutes() -> int:
    from flask_lback.auth.settings import AuthSettings

    return current_state()[AuthSettings].session_idle_minutes


def test_a_session_that_was_made_opens_the_site_by_its_cookie(site: Site) -> None:
    key = site.add_user("ann")
    with site.app.test_request_context():
        manager: Any = current_state()[SessionManager]
        cookie = manager.create_session(site.db.session, key)
        name = manager.cookie_name(site.app)
        site.db.session.commit()
    client = site.app.test_client()
    client.set_cookie(name, cookie)
    assert client.get("/ten/").status_code == 200


def test_no_session_is_made_for_nobody(site: Site, managers: Any) -> None:
    _, sessions, db_session = managers
    site.add_user("off", is_active=False)
    assert sessions.create_session(db_session, 999) is None
    assert sessions.create_session(db_session, site.user("off").id) is None
    with pytest.raises(LbackError, match="Flask's `session`"):
        sessions.create_session(db_session)
    assert sessions.get_user(db_session, "no such id") is None


def test_values_of_a_visitor_are_in_flasks_session(managers: Any) -> None:
    _, sessions, db_session = managers
    session["cart"] = 3
    assert sessions.get(None, db_session, "cart") == 3
    assert sessions.get(None, db_session, "other", "none") == "none"


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("get_session_data", "Flask's `session`"),
        ("save_session_data", "Flask's `session`"),
        ("set_session_data", "Flask's `session`"),
        ("generate_csrf_token", "middleware"),
        ("validate_csrf_token", "middleware"),
    ],
)
def test_names_that_make_no_sense_here_say_what_to_use(
    managers: Any, name: str, remedy: str
) -> None:
    with pytest.raises(AttributeError, match=remedy):
        getattr(managers[1], name)
    assert not hasattr(managers[1], "nonsense")


def test_nobody_is_signed_in_by_all_this(managers: Any) -> None:
    users, _, db_session = managers
    users.authenticate_user(db_session, "ann", PASSWORD)
    assert not current_user.is_authenticated
