"""``AdminUserManager``: administrators are accounts of the one table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from flask_lback.auth import AdminUserManager, UserManager
from flask_lback.core.errors import Problem
from flask_lback.exceptions import ConfigError, InvalidFieldsError
from tests.support.apps import PASSWORD, Site
from tests.support.visitor import Visitor


@pytest.fixture
def admins(site: Site) -> Iterator[Any]:
    """The manager, with a group of editors and an account that is no administrator's."""
    site.add_user("ann")
    with site.app.test_request_context():
        group = site.models.Group(name="Editors")
        group.permissions.append(site.models.Permission(name="news.edit"))
        site.db.session.add(group)
        site.db.session.commit()
        yield AdminUserManager()


def register(site: Site, admins: Any, name: str = "ed", role: str | None = "Editors") -> Any:
    admin = admins.register_admin(site.db.session, name, f"{name}@example.org", PASSWORD, role)
    site.db.session.commit()
    return admin


def test_an_administrator_holds_what_the_role_holds(site: Site, admins: Any) -> None:
    ed = register(site, admins)
    assert (ed.is_staff, ed.is_superuser, ed.email_verified) == (True, False, True)
    assert admins.has_permission(ed, "news.edit")
    assert not admins.has_permission(ed, "news.delete")
    assert not admins.has_permission(None, "news.edit")
    entry = site.db.session.scalars(sa.select(site.models.AuditEntry)).all()[-1]
    assert (entry.action, entry.target_name, entry.details) == (
        "auth.admin_registered",
        "ed",
        {"group": "Editors"},
    )


def test_the_permission_of_somebody_who_is_no_administrator_does_not_count(
    site: Site, admins: Any
) -> None:
    ann = site.user("ann")
    ann.groups.append(site.db.session.scalars(sa.select(site.models.Group)).one())
    site.db.session.commit()
    assert ann.has_permission("news.edit")
    assert not admins.has_permission(ann, "news.edit")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        (("ann", "x@example.org", PASSWORD), "username"),
        (("ed", "ann@example.org", PASSWORD), "email"),
        (("ed", "nothing", PASSWORD), "email"),
        (("ed", "ed@example.org", "12345678"), "password"),
        (("ed", "ed@example.org", PASSWORD, "Nobody"), "role_name"),
    ],
)
def test_an_administrator_is_made_by_the_rules_of_every_account(
    site: Site, admins: Any, values: Any, field: str
) -> None:
    with pytest.raises(InvalidFieldsError) as caught:
        admins.register_admin(site.db.session, *values)
    assert field in caught.value.errors
    assert admins.get_all_admins() == []


def test_only_administrators_come_in_and_are_found(site: Site, admins: Any) -> None:
    db_session = site.db.session
    ed, ann = register(site, admins), site.user("ann")
    assert admins.authenticate_admin(db_session, "ed", PASSWORD) is ed
    assert admins.authenticate_admin("ed", PASSWORD) is ed
    assert admins.authenticate_admin(db_session, "ed", "wrong") is None
    assert admins.authenticate_admin(db_session, "ann", PASSWORD) is None
    assert admins.authenticate_admin(db_session, "nobody", PASSWORD) is None
    assert admins.get_admin_by_id(db_session, ed.id) is ed
    assert admins.get_admin_by_id(ann.id) is None
    assert admins.get_admin_by_username(db_session, "ED") is ed
    assert admins.get_admin_by_username("ann") is None
    assert admins.get_all_admins(db_session) == [ed]
    UserManager().deactivate(ed)
    db_session.commit()
    assert admins.authenticate_admin("ed", PASSWORD) is None
    assert not admins.has_permission(ed, "news.edit")


def test_passwords_of_administrators_are_counted(make_ready: Callable[..., Site]) -> None:
    site = make_ready(LBACK_AUTH_LIMIT_PASSWORD_PER_ACCOUNT="2 per hour")
    site.add_user("ed", is_staff=True)
    with site.app.test_request_context():
        admins = AdminUserManager()
        for _ in range(2):
            assert admins.authenticate_admin("ed", "wrong") is None
        with pytest.raises(Problem, match="429"):
            admins.authenticate_admin("ed", PASSWORD)


def desk(app: Flask) -> None:
    """A page for administrators with a permission."""

    @app.get("/desk/")
    @AdminUserManager.permission_required("news.edit")
    def desk() -> str:
        return "desk"


def test_a_view_lets_administrators_with_the_permission_in(site: Site) -> None:
    desk(site.app)
    key = site.add_user("ann")
    visitor = Visitor(site.app)
    assert "/auth/login/" in visitor.get("/desk/").location
    visitor.sign_in("ann", PASSWORD)

    def change(**flags: bool) -> None:
        with site.app.app_context():
            user = site.user("ann")
            for name, value in flags.items():
                setattr(user, name, value)
            site.db.session.commit()

    change(is_staff=True)
    assert visitor.get("/desk/").status_code == 403
    with site.app.app_context():
        user = site.db.session.get(site.models.User, key)
        user.user_permissions.append(site.models.Permission(name="news.edit"))
        site.db.session.commit()
    assert visitor.get("/desk/").text == "desk"
    change(is_staff=False)
    assert visitor.get("/desk/").status_code == 403


def test_a_token_with_scopes_is_no_administrator(site: Site) -> None:
    from flask_lback.auth.api_tokens.service import ApiTokens
    from flask_lback.core.state import current_state

    desk(site.app)
    site.add_user("chief", is_staff=True, is_superuser=True)
    with site.app.app_context():
        site.db.session.add(site.models.Permission(name="news.edit"))
        site.db.session.commit()
        tokens, chief, life = current_state()[ApiTokens], site.user("chief"), dt.timedelta(days=1)
        _, narrow = tokens.make(chief, "narrow", scopes=["news.edit"], life=life)
        _, whole = tokens.make(chief, "whole", life=life)
        site.db.session.commit()
    client = site.app.test_client()
    answers = [
        client.get("/desk/", headers={"Authorization": f"Bearer {token}"}).status_code
        for token in (whole, narrow)
    ]
    assert answers == [200, 403]


def test_a_view_that_names_no_permission_is_an_error_of_its_module() -> None:
    with pytest.raises(ConfigError, match="names no permission"):
        AdminUserManager.permission_required("")
