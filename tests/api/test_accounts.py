"""The JSON face of the accounts: shapes, refusals, rotation, and sessions that end tokens."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import jwt
import pytest

from flask_lback.auth.tokens.access import AccessTokens
from flask_lback.core import clock
from flask_lback.core.state import state_of
from flask_lback.testing import record_signals
from tests.support.apps import PASSWORD, SECRET_KEY, Site
from tests.support.visitor import Visitor

LOGIN = "/api/auth/login/"
ME = "/api/auth/me/"


@pytest.fixture
def place(site: Site) -> Site:
    """A site with one account."""
    site.add_user("maya")
    return site


def login(place: Site, **fields: Any) -> dict[str, Any]:
    """Sign in and return the answer."""
    answer = Visitor(place.app).post_json(
        LOGIN, {"identifier": "maya", "password": PASSWORD, **fields}
    )
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json  # type: ignore[assignment]
    return document


def ask(place: Site, token: str | None = None, path: str = ME, **headers: str) -> Any:
    """Ask for a page with a token."""
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    return place.app.test_client().get(path, headers=headers)


def refresh(place: Site, token: str) -> Any:
    """Send a refresh token."""
    return Visitor(place.app).post_json("/api/auth/refresh/", {"refresh_token": token})


def claims_of(token: str) -> dict[str, Any]:
    """What a token says, unverified."""
    body = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return claims


def test_me_shows_the_account_with_its_groups_and_rights(place: Site) -> None:
    with place.app.app_context():
        group = place.models.Group(name="Readers")
        place.db.session.add(group)
        place.db.session.flush()
        place.lback.permissions.grant("news.read", group)
        maya = place.user("maya")
        maya.groups.append(group)
        place.db.session.commit()
    assert ask(place, login(place)["access_token"]).json == {
        "id": 1,
        "username": "maya",
        "email": "maya@example.org",
        "email_verified": True,
        "first_name": "",
        "last_name": "",
        "is_staff": False,
        "is_superuser": False,
        "groups": ["Readers"],
        "permissions": ["news.read"],
    }


def test_without_a_login_the_answer_is_a_problem_document_for_browsers_too(place: Site) -> None:
    answer = ask(place, Accept="text/html")
    assert answer.status_code == 401
    assert answer.mimetype == "application/problem+json"
    assert answer.json == {
        "type": "about:blank",
        "title": "Unauthorized",
        "status": 401,
        "code": "not_authenticated",
        "detail": "Sign in first.",
    }
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("body", "options", "status", "code"),
    [
        (b"{", {}, 400, "malformed_json"),
        (b"[]", {}, 400, "malformed_json"),
        (b'"text"', {}, 400, "malformed_json"),
        (b"null", {}, 400, "malformed_json"),
        (b'{"identifier": NaN}', {}, 400, "malformed_json"),
        (b"[" * 100_000, {}, 400, "malformed_json"),
        ("{}".encode("utf-16"), {}, 400, "malformed_json"),
        (b"{}", {}, 400, "invalid"),
        (b'{"identifier": 1, "password": []}', {}, 400, "invalid"),
        (b'{"identifier": "a\\u0000b", "password": "x"}', {}, 400, "invalid"),
        (b'{"identifier": "\\ud800", "password": "x"}', {}, 400, "invalid"),
        (b'{"identifier": "maya", "password": "x", "session": "yes"}', {}, 400, "invalid"),
        (b'{"identifier": "maya", "password": "wrong"}', {}, 401, "invalid_credentials"),
        (b'{"identifier": "nobody", "password": "wrong"}', {}, 401, "invalid_credentials"),
        (b"{}", {"content_type": "text/plain"}, 415, "unsupported_media_type"),
        (b" " * 2_000_000, {}, 413, "request_entity_too_large"),
    ],
)
def test_what_is_not_a_login_is_refused_by_kind(
    place: Site, body: bytes, options: dict[str, str], status: int, code: str
) -> None:
    values = {"content_type": "application/json", **options}
    answer = place.app.test_client().post(LOGIN, data=body, **values)
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    assert answer.json is not None
    assert answer.json["code"] == code


def test_every_mistake_is_named_at_once(place: Site) -> None:
    answer = Visitor(place.app).post_json(LOGIN, {"identifier": 5, "remember": "x"})
    assert answer.json is not None
    assert {error["field"] for error in answer.json["errors"]} == {
        "identifier",
        "password",
        "remember",
    }


def test_an_unverified_address_is_named_only_after_the_right_password(place: Site) -> None:
    place.add_user("kofi", verified=False)
    codes = []
    for password in ("a wrong sentence", PASSWORD):
        answer = Visitor(place.app).post_json(LOGIN, {"identifier": "kofi", "password": password})
        assert answer.status_code == 401
        codes.append(answer.json["code"] if answer.json else None)
    assert codes == ["invalid_credentials", "email_not_verified"]


def test_too_many_tries_are_a_problem_with_a_time_to_wait(place: Site) -> None:
    visitor = Visitor(place.app)
    for _ in range(10):
        visitor.post_json(LOGIN, {"identifier": "maya", "password": "a wrong sentence"})
    answer = visitor.post_json(LOGIN, {"identifier": "maya", "password": PASSWORD})
    assert answer.status_code == 429
    assert answer.json is not None
    assert answer.json["code"] == "throttled"
    assert int(answer.headers["Retry-After"]) > 0


def test_form_and_json_share_one_budget_of_tries(place: Site) -> None:
    visitor = Visitor(place.app)
    for _ in range(5):
        visitor.post_json(LOGIN, {"identifier": "maya", "password": "a wrong sentence"})
        visitor.sign_in("maya", "a wrong sentence")
    assert visitor.sign_in("maya", PASSWORD).status_code == 429


def test_with_session_the_cookie_is_set_and_one_logout_ends_both(place: Site) -> None:
    visitor = Visitor(place.app)
    answer = visitor.post_json(LOGIN, {"identifier": "maya", "password": PASSWORD, "session": True})
    assert answer.json is not None
    assert visitor.get("/auth/account/").status_code == 200
    visitor.submit("/auth/logout/")
    assert ask(place, answer.json["access_token"]).status_code == 401
    assert refresh(place, answer.json["refresh_token"]).status_code == 401


def test_another_site_cannot_open_a_session(place: Site) -> None:
    answer = Visitor(place.app).post_json(
        LOGIN,
        {"identifier": "maya", "password": PASSWORD, "session": True},
        headers={"Origin": "https://evil.example"},
    )
    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers


def test_a_header_decides_alone_beside_somebody_elses_cookie(place: Site) -> None:
    place.add_user("kofi")
    visitor = Visitor(place.app)
    visitor.sign_in("kofi", PASSWORD)
    bearer = {"Authorization": f"Bearer {login(place)['access_token']}"}
    assert visitor.get(ME).json["username"] == "kofi"  # type: ignore[index]
    assert visitor.get(ME, headers=bearer).json["username"] == "maya"  # type: ignore[index]
    assert visitor.get(ME, headers={"Authorization": "Bearer nonsense"}).status_code == 401
    assert visitor.get(ME, headers={"Authorization": "Token nonsense"}).status_code == 401


def test_the_password_of_a_proxy_does_not_hide_the_cookie(place: Site) -> None:
    visitor = Visitor(place.app)
    visitor.sign_in("maya", PASSWORD)
    basic = {"Authorization": "Basic c3RhZ2luZzpzdGFnaW5n"}
    assert visitor.get("/auth/account/", headers=basic).status_code == 200


def test_signing_out_by_cookie_alone_needs_a_token_of_the_page(place: Site) -> None:
    visitor = Visitor(place.app)
    visitor.sign_in("maya", PASSWORD)
    assert visitor.client.post("/api/auth/logout/", json={}).status_code == 400
    assert visitor.get(ME).status_code == 200


def sign(place: Site, key: Any = None, algorithm: str = "HS256", **claims: Any) -> str:
    """A token with other claims than ours; None takes a claim out."""
    own = claims_of(login(place)["access_token"])
    merged = {name: value for name, value in {**own, **claims}.items() if value is not None}
    tokens = state_of(place.app)[AccessTokens]
    return jwt.encode(
        merged, tokens.keys.all[0].private if key is None else key, algorithm=algorithm
    )


FORGERIES: dict[str, Callable[[Site], str]] = {
    "no algorithm": lambda place: sign(place, "", "none"),
    "another algorithm": lambda place: sign(place, algorithm="HS512"),
    "another key": lambda place: sign(place, b"x" * 32),
    "the plain secret key": lambda place: sign(place, SECRET_KEY),
    "expired": lambda place: sign(place, exp=int(clock.timestamp()) - 1),
    "without expiry": lambda place: sign(place, exp=None),
    "expiry as text": lambda place: sign(place, exp="99999999999"),
    "expiry as a fraction": lambda place: sign(place, exp=99999999999.5),
    "a huge expiry as text": lambda place: sign(place, exp="1e400"),
    "issued in the future": lambda place: sign(place, iat=int(clock.timestamp()) + 3600),
    "another audience": lambda place: sign(place, aud="other"),
    "a list of audiences": lambda place: sign(place, aud=["site"]),
    "without audience": lambda place: sign(place, aud=None),
    "a part of the issuer": lambda place: sign(place, iss="sit"),
    "another kind": lambda place: sign(place, typ="refresh"),
    "without session": lambda place: sign(place, sid=None),
    "a session as text": lambda place: sign(place, sid="1"),
    "somebody else": lambda place: sign(place, sub="2"),
    "nobody's session": lambda place: sign(place, sid=4242),
    "a refresh token": lambda place: str(login(place)["refresh_token"]),
    "a part is missing": lambda place: login(place)["access_token"].rpartition(".")[0],
    "very long": lambda place: "x" * 100_000,
    "empty": lambda place: "",
}


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_token_opens_nothing(place: Site, name: str) -> None:
    place.add_user("kofi")
    answer = ask(place, FORGERIES[name](place))
    assert answer.status_code == 401


def test_rights_are_never_read_from_a_token(place: Site) -> None:
    token = sign(place, is_superuser=True, permissions=["news.read"])
    assert ask(place, token).json["is_superuser"] is False
    assert ask(place, token, "/news/").status_code == 403


def test_a_token_of_another_application_with_the_same_key_is_refused(
    make_ready: Callable[..., Site],
) -> None:
    here, there = make_ready(LBACK_AUTH_JWT_ISSUER="here"), make_ready()
    here.add_user("maya")
    there.add_user("maya")
    assert ask(there, login(here)["access_token"]).status_code == 401


def test_an_old_secret_key_still_reads_and_never_signs(make_ready: Callable[..., Site]) -> None:
    place = make_ready()
    place.add_user("maya")
    token = login(place)["access_token"]
    place.app.config["SECRET_KEY_FALLBACKS"] = [SECRET_KEY]
    place.app.secret_key = "f00" + SECRET_KEY[3:]
    assert ask(place, token).status_code == 200
    fresh = login(place)["access_token"]
    place.app.config["SECRET_KEY_FALLBACKS"] = []
    assert ask(place, token).status_code == 401
    assert ask(place, fresh).status_code == 200


def test_an_access_token_ends_with_its_time(place: Site) -> None:
    answer = login(place)
    assert answer["expires_in"] == 900
    with clock.turned(dt.timedelta(seconds=899)):
        assert ask(place, answer["access_token"]).status_code == 200
    with clock.turned(dt.timedelta(seconds=901)):
        assert ask(place, answer["access_token"]).status_code == 401


@pytest.mark.parametrize("event", ["logout", "reset", "change", "deactivation"])
def test_tokens_die_at_once_with_the_session(place: Site, event: str) -> None:
    from flask_lback.auth import UserManager

    answer = login(place)
    token = answer["access_token"]
    with place.app.test_request_context():
        manager, user = UserManager(), place.user("maya")
        if event == "logout":
            bearer = {"Authorization": f"Bearer {token}"}
            place.app.test_client().post("/api/auth/logout/", headers=bearer)
        elif event == "reset":
            manager.set_password(user, "quite another sentence")
            place.db.session.commit()
        elif event == "change":
            manager.change_password(user, PASSWORD, "quite another sentence")
        else:
            manager.deactivate(user)
            place.db.session.commit()
    assert ask(place, token).status_code == 401
    assert refresh(place, answer["refresh_token"]).status_code == 401


def test_refreshing_gives_new_tokens_and_an_old_one_ends_the_family(place: Site) -> None:
    first = login(place)
    second = refresh(place, first["refresh_token"])
    assert second.status_code == 200
    assert second.json["refresh_token"] != first["refresh_token"]
    third = refresh(place, second.json["refresh_token"])
    assert third.status_code == 200
    with record_signals("refresh_token_reused") as sent:
        stolen = refresh(place, first["refresh_token"])
    assert (stolen.status_code, stolen.json["code"]) == (401, "token_reused")
    assert len(sent) == 1
    assert refresh(place, third.json["refresh_token"]).status_code == 401
    assert ask(place, third.json["access_token"]).status_code == 401


def test_two_tabs_may_refresh_at_once(place: Site) -> None:
    first = login(place)
    one = refresh(place, first["refresh_token"])
    other = refresh(place, first["refresh_token"])
    assert (one.status_code, other.status_code) == (200, 200)
    assert ask(place, one.json["access_token"]).status_code == 200
    with clock.turned(dt.timedelta(seconds=11)):
        late = refresh(place, first["refresh_token"])
    assert late.json["code"] == "token_reused"


def test_a_refresh_token_has_its_own_end(place: Site) -> None:
    first = login(place)
    with clock.turned(dt.timedelta(days=30, seconds=1)):
        answer = refresh(place, first["refresh_token"])
    assert (answer.status_code, answer.json["code"]) == (401, "token_expired")


@pytest.mark.parametrize("token", ["nonsense", "x" * 201, "😀"])
def test_an_unknown_refresh_token_is_refused(place: Site, token: str) -> None:
    assert refresh(place, token).status_code in (400, 401)


def test_a_short_key_stops_the_start(make_ready: Callable[..., Site]) -> None:
    from flask_lback import ConfigError

    with pytest.raises(ConfigError, match="LBACK_AUTH_JWT_KEY has fewer than 32 bytes"):
        make_ready(LBACK_AUTH_JWT_KEY="short")
