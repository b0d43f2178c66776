"""See the site as somebody else: no right is gained by it, and the log names both."""

from __future__ import annotations

import datetime as dt
import json
import logging
from typing import Any

import pytest
import sqlalchemy as sa
from flask import render_template_string, session

from flask_lback.auth import UserManager, current_user, get_models, login_required
from flask_lback.auth.audit.service import Audit
from flask_lback.auth.current import present_impersonator
from flask_lback.auth.impersonation.service import Impersonations
from flask_lback.auth.personal_data.deletion import Deletions
from flask_lback.auth.sessions.principal import Impersonator, Login
from flask_lback.auth.sessions.service import SessionManager
from flask_lback.core import clock
from flask_lback.core.errors import Problem
from flask_lback.core.state import state_of
from flask_lback.permissions.sync import sync
from flask_lback.testing import count_queries
from tests.support.apps import PASSWORD
from tests.support.visitor import Visitor, errors_of

from .blog import Blog, Panel

USERS = "/admin/people/user/"
MAY = ("people.view_user", "auth.impersonate_user")
STOP = "/auth/stop-impersonation/"


@pytest.fixture
def desk(blog: Blog) -> Blog:
    blog.add_superuser()
    blog.add_staff("clerk", *MAY)
    blog.add_user("ada")

    @blog.app.get("/who/")
    def who() -> dict[str, str]:
        by = present_impersonator()
        return {"user": str(current_user), "by": "" if by is None else by.name}

    @blog.app.get("/members/")
    @login_required
    def members() -> str:
        return "members"

    return blog


def key_of(blog: Blog, name: str) -> Any:
    with blog.app.app_context():
        user: Any = UserManager().get_user(name)
        return user.id


def begin(blog: Blog, panel: Panel, name: str = "ada") -> Any:
    return panel.post(f"{USERS}impersonate/?id={key_of(blog, name)}")


def stop(panel: Panel) -> Any:
    panel.__dict__.pop("token", None)
    page = panel.get("/auth/account/").text
    token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    return panel.client.post(STOP, data={"csrf_token": token})


def who(panel: Panel) -> dict[str, str]:
    found: dict[str, str] = panel.get("/who/").get_json()
    return found


def entries(blog: Blog, start: str) -> list[Any]:
    with blog.app.app_context():
        entry: Any = get_models().AuditEntry
        query = sa.select(entry).where(entry.action.startswith(start)).order_by(entry.id)
        return list(blog.db.session.scalars(query))


def test_the_site_is_seen_as_another_account_and_left_again(desk: Blog) -> None:
    panel = desk.panel("clerk")
    assert "See the site as ada" in panel.get(f"{USERS}details/?id={key_of(desk, 'ada')}").text
    assert begin(desk, panel).location == "/"
    assert who(panel) == {"user": "ada", "by": "clerk"}
    page = errors_of(panel.get("/auth/account/").text)
    assert "You see the site as ada. You are clerk." in page
    assert stop(panel).location == "/admin/"
    assert who(panel) == {"user": "clerk", "by": ""}
    assert panel.get(USERS).status_code == 200
    assert "You see the site as" not in panel.get("/auth/account/").text


@pytest.mark.parametrize(
    ("name", "rights", "given", "groups"),
    [
        ("chief", (), {"is_superuser": True}, ()),
        ("gone", (), {"is_active": False}, ()),
        ("editor", ("blog.delete_post",), {}, ()),
        ("member", (), {}, ("Editors",)),
    ],
)
def test_nobody_is_seen_who_may_do_more_or_is_switched_off(
    desk: Blog, name: str, rights: Any, given: dict[str, Any], groups: Any
) -> None:
    desk.add_group("Editors", "blog.change_post")
    desk.add_user(name, *rights, groups=groups, **given)
    panel = desk.panel("clerk")
    assert "See the site as" not in panel.get(f"{USERS}details/?id={key_of(desk, name)}").text
    assert begin(desk, panel, name).status_code == 403
    assert who(panel) == {"user": "clerk", "by": ""}
    assert entries(desk, "admin.impersonation_started") == []


def test_a_superuser_is_not_seen_by_a_superuser_either(desk: Blog) -> None:
    desk.add_superuser("second")
    panel = desk.panel("root")
    for name in ("second", "root"):
        assert begin(desk, panel, name).status_code == 403
    assert begin(desk, panel, "clerk").status_code == 302
    assert who(panel) == {"user": "clerk", "by": "root"}


def test_a_group_that_everybody_is_given_keeps_nobody_from_being_seen(desk: Blog) -> None:
    desk.add_group("Members")
    desk.add_user("new", groups=("Members",))
    panel = desk.panel("clerk")
    assert begin(desk, panel, "new").status_code == 403
    with desk.app.app_context():
        group: Any = get_models().Group
        desk.db.session.scalar(sa.select(group).filter_by(name="Members")).is_default = True
        desk.db.session.commit()
    assert begin(desk, panel, "new").status_code == 302


@pytest.mark.parametrize("held", [("people.view_user",), ("auth.impersonate_user",)])
def test_it_needs_its_permission_and_the_sight_of_the_account(desk: Blog, held: Any) -> None:
    desk.add_staff("other", *held)
    panel = desk.panel("other")
    assert begin(desk, panel).status_code == 403
    assert who(panel)["user"] == "other"


def test_the_permission_is_made_with_the_others(desk: Blog) -> None:
    with desk.app.app_context():
        sync(desk.app)
        kind: Any = get_models().Permission
        found = desk.db.session.scalar(sa.select(kind).filter_by(name="auth.impersonate_user"))
        assert found.description == "See the site as another user"


def test_it_begins_by_a_form_with_its_token_only(desk: Blog) -> None:
    panel, path = desk.panel("clerk"), f"{USERS}impersonate/?id={key_of(desk, 'ada')}"
    assert panel.get(path).status_code == 405
    assert panel.client.post(path).status_code == 400
    assert who(panel)["user"] == "clerk"


def test_whoever_has_not_lately_proved_who_he_is_does_so_first(desk: Blog) -> None:
    panel = desk.panel("clerk")
    assert panel.token
    with clock.turned(dt.timedelta(minutes=20)):
        answer = begin(desk, panel)
        assert answer.location.startswith("/auth/reauthenticate/?next=/admin/people/user/details/")
        assert who(panel)["user"] == "clerk"


def test_the_panel_is_closed_meanwhile_so_nobody_is_seen_through_another(desk: Blog) -> None:
    desk.add_staff("desk", *MAY)
    panel = desk.panel("root")
    begin(desk, panel, "desk")
    for path in ("/admin/", USERS, "/admin/blog/post/"):
        assert panel.get(path).status_code == 403, path
    assert "You see the site as desk. You are root." in errors_of(panel.get("/admin/").text)
    by = Impersonator("1", "root", 1)
    login = Login(2, "session", clock.now(), (-1, -1), impersonator=by)
    with desk.app.test_request_context():
        service = state_of(desk.app)[Impersonations]
        actor, ada = UserManager().get_user("desk"), UserManager().get_user("ada")
        with pytest.raises(Problem, match="this browser"):
            service.begin(actor, login, ada)


#: Of the account pages and routes, what whoever sees the site as another account may use. What
#: serves people who are not signed in, or needs a link or a challenge, gains nothing by it.
OPEN = {
    "account",
    "accept_invitation",
    "confirm_email",
    "login",
    "logout",
    "magic_link",
    "me",
    "oauth_callback",
    "oauth_login",
    "passkey_sign_in",
    "passkey_sign_in_options",
    "passkey_verify",
    "passkey_verify_options",
    "refresh",
    "register",
    "request_magic_link",
    "request_reset_password",
    "resend_verification",
    "reset_password",
    "stop_impersonation",
    "two_factor_send",
    "two_factor_verify",
    "unconfirmed",
    "verify_email",
}


def test_nothing_that_belongs_to_the_account_is_reached(desk: Blog) -> None:
    panel = desk.panel("clerk")
    begin(desk, panel)
    token = panel.get("/auth/account/").text.partition('name="csrf_token" value="')[2]
    header = {"X-CSRFToken": token.partition('"')[0]}
    asked, reached = 0, []
    for rule in list(desk.app.url_map.iter_rules()):
        blueprint, _, name = rule.endpoint.rpartition(".")
        if blueprint not in ("lback_auth", "lback_api_auth") or name in OPEN:
            continue
        path = desk.app.url_map.bind("localhost").build(
            rule.endpoint, dict.fromkeys(rule.arguments, 1)
        )
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            sent: Any = {"json": {"code": "123456"}} if blueprint == "lback_api_auth" else {}
            accept = {"Accept": "application/json", **header}
            answer = panel.client.open(path, method=method, headers=accept, **sent)
            said = (answer.status_code, (answer.get_json(silent=True) or {}).get("code"))
            if said != (403, "impersonating"):
                reached.append((method, path, *said))
            asked += 1
    assert not reached, "\n".join(map(str, reached))
    assert asked > 30
    assert who(panel) == {"user": "ada", "by": "clerk"}


def test_the_log_names_both(desk: Blog, caplog: pytest.LogCaptureFixture) -> None:
    @desk.app.post("/write/")
    def write() -> str:
        state_of(desk.app)[Audit].record("blog.written", current_user._get_current_object())
        desk.db.session.commit()
        return "written"

    panel = desk.panel("clerk")
    with caplog.at_level(logging.INFO, "flask_lback.audit"):
        begin(desk, panel)
        token = panel.get("/auth/account/").text.partition('name="csrf_token" value="')[2]
        panel.client.post("/write/", headers={"X-CSRFToken": token.partition('"')[0]})
        stop(panel)
    names = [
        (one.action, one.actor_name, one.impersonator_name, one.target_name)
        for one in [*entries(desk, "admin.impersonation"), *entries(desk, "blog.")]
    ]
    assert names == [
        ("admin.impersonation_started", "clerk", "", "ada"),
        ("admin.impersonation_ended", "clerk", "", "ada"),
        ("blog.written", "ada", "clerk", "ada"),
    ]
    lines = [json.loads(record.message) for record in caplog.records]
    found = {line["action"] for line in lines}
    assert {"admin.impersonation_started", "admin.impersonation_ended"} <= found
    [written] = [line for line in lines if line["action"] == "blog.written"]
    assert written["impersonator_name"] == "clerk"


@pytest.mark.parametrize("way", ["deactivated", "right lost", "session ended", "more rights"])
def test_it_ends_with_whatever_it_stands_on(desk: Blog, way: str) -> None:
    panel = desk.panel("clerk")
    begin(desk, panel)
    with desk.app.app_context():
        clerk: Any = UserManager().get_user("clerk")
        if way == "deactivated":
            UserManager().deactivate(clerk)
        elif way == "right lost":
            desk.lback.permissions.revoke("auth.impersonate_user", clerk)
        elif way == "more rights":
            desk.lback.permissions.grant("blog.delete_post", UserManager().get_user("ada"))
        else:
            state_of(desk.app)[SessionManager].end_all(clerk)
        desk.db.session.commit()
    assert who(panel) == {"user": "AnonymousUser", "by": ""}
    assert panel.get("/members/").status_code == 302


def test_it_is_over_after_an_hour_and_the_own_session_comes_back(desk: Blog) -> None:
    panel = desk.panel("clerk")
    begin(desk, panel)
    with clock.turned(dt.timedelta(minutes=59)):
        assert who(panel)["user"] == "ada"
    with clock.turned(dt.timedelta(minutes=61)):
        assert who(panel)["user"] == "AnonymousUser"
        page = panel.get("/auth/login/").text
        assert "The time as another account is over." in page
        token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
        assert panel.client.post(STOP, data={"csrf_token": token}).location == "/admin/"
        assert who(panel) == {"user": "clerk", "by": ""}
    [ended] = entries(desk, "admin.impersonation_ended")
    assert (ended.actor_name, ended.target_name) == ("clerk", "ada")


def test_signing_out_ends_both_sessions(desk: Blog) -> None:
    panel = desk.panel("clerk")
    begin(desk, panel)
    own = panel.client.get_cookie("lback_session_own")
    assert own is not None
    assert own.http_only
    token = panel.get("/auth/account/").text.partition('name="csrf_token" value="')[2]
    panel.client.post("/auth/logout/", data={"csrf_token": token.partition('"')[0]})
    assert panel.client.get_cookie("lback_session_own") is None
    thief = desk.app.test_client()
    thief.set_cookie("lback_session", own.value)
    assert thief.get("/who/").get_json()["user"] == "AnonymousUser"


def test_the_way_back_leads_to_the_session_it_began_with_and_to_no_other(desk: Blog) -> None:
    panel, other = desk.panel("clerk"), desk.panel("root")
    begin(desk, panel)
    stolen = other.client.get_cookie("lback_session")
    assert stolen is not None
    panel.client.set_cookie("lback_session_own", stolen.value)
    assert stop(panel).location == "/auth/login/"
    assert who(panel)["user"] == "AnonymousUser"


def test_the_key_of_the_own_session_is_another_one_afterwards(desk: Blog) -> None:
    panel = desk.panel("clerk")
    before = panel.client.get_cookie("lback_session")
    assert before is not None
    begin(desk, panel)
    stop(panel)
    thief = desk.app.test_client()
    thief.set_cookie("lback_session", before.value)
    assert thief.get("/who/").get_json()["user"] == "AnonymousUser"


def test_it_is_no_sign_in_of_the_account(desk: Blog) -> None:
    def seen() -> Any:
        with desk.app.app_context():
            ada: Any = UserManager().get_user("ada")
            return ada.last_login_at, ada.last_seen_at

    before, panel = seen(), desk.panel("clerk")
    with clock.turned(dt.timedelta(minutes=2)):
        begin(desk, panel)
    with clock.turned(dt.timedelta(minutes=9)):
        panel.get("/who/").close()  # what was seen is written when the answer has left
    assert seen() == before
    visitor = Visitor(desk.app)
    visitor.sign_in("ada", PASSWORD)
    assert "administration" in errors_of(visitor.get("/auth/sessions/").text)


def test_what_the_application_keeps_for_one_is_not_seen_by_the_other(desk: Blog) -> None:
    @desk.app.get("/keep/<text>/")
    def keep(text: str) -> str:
        session["kept"] = text
        return text

    @desk.app.get("/kept/")
    def kept() -> str:
        return str(session.get("kept"))

    panel = desk.panel("clerk")
    panel.get("/keep/mine/")
    begin(desk, panel)
    assert panel.get("/kept/").text == "None"
    panel.get("/keep/hers/")
    stop(panel)
    assert panel.get("/kept/").text == "None"


def test_an_ordinary_request_still_costs_one_statement(desk: Blog) -> None:
    panel = desk.panel("clerk")
    who(panel)
    with count_queries(desk.app) as statements:
        who(panel)
    assert len(statements) == 1
    begin(desk, panel)
    who(panel)
    with count_queries(desk.app) as statements:
        who(panel)
    assert len(statements) <= 4, statements


def test_an_application_draws_the_banner_in_a_layout_of_its_own(desk: Blog) -> None:
    @desk.app.get("/own/")
    def own() -> str:
        return render_template_string("<body>{{ impersonation_banner() }}own</body>")

    panel = desk.panel("clerk")
    assert panel.get("/own/").text == "<body>own</body>"
    begin(desk, panel)
    assert "You see the site as ada." in errors_of(panel.get("/own/").text)
    assert desk.app.test_client().get("/own/").text == "<body>own</body>"


def test_stopping_what_has_not_begun_changes_nothing(desk: Blog) -> None:
    panel = desk.panel("clerk")
    assert stop(panel).status_code == 302
    assert who(panel) == {"user": "clerk", "by": ""}
    assert entries(desk, "admin.impersonation") == []


def test_neither_takes_what_is_kept_of_the_other_along(desk: Blog) -> None:
    panel = desk.panel("clerk")
    begin(desk, panel)
    ada = Visitor(desk.app)
    ada.sign_in("ada", PASSWORD)
    document = ada.submit("/auth/export-data/", password=PASSWORD)
    assert "impersonation" in document.text
    assert "clerk" not in document.text
    with desk.app.app_context():
        state_of(desk.app)[Deletions].delete(UserManager().get_user("clerk"))
        kind: Any = get_models().UserSession
        by = sa.select(kind).where(kind.impersonator_name == "clerk")
        assert desk.db.session.scalars(by).all() == []
    assert who(panel)["user"] == "AnonymousUser"
