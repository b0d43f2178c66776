"""The sessions of people who administer, and the passwords that they set for others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flask_lback.auth import UserManager
from flask_lback.auth.api_tokens.service import ApiTokens
from flask_lback.core.state import state_of
from tests.admin.blog import Blog, make_blog
from tests.support.apps import PASSWORD
from tests.support.visitor import Visitor, errors_of

from .support import COOKIE

POSTS, USERS = "/admin/blog/post/", "/admin/people/user/"
GIVEN = "given on the telephone"
JSON = {"Accept": "application/json"}


@pytest.fixture
def blog(tmp_path: Path) -> Iterator[Blog]:
    made = make_blog(f"sqlite:///{tmp_path}/blog.sqlite")
    made.add_superuser()
    made.add_staff("clerk", "people.view_user", "people.change_user")
    made.add_post("First", author="ada")
    yield made
    with made.app.app_context():
        made.db.engine.dispose()


def key_of(blog: Blog, name: str) -> Any:
    """The key of an account."""
    with blog.app.app_context():
        user: Any = UserManager().get_user(name)
        return user.id


def cookie_of(visitor: Visitor) -> str:
    """The id of a browser's session."""
    cookie = visitor.client.get_cookie(COOKIE)
    assert cookie is not None
    return cookie.value


def holder_of(blog: Blog, value: str) -> Visitor:
    """Another browser with that session id."""
    visitor = Visitor(blog.app)
    visitor.client.set_cookie(COOKIE, value)
    return visitor


@pytest.mark.parametrize("planted", ["of the attacker", "made up"])
def test_ad_12_a_session_that_was_planted_does_not_become_the_administrators(
    blog: Blog, planted: str
) -> None:
    attacker = Visitor(blog.app)
    attacker.sign_in("ada", PASSWORD)
    value = cookie_of(attacker) if planted == "of the attacker" else "x" * 43
    victim = holder_of(blog, value)
    # The token is that of another form: whoever is signed in is not shown the one to sign in.
    victim.submit("/auth/logout/", to="/auth/login/", identifier="root", password=PASSWORD)
    assert victim.get("/admin/").status_code == 200
    assert cookie_of(victim) != value
    assert holder_of(blog, value).get("/admin/").status_code in (302, 403)
    assert holder_of(blog, value).get(POSTS).status_code in (302, 403)


def test_ad_12_a_copied_cookie_ends_with_the_way_back_from_another_account(blog: Blog) -> None:
    panel = Visitor(blog.app)
    panel.sign_in("root", PASSWORD)
    own = cookie_of(panel)
    panel.submit("/auth/logout/", to=f"{USERS}impersonate/?id={key_of(blog, 'ada')}")
    theirs = cookie_of(panel)
    assert own != theirs
    assert panel.get("/admin/").status_code == 403
    panel.submit("/auth/logout/", to="/auth/stop-impersonation/")
    assert panel.get("/admin/").status_code == 200
    assert cookie_of(panel) not in (own, theirs)
    for copied in (own, theirs):
        thief = holder_of(blog, copied)
        assert thief.get("/admin/").status_code == 302
        assert thief.get("/auth/account/").status_code == 302


@pytest.mark.parametrize("name", ["root", "clerk", "ada", None])
def test_ad_12_no_answer_of_the_panel_stands_in_a_frame_or_in_a_cache(
    blog: Blog, name: str | None
) -> None:
    panel, asked = blog.panel(name), 0
    for rule in blog.app.url_map.iter_rules():
        if not rule.endpoint.startswith("lback_admin"):
            continue
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            for headers in ({}, JSON):
                answer = panel.client.open(
                    f"{rule.rule}?id=1&field=author", method=method, headers=headers, buffered=True
                )
                policy = answer.headers.get("Content-Security-Policy", "")
                assert "frame-ancestors 'none'" in policy, (method, rule.rule)
                assert answer.headers["X-Frame-Options"] == "DENY"
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                if answer.status_code == 200:
                    assert "no-store" in answer.headers["Cache-Control"], rule.rule
                asked += 1
    assert asked > 200


# --- passwords that somebody else sets --------------------------------------------------------


def set_for_ada(blog: Blog, name: str = "clerk", **more: str) -> Any:
    """Send the form as its page is shown."""
    fields = {"new_password": GIVEN, "password_confirm": GIVEN, "must_change": "y", **more}
    return blog.panel(name).post(f"{USERS}password/?id={key_of(blog, 'ada')}", **fields)


def test_ad_14_a_password_of_somebody_else_opens_nothing_but_its_change(blog: Blog) -> None:
    assert set_for_ada(blog).status_code == 302
    ada = Visitor(blog.app)
    ada.sign_in("ada", GIVEN)
    for path in ("/auth/account/", "/auth/tokens/", "/auth/change-email/", "/auth/sessions/"):
        assert ada.get(path).location == "/auth/change-password/", path
    assert ada.get("/api/auth/me/").status_code == 403
    document = {"identifier": "ada", "password": GIVEN}
    tokens = Visitor(blog.app).post_json("/api/auth/login/", document)
    if tokens.status_code == 200:
        header = {"Authorization": f"Bearer {tokens.json['access_token']}"}  # type: ignore[index]
        program = blog.app.test_client()
        for path in ("/api/auth/me/", "/api/auth/sessions/", "/auth/account/"):
            assert program.get(path, headers=header).status_code in (401, 403), path
    same = {"current_password": GIVEN, "new_password": GIVEN, "new_password_confirm": GIVEN}
    ada.submit("/auth/change-password/", **same, password_confirm=GIVEN)
    assert ada.get("/auth/account/").location == "/auth/change-password/", "it is another one"


def test_ad_14_every_session_and_token_of_the_account_ends(blog: Blog) -> None:
    browser, remembered = Visitor(blog.app), Visitor(blog.app)
    browser.sign_in("ada", PASSWORD)
    remembered.sign_in("ada", PASSWORD, remember="y")
    tokens: Any = (
        Visitor(blog.app)
        .post_json("/api/auth/login/", {"identifier": "ada", "password": PASSWORD})
        .json
    )
    with blog.app.test_request_context():
        user: Any = UserManager().get_user("ada")
        service = state_of(blog.app)[ApiTokens]
        text = service.make(user, "robot", life=service.usual_life)[1]
        blog.db.session.commit()
    assert browser.get("/auth/account/").status_code == 200
    assert set_for_ada(blog).status_code == 302
    for visitor in (browser, remembered):
        assert str(visitor.get("/auth/account/").location).startswith("/auth/login/")
    for token in (tokens["access_token"], text):
        header = {"Authorization": f"Bearer {token}"}
        assert blog.app.test_client().get("/api/auth/me/", headers=header).status_code == 401
    document = {"refresh_token": tokens["refresh_token"]}
    assert Visitor(blog.app).post_json("/api/auth/refresh/", document).status_code == 401


@pytest.mark.parametrize("name", ["clerk", "root"])
def test_ad_14_no_other_form_writes_a_password(blog: Blog, name: str) -> None:
    key, panel = key_of(blog, "ada"), blog.panel(name)
    fields = {"username": "ada", "email": "ada@example.org", "is_active": "y"}
    names = ("password", "password1", "password2", "new_password", "password_hash")
    forged = dict.fromkeys(names, GIVEN)
    panel.post(f"{USERS}edit/?id={key}", **fields, **forged, email_verified="y")
    panel.post(f"{USERS}cells/", **{f"0-{one}": GIVEN for one in names}, **{"0-key": str(key)})
    panel.post(f"{USERS}action/", rowid=str(key), action="send_reset_link", **forged)
    assert Visitor(blog.app).sign_in("ada", GIVEN).status_code == 401
    assert Visitor(blog.app).sign_in("ada", PASSWORD).status_code == 302


@pytest.mark.parametrize("weak", ["short", "password1", "ada@example.org", "x" * 5_000, ""])
def test_ad_14_the_rules_for_passwords_hold_for_others_too(blog: Blog, weak: str) -> None:
    answer = set_for_ada(blog, "root", new_password=weak, password_confirm=weak)
    assert answer.status_code == 400
    assert "has a new password" not in errors_of(answer.text)
    assert Visitor(blog.app).sign_in("ada", PASSWORD).status_code == 302
