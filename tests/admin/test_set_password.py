"""Set a password for somebody else (AD-14): known to two people, and only for one sign-in."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa

from flask_lback.auth import UserManager, get_models
from flask_lback.auth.api_tokens.service import ApiTokens
from flask_lback.auth.devices.service import Devices
from flask_lback.core.state import state_of
from flask_lback.testing import sign_in
from flask_lback.testing.kit import outbox_of
from tests.support.apps import PASSWORD
from tests.support.visitor import Visitor, errors_of

from .blog import Blog

USERS = "/admin/people/user/"
GIVEN = "given on the telephone"
RIGHT = "people.change_user"


def page_of(key: Any) -> str:
    return f"{USERS}password/?id={key}"


def fields(password: str = GIVEN, **more: Any) -> dict[str, Any]:
    return {"new_password": password, "password_confirm": password, "must_change": "y", **more}


def audited(blog: Blog, action: str) -> list[Any]:
    with blog.app.app_context():
        entry: Any = get_models().AuditEntry
        rows = blog.db.session.scalars(sa.select(entry).filter_by(action=action))
        return [(row.actor_name, row.target_name, row.details) for row in rows]


@pytest.fixture
def desk(blog: Blog) -> Blog:
    blog.add_superuser()
    blog.add_staff("clerk", "people.view_user", RIGHT)
    return blog


def test_a_password_is_set_and_has_to_be_changed_at_the_next_sign_in(desk: Blog) -> None:
    key = desk.add_user("ada")
    panel = desk.panel("clerk")
    switch = re.search(r'<input[^>]*name="must_change"[^>]*>', panel.get(page_of(key)).text)
    assert switch is not None
    assert "checked" in switch[0]
    answer = panel.post(page_of(key), **fields())
    assert answer.location == f"{USERS}edit/?id={key}"
    visitor = Visitor(desk.app)
    assert visitor.sign_in("ada", PASSWORD).status_code == 401
    assert visitor.sign_in("ada", GIVEN).location == "/auth/change-password/"
    assert visitor.get("/auth/account/").location == "/auth/change-password/"


def test_without_the_switch_the_password_is_good_as_it_is(desk: Blog) -> None:
    key = desk.add_user("ada")
    sent = fields()
    del sent["must_change"]
    desk.panel("root").post(page_of(key), **sent)
    visitor = Visitor(desk.app)
    visitor.sign_in("ada", GIVEN)
    assert visitor.get("/auth/account/").status_code == 200
    assert audited(desk, "admin.password_set") == [("root", "ada", {"must_change": False})]


def test_sessions_tokens_and_trusted_browsers_end_and_the_owner_is_told(desk: Blog) -> None:
    key = desk.add_user("ada")
    ada = sign_in(desk.app, "ada")
    assert ada.get("/auth/account/").status_code == 200
    with desk.app.test_request_context():
        user = desk.one(desk.User, key)
        tokens = state_of(desk.app)[ApiTokens]
        _, text = tokens.make(user, "robot", life=tokens.usual_life)
        devices = state_of(desk.app)[Devices]
        devices.remember(user)
        devices.trust(user, 30)
        desk.db.session.commit()
    outbox_of(desk.app).clear()
    desk.panel("root").post(page_of(key), **fields())
    assert ada.get("/auth/account/").status_code == 302
    header = {"Authorization": f"Bearer {text}"}
    assert desk.app.test_client().get("/api/auth/me/", headers=header).status_code == 401
    with desk.app.app_context():
        device = get_models().Device
        assert [row.trusted_until for row in desk.db.session.scalars(sa.select(device))] == [None]
    [mail] = outbox_of(desk.app)
    assert (mail["To"], "password" in mail["Subject"]) == ("ada@example.org", True)
    assert GIVEN not in str(mail)


def test_the_log_names_who_did_it_and_holds_neither_password_nor_hash(desk: Blog) -> None:
    key = desk.add_user("ada")
    desk.panel("clerk").post(page_of(key), **fields())
    assert audited(desk, "admin.password_set") == [("clerk", "ada", {"must_change": True})]
    with desk.app.app_context():
        entry: Any = get_models().AuditEntry
        whole = str([row.details for row in desk.db.session.scalars(sa.select(entry))])
        digest = desk.one(desk.User, key).password_hash
    assert GIVEN not in whole
    assert digest not in whole


def test_the_hash_is_never_shown(desk: Blog) -> None:
    key = desk.add_user("ada")
    panel = desk.panel("root")
    with desk.app.app_context():
        digest = desk.one(desk.User, key).password_hash
    for path in (page_of(key), f"{USERS}edit/?id={key}", f"{USERS}details/?id={key}", USERS):
        text = panel.get(path).text
        assert digest not in text, path
        assert "$argon2" not in text, path


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (fields("short"), "Use at least 8 characters."),
        (fields("password1"), "on every guesser's list"),
        (fields("ada@example.org"), "too close to your name"),
        (fields(password_confirm="something else"), "The two passwords differ."),
        (fields(""), "Fill this in."),
    ],
)
def test_the_policy_holds_here_too(desk: Blog, sent: dict[str, Any], said: str) -> None:
    key = desk.add_user("ada")
    answer = desk.panel("root").post(page_of(key), **sent)
    assert answer.status_code == 400
    assert said in errors_of(answer.text)
    assert Visitor(desk.app).sign_in("ada", PASSWORD).status_code == 302
    assert audited(desk, "admin.password_set") == []


@pytest.mark.parametrize(
    ("target", "given"),
    [
        ("a superuser", {"is_staff": True, "is_superuser": True}),
        ("staff with more rights", {"is_staff": True}),
    ],
)
def test_ad_14_nobody_takes_over_an_account_that_may_do_more(
    desk: Blog, target: str, given: dict[str, Any]
) -> None:
    key = desk.add_user("boss", "blog.delete_post", **given)
    panel = desk.panel("clerk")
    assert panel.get(page_of(key)).status_code in (403, 404), target
    assert panel.post(page_of(key), **fields()).status_code in (403, 404)
    assert panel.post(page_of(key), _disable="1").status_code in (403, 404)
    assert "Set password…" not in panel.get(f"{USERS}edit/?id={key}").text
    assert Visitor(desk.app).sign_in("boss", PASSWORD).status_code == 302


def test_without_the_right_to_change_the_page_is_closed(desk: Blog) -> None:
    key = desk.add_user("ada")
    desk.add_staff("reader", "people.view_user")
    panel = desk.panel("reader")
    assert panel.get(page_of(key)).status_code == 403
    assert panel.post(page_of(key), **fields()).status_code == 403
    assert "Set password…" not in panel.get(f"{USERS}details/?id={key}").text


def test_ones_own_password_is_changed_with_the_present_one_only(desk: Blog) -> None:
    with desk.app.app_context():
        own: Any = UserManager().get_user("clerk")
        key = own.id
    panel = desk.panel("clerk")
    for answer in (panel.get(page_of(key)), panel.post(page_of(key), **fields())):
        assert answer.location == "/auth/change-password/"
    assert Visitor(desk.app).sign_in("clerk", PASSWORD).status_code == 302


def test_signing_in_by_password_is_switched_off_for_an_account(desk: Blog) -> None:
    key = desk.add_user("ada")
    ada = sign_in(desk.app, "ada")
    panel = desk.panel("clerk")
    assert panel.post(page_of(key), _disable="1").location == f"{USERS}edit/?id={key}"
    assert ada.get("/auth/account/").status_code == 302
    assert Visitor(desk.app).sign_in("ada", PASSWORD).status_code == 401
    assert "No password opens this account now." in panel.get(page_of(key)).text
    assert audited(desk, "admin.password_disabled") == [("clerk", "ada", {})]


def test_a_form_without_its_token_sets_nothing(desk: Blog) -> None:
    key = desk.add_user("ada")
    panel = desk.panel("root")
    assert panel.client.post(page_of(key), data=fields()).status_code == 400
    assert Visitor(desk.app).sign_in("ada", PASSWORD).status_code == 302
