"""What ends with the sessions of an account, and what ends them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest

from flask_lback.auth import current_user, login_required, update_session_auth_hash
from flask_lback.auth.api_tokens.service import ApiTokens
from flask_lback.auth.devices.service import Devices
from flask_lback.auth.mails.links import CHANGE_EMAIL
from flask_lback.core.state import state_of
from flask_lback.testing.kit import outbox_of
from tests.support.apps import PASSWORD, Site
from tests.support.authenticator import Holder, elsewhere, owner_of_passkey
from tests.support.second_step import app_code, second_step, text_of, with_app
from tests.support.visitor import Visitor, errors_of

from .held import bearer, copied_access
from .support import (
    NEW_PASSWORD,
    is_in,
    log_in_by_json,
    post,
    refresh,
    register,
    signed_in,
    token_of,
)

MakeSite = Callable[..., Site]
PEOPLE = "/admin/auth/user/"


def boss_of(site: Site) -> Visitor:
    """A superuser who has signed in."""
    site.add_user("root", is_staff=True, is_superuser=True)
    return signed_in(site, "root")


def trusted_browser(site: Site, secret: str) -> Visitor:
    """Maya's browser, which is asked for no second step for a while."""
    visitor = Visitor(site.app)
    assert visitor.sign_in("maya", PASSWORD).status_code == 302
    assert second_step(visitor, app_code(secret, ahead=1), trust="y").status_code == 302
    assert is_trusted(site, visitor)
    return visitor


def is_trusted(site: Site, visitor: Visitor) -> bool:
    """Whether the browser may leave the second step out."""
    with site.app.test_request_context():
        name = state_of(site.app)[Devices].cookie_name(site.app)
    cookie = visitor.client.get_cookie(name)
    assert cookie is not None
    header = {"Cookie": f"{name}={cookie.value}"}
    with site.app.test_request_context(headers=header):
        return state_of(site.app)[Devices].is_trusted(site.user("maya"))


def act_on(boss: Visitor, action: str, key: int) -> Any:
    """Choose an action in the list of accounts."""
    return boss.submit(PEOPLE, f"{PEOPLE}action/", action=action, rowid=str(key))


def test_rm_1_an_administrator_ends_the_tokens_of_programs_too(site: Site) -> None:
    key = site.add_user("maya")
    visitor = signed_in(site)
    with site.app.test_request_context():
        tokens = state_of(site.app)[ApiTokens]
        text = tokens.make(site.user("maya"), "a script", life=dt.timedelta(days=7))[1]
    client = site.app.test_client()
    assert client.get("/api/auth/me/", headers=bearer(text)).status_code == 200
    assert act_on(boss_of(site), "end_sessions", key).status_code == 302
    assert not is_in(visitor)
    assert client.get("/api/auth/me/", headers=bearer(text)).status_code == 401


def by_page(site: Site, maya: Visitor) -> None:
    """Maya ends her other sessions."""
    answer = maya.submit("/auth/sessions/", "/auth/sessions/end-others/")
    assert answer.status_code == 302
    assert "second step again" in errors_of(maya.get("/auth/sessions/").text)


def by_json(site: Site, maya: Visitor) -> None:
    """Maya's program does."""
    header = {"X-CSRFToken": _csrf(maya)}
    path = "/api/auth/sessions/end-others/"
    assert maya.client.post(path, json={}, headers=header).status_code == 200


def by_administrator(site: Site, maya: Visitor) -> None:
    """An administrator ends the sessions."""
    with site.app.app_context():
        key = site.user("maya").id
    assert act_on(boss_of(site), "end_sessions", key).status_code == 302


def _csrf(visitor: Visitor) -> str:
    page = visitor.get("/auth/change-password/").text
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("way", [by_page, by_json, by_administrator])
def test_rm_1_no_browser_is_trusted_once_the_sessions_are_ended(
    site: Site, way: Callable[[Site, Visitor], None]
) -> None:
    secret, _ = with_app(site)
    maya = trusted_browser(site, secret)
    way(site, maya)
    assert not is_trusted(site, maya)


def test_rm_1_no_browser_is_trusted_once_the_address_is_another_one(site: Site) -> None:
    secret, _ = with_app(site)
    maya = trusted_browser(site, secret)
    text = token_of(site, CHANGE_EMAIL, "maya", "maya@example.net")
    assert post(site, "confirm-email", {"token": text}).status_code == 200
    stranger = Visitor(site.app)
    found = maya.client.get_cookie("lback_device")
    assert found is not None
    stranger.client.set_cookie("lback_device", found.value)
    stranger.sign_in("maya", PASSWORD)
    assert not is_in(stranger), "the second step is asked for"


def test_rm_1_an_address_that_an_administrator_changes_ends_sessions_and_trust(
    site: Site,
) -> None:
    secret, _ = with_app(site)
    maya = trusted_browser(site, secret)
    with site.app.app_context():
        key = site.user("maya").id
    boss = boss_of(site)
    edit = f"{PEOPLE}edit/?id={key}"
    fields = {"username": "maya", "email": "maya@example.net", "is_active": "y"}
    fields["email_verified"] = "y"
    answer = boss.client.post(edit, data={"csrf_token": _csrf(boss), **fields})
    assert answer.status_code == 302, errors_of(answer.text)
    assert not is_in(maya)
    assert "/two-factor/" in (maya.sign_in("maya", PASSWORD).location or "")


# --- passkeys -------------------------------------------------------------------------------------


def test_rm_1_a_passkey_that_is_added_or_removed_ends_the_other_sessions(site: Site) -> None:
    site.add_user("maya")
    holder = Holder(site.app)
    holder.visitor.sign_in("maya", PASSWORD)
    other, tokens = signed_in(site), log_in_by_json(site).get_json()
    assert holder.add().status_code == 302
    assert holder.is_in()
    assert not is_in(other)
    assert refresh(site, tokens["refresh_token"]).status_code == 401
    other = signed_in(site)
    page = "/auth/passkeys/"
    assert holder.visitor.submit(page, f"{page}1/remove/").status_code == 302
    assert holder.is_in()
    assert not is_in(other)


def test_rm_1_json_ends_the_other_sessions_for_a_passkey_as_well(site: Site) -> None:
    owner = owner_of_passkey(site)
    headers, other = copied_access(site), signed_in(site)
    client = site.app.test_client()
    assert client.delete("/api/auth/passkeys/1/", headers=headers).status_code == 204
    assert (is_in(other), owner.is_in()) == (False, False)
    assert client.get("/api/auth/me/", headers=headers).status_code == 200


def test_pr_12_the_mail_about_a_new_password_names_the_passkeys(site: Site) -> None:
    owner_of_passkey(site)
    document = {"token": token_of(site, "reset-password"), "new_password": NEW_PASSWORD}
    assert post(site, "reset-password", document).status_code == 200
    mail = outbox_of(site.app)[-1]
    assert "Phone" in text_of(mail)
    assert "/auth/passkeys/" in text_of(mail)


def test_ev_3_a_passkey_that_was_planted_does_not_open_the_superuser(make_ready: MakeSite) -> None:
    chief = "chief@example.org"
    site = make_ready(LBACK_AUTH_VERIFY_EMAIL=False, LBACK_AUTH_ADMIN_EMAILS=(chief,))
    register(site, "thief", email=chief)
    thief = Holder(site.app)
    thief.visitor.sign_in("thief", NEW_PASSWORD)
    assert thief.add().status_code == 302
    text = token_of(site, "verify-email", "chief")
    assert post(site, "verify-email", {"token": text}).status_code == 200
    with site.app.app_context():
        assert site.user("chief").is_superuser
        assert site.user("chief").lback_passkeys == []
    again = elsewhere(site, thief)
    again.sign_in()
    assert not again.is_in()


# --- a rise of privilege --------------------------------------------------------------------------


def flag(site: Site, user: Any) -> None:
    """Make staff of somebody."""
    user.is_staff = True


def group(site: Site, user: Any) -> None:
    """Let somebody join the editors."""
    user.groups.append(site.models.Group(name="Editors"))


def members(site: Site, user: Any) -> None:
    """The same, from the side of the group."""
    editors = site.models.Group(name="Editors")
    site.db.session.add(editors)
    site.db.session.commit()
    editors.users.append(user)


REQUIRED = {
    "LBACK_AUTH_TWO_FACTOR_REQUIRED": "staff",
    "LBACK_AUTH_TWO_FACTOR_REQUIRED_GROUPS": ("Editors",),
}


@pytest.mark.parametrize("promote", [flag, group, members])
def test_se_2_whoever_needs_a_second_factor_from_now_on_is_asked_for_it(
    make_ready: MakeSite, promote: Callable[[Site, Any], None]
) -> None:
    site = make_ready(**REQUIRED)
    site.add_user("maya")
    site.add_user("kofi")
    maya, kofi = signed_in(site), signed_in(site, "kofi")
    tokens = log_in_by_json(site).get_json()
    with site.app.app_context():
        promote(site, site.user("maya"))
        site.db.session.commit()
    assert not is_in(maya)
    assert maya.get("/admin/").status_code == 302
    assert refresh(site, tokens["refresh_token"]).status_code == 401
    answer = site.app.test_client().get("/api/auth/me/", headers=bearer(tokens["access_token"]))
    assert answer.status_code == 401
    assert is_in(kofi)


def test_se_2_whoever_has_given_a_second_factor_stays(make_ready: MakeSite) -> None:
    site = make_ready(**REQUIRED)
    secret, _ = with_app(site)
    maya = Visitor(site.app)
    maya.sign_in("maya", PASSWORD)
    second_step(maya, app_code(secret, ahead=1))
    for promote in (flag, group):
        with site.app.app_context():
            promote(site, site.user("maya"))
            site.db.session.commit()
        assert is_in(maya)


def test_se_2_the_group_of_superusers_needs_what_staff_needs(make_ready: MakeSite) -> None:
    site = make_ready(**{**REQUIRED, "LBACK_AUTH_SUPERUSER_GROUP": "Chiefs"})
    site.add_user("maya")
    maya = signed_in(site)
    with site.app.app_context():
        user = site.user("maya")
        user.groups.append(site.models.Group(name="Chiefs"))
        site.db.session.commit()
    assert not is_in(maya)
    again = Visitor(site.app)
    again.sign_in("maya", PASSWORD)
    assert not is_in(again), "the second step has to be set up"


# --- a password that the application sets ---------------------------------------------------------


def test_rm_1_a_password_that_the_application_sets_ends_the_sessions(site: Site) -> None:
    site.add_user("maya")
    site.add_user("kofi")
    maya, kofi = signed_in(site), signed_in(site, "kofi")
    tokens = log_in_by_json(site).get_json()
    with site.app.app_context():
        user = site.user("maya")
        user.set_password(NEW_PASSWORD)
        user.save()
        site.db.session.commit()
    assert not is_in(maya)
    assert refresh(site, tokens["refresh_token"]).status_code == 401
    assert is_in(kofi)


def test_rm_1_a_view_that_sets_a_password_keeps_its_own_session_alone(site: Site) -> None:
    @site.app.get("/choose/")
    @login_required
    def choose() -> str:
        current_user.set_password(NEW_PASSWORD)
        current_user.save()
        site.db.session.commit()
        update_session_auth_hash(None, current_user._get_current_object())
        site.db.session.commit()
        return "done"

    site.add_user("maya")
    maya, thief = signed_in(site), signed_in(site)
    assert maya.get("/choose/").text == "done"
    assert (is_in(maya), is_in(thief)) == (True, False)


def test_rm_1_a_password_that_is_taken_back_ends_nothing(site: Site) -> None:
    site.add_user("maya")
    maya = signed_in(site)
    with site.app.app_context():
        site.user("maya").set_password(NEW_PASSWORD)
        site.db.session.rollback()
    assert is_in(maya)
