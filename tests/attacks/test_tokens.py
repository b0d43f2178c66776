"""Refresh tokens under theft and under races; access tokens that are no tokens."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
import secrets
import socket
import threading
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from flask import Flask

from flask_lback import Lback
from flask_lback.auth import UserManager
from flask_lback.auth.api_tokens.service import ApiTokens
from flask_lback.auth.mails.links import RESET, VERIFY, LinkTokens
from flask_lback.auth.tokens.access import AccessTokens
from flask_lback.auth.tokens.refresh import RefreshTokens
from flask_lback.core import clock
from flask_lback.core.state import state_of
from flask_lback.exceptions import ConfigError, TokenError
from flask_lback.permissions.sync import sync
from flask_lback.testing import record_signals
from tests.support.apps import PASSWORD, SECRET_KEY, Site, make_site
from tests.support.databases import DATABASES

from .support import at_once, log_in_by_json, refresh

#: Keys that somebody may have left as a sample or a tutorial had them.
SAMPLE_KEYS = ("", "secret", "your-secret-key", "jwt_secret", "super-secret", SECRET_KEY)


def first_token(site: Site) -> str:
    """The refresh token of a new login."""
    document: Any = log_in_by_json(site).json
    return str(document["refresh_token"])


def next_token(site: Site, token: str) -> str:
    """The token that follows."""
    document: Any = refresh(site, token).json
    return str(document["refresh_token"])


@pytest.mark.parametrize("kind", DATABASES)
def test_jw_8_tabs_that_refresh_at_once_all_stay_signed_in(
    make_ready: Callable[..., Site], kind: str
) -> None:
    site = make_ready("default", kind)
    site.add_user("maya")
    token = first_token(site)
    answers = at_once([lambda: refresh(site, token).status_code] * 6)
    assert answers == [200] * 6


@pytest.mark.parametrize("kind", DATABASES)
def test_jw_8_a_tab_that_comes_second_in_the_middle_of_a_request_stays_signed_in(
    make_ready: Callable[..., Site], kind: str
) -> None:
    site = make_ready("default", kind)
    site.add_user("maya")
    token = first_token(site)
    with site.app.test_request_context(), record_signals("refresh_token_reused") as sent:
        tokens = state_of(site.app)[RefreshTokens]
        tokens._find(token)  # MariaDB goes on to show this transaction what it saw here
        thread = threading.Thread(target=refresh, args=(site, token))
        thread.start()
        thread.join()
        tokens.exchange(token)
    assert sent == []


@pytest.mark.parametrize("thief_first", [True, False])
def test_jw_8_a_thief_who_was_quick_enough_for_the_grace_is_found_out(
    site: Site, thief_first: bool
) -> None:
    site.add_user("maya")
    token = first_token(site)
    owner, thief = next_token(site, token), next_token(site, token)
    first, second = (thief, owner) if thief_first else (owner, thief)
    with clock.turned(dt.timedelta(minutes=14)):
        latest = next_token(site, first)
    with clock.turned(dt.timedelta(minutes=20)):
        answer = refresh(site, second)
        assert (answer.status_code, answer.json["code"]) == (401, "token_reused")  # type: ignore[index]
        assert refresh(site, latest).status_code == 401


def encoded(text: bytes) -> str:
    """As a part of a JWT."""
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def access_token(site: Site) -> str:
    """The access token of a new login."""
    document: Any = log_in_by_json(site).json
    return str(document["access_token"])


def parts_of(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a token."""
    header, claims, _ = (
        base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in token.split(".")
    )
    return json.loads(header), json.loads(claims)


def key_of(site: Site) -> bytes:
    """What the application signs with."""
    key = state_of(site.app)[AccessTokens].keys.all[0].private
    assert isinstance(key, bytes)
    return key


def signed(key: bytes, claims: Any, *, digest: str = "sha256", **header: Any) -> str:
    """A JWT of any content: libraries refuse to make some of these."""
    text = claims if isinstance(claims, str) else json.dumps(claims)
    head = {"alg": "HS256", "typ": "JWT", **header}
    head = {name: value for name, value in head.items() if value is not None}
    body = f"{encoded(json.dumps(head).encode())}.{encoded(text.encode())}"
    return f"{body}.{encoded(hmac.digest(key, body.encode(), digest))}"


def ask(site: Site, token: str, path: str = "/api/auth/me/") -> int:
    """The status that the holder of a token gets."""
    headers = {"Authorization": f"Bearer {token}"}
    return site.app.test_client().get(path, headers=headers).status_code


@pytest.fixture
def place(site: Site) -> Site:
    """A site with two accounts, one of which is everything."""
    site.add_user("maya")
    site.add_user("root", is_superuser=True, is_staff=True)
    return site


def test_the_forger_of_these_tests_can_sign(place: Site) -> None:
    _, claims = parts_of(access_token(place))
    assert ask(place, signed(key_of(place), claims)) == 200


def test_jw_1_the_algorithm_is_ours_and_never_the_tokens(make_ready: Callable[..., Site]) -> None:
    place = make_ready(LBACK_AUTH_JWT_KEY=secrets.token_hex(32))  # long enough for HS512
    place.add_user("maya")
    _, claims = parts_of(access_token(place))
    key, digests = key_of(place), {"HS512": "sha512", "HS384": "sha384"}
    others = ("none", "None", "NONE", "nOnE", "", None, "RS256", "ES256", "EdDSA", "hs256")
    for algorithm in (*others, *digests):
        digest = digests.get(algorithm or "", "sha256")
        token = signed(key, claims, digest=digest, alg=algorithm)
        assert ask(place, token) == 401, algorithm
        assert ask(place, token.rpartition(".")[0] + ".") == 401, algorithm


def test_jw_1_a_public_key_is_no_secret_to_sign_with(make_ready: Callable[..., Site]) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    encoding, kind = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    text = key.private_bytes(encoding, kind, serialization.NoEncryption()).decode()
    site = make_ready(LBACK_AUTH_JWT_ALGORITHM="ES256", LBACK_AUTH_JWT_KEY=text)
    site.add_user("maya")
    own = access_token(site)
    header, claims = parts_of(own)
    assert ask(site, own) == 200
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    public = key.public_key().public_bytes(encoding, form)
    for secret in (public, public.strip(), b"", header["kid"].encode()):
        assert ask(site, signed(secret, claims, kid=header["kid"])) == 401


HEADERS: tuple[dict[str, Any], ...] = (
    {"jwk": {"kty": "oct", "k": encoded(b"x" * 32)}},
    {"jku": "http://127.0.0.1:9/keys"},
    {"x5u": "http://127.0.0.1:9/cert"},
    {"x5c": [encoded(b"x" * 64)]},
    {"kid": "../../../../dev/null"},
    {"kid": "' OR 1=1 --"},
    {"kid": "x" * 2_000},
)


def test_jw_2_a_token_never_brings_or_fetches_its_key(
    place: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connect(*values: Any) -> None:
        raise AssertionError("a request went out")

    monkeypatch.setattr(socket.socket, "connect", connect)
    _, claims = parts_of(access_token(place))
    for header in HEADERS:
        for key in (b"x" * 32, b"", b"\x00"):
            assert ask(place, signed(key, claims, **header)) == 401, header


def test_jw_2_a_kid_that_is_not_ours_names_no_key(make_ready: Callable[..., Site]) -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    encoding, kind = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    text = key.private_bytes(encoding, kind, serialization.NoEncryption()).decode()
    site = make_ready(LBACK_AUTH_JWT_ALGORITHM="EdDSA", LBACK_AUTH_JWT_KEY=text)
    site.add_user("maya")
    header, claims = parts_of(access_token(site))

    def with_header(header: dict[str, Any]) -> int:
        body = f"{encoded(json.dumps(header).encode())}.{encoded(json.dumps(claims).encode())}"
        return ask(site, f"{body}.{encoded(key.sign(body.encode()))}")

    assert with_header(header) == 200
    for kid in ("x", "", 1, None, ["x"], {"a": 1}, "../../etc/passwd"):
        assert with_header({**header, "kid": kid}) == 401, kid
    del header["kid"]
    assert with_header(header) == 401


#: Of claims, to be refused; None takes one out.
NUMBERS: tuple[dict[str, Any], ...] = (
    {"exp": 1},
    {"exp": None},
    {"exp": "9999999999"},
    {"exp": 9999999999.0},
    {"exp": float("nan")},
    {"exp": float("inf")},
    {"exp": True},
    {"exp": [9999999999]},
    {"iat": 9999999999},
    {"iat": None},
    {"iat": float("nan")},
    {"iat": "1"},
    {"nbf": 9999999999},
    {"nbf": "1"},
    {"nbf": float("inf")},
    {"nbf": {}},
    {"sid": 10**400},
    {"sid": -1},
    {"sid": 0},
    {"sid": "1"},
    {"sid": True},
    {"sid": None},
    {"jti": None},
    {"typ": None},
    {"typ": "refresh"},
)


def test_jw_3_times_and_numbers_are_whole_and_now(place: Site) -> None:
    assert answers_to(place, NUMBERS) == {401}


def test_jw_3_a_huge_number_is_no_error(place: Site) -> None:
    assert answers_to(place, ({"exp": 10**18}, {"exp": 10**400})) <= {200, 401}


def answers_to(site: Site, changes: Iterable[dict[str, Any]]) -> set[int]:
    """The statuses that changed claims get, rightly signed."""
    _, claims = parts_of(access_token(site))
    key = key_of(site)
    assert ask(site, signed(key, claims)) == 200
    changed = ({**claims, **change} for change in changes)
    return {
        ask(site, signed(key, {name: one for name, one in new.items() if one is not None}))
        for new in changed
    }


PLACES: tuple[dict[str, Any], ...] = (
    {"aud": None},
    {"aud": "other"},
    {"aud": ["site"]},
    {"aud": ["other", "site"]},
    {"aud": "SITE"},
    {"aud": ""},
    {"aud": 1},
    {"iss": None},
    {"iss": "other"},
    {"iss": "sit"},
    {"iss": "site2"},
    {"iss": "s"},
    {"iss": ""},
    {"iss": ["site"]},
    {"iss": 1},
)


def test_jw_4_a_token_is_by_us_and_for_us(place: Site) -> None:
    assert answers_to(place, PLACES) == {401}


def test_jw_5_no_token_stands_in_for_another_kind(place: Site) -> None:
    tokens: Any = log_in_by_json(place).json
    with place.app.test_request_context():
        links = state_of(place.app)[LinkTokens]
        others = [links.make(purpose, place.user("maya")) for purpose in (RESET, VERIFY)]
        api_token = state_of(place.app)[ApiTokens].make(
            place.user("maya"), "x", life=dt.timedelta(days=1)
        )[1]
    _, claims = parts_of(tokens["access_token"])
    for kind in ("refresh", "reset-password", "verify-email", "ACCESS", ""):
        others.append(signed(key_of(place), {**claims, "typ": kind}))
    for token in (tokens["refresh_token"], *others):
        assert ask(place, token) == 401
    for token in (tokens["access_token"], api_token, *others):
        assert refresh(place, token).status_code == 401
    client = place.app.test_client()
    for token in (tokens["access_token"], tokens["refresh_token"], api_token):
        document = {"token": token, "new_password": "quite another sentence"}
        assert client.post("/api/auth/reset-password/", json=document).status_code == 400
        client.set_cookie("lback_session", token)
        assert client.get("/auth/account/").status_code == 302


def test_jw_6_what_ends_a_login_ends_its_access_token_at_once(place: Site) -> None:
    def logout(token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        assert place.app.test_client().post("/api/auth/logout/", headers=headers).status_code == 204

    def change_password(token: str) -> None:
        with place.app.test_request_context():
            UserManager().set_password(place.user("maya"), PASSWORD, validate=False)
            place.db.session.commit()

    def deactivate(token: str) -> None:
        with place.app.test_request_context():
            UserManager().deactivate(place.user("maya"))
            place.db.session.commit()

    for end in (logout, change_password, deactivate):
        token = access_token(place)
        assert ask(place, token) == 200
        end(token)
        assert ask(place, token) == 401, end.__name__


def test_jw_6_a_right_that_was_taken_is_gone_at_once(place: Site) -> None:
    with place.app.app_context():
        sync(place.app)
        place.lback.permissions.grant("news.read", place.user("maya"))
        place.db.session.commit()
    token = access_token(place)
    assert ask(place, token, "/news/") == 200
    with place.app.app_context():
        place.lback.permissions.revoke("news.read", place.user("maya"))
        place.db.session.commit()
    assert ask(place, token, "/news/") == 403


def test_jw_9_rights_and_names_come_from_the_database(place: Site) -> None:
    _, claims = parts_of(access_token(place))
    key = key_of(place)
    with place.app.app_context():
        root = place.user("root").get_id()
    for subject in (root, "999", "", int(claims["sub"]), None, [claims["sub"]], "1 OR 1=1"):
        assert ask(place, signed(key, {**claims, "sub": subject})) == 401
    boast = {"is_superuser": True, "is_staff": True, "permissions": ["news.read"], "scope": "*"}
    assert ask(place, signed(key, {**claims, **boast}), "/news/") == 403
    with place.app.app_context():
        place.db.session.delete(place.user("maya"))
        place.db.session.commit()
    assert ask(place, signed(key, claims)) == 401


def test_jw_10_an_unknown_critical_header_is_refused_though_signed(place: Site) -> None:
    _, claims = parts_of(access_token(place))
    key = key_of(place)
    headers: tuple[dict[str, Any], ...] = (
        {"crit": ["x"], "x": 1},
        {"crit": []},
        {"crit": ["b64"], "b64": False},
    )
    for header in headers:
        assert ask(place, signed(key, claims, **header)) == 401
    nested = signed(key, json.dumps(signed(key, claims)), cty="JWT")
    assert ask(place, nested) == 401
    protected, body, signature = signed(key, claims).split(".")
    flat = {"protected": protected, "payload": body, "signature": signature}
    assert ask(place, json.dumps(flat)) == 401


def test_jw_10_a_header_has_one_scheme_and_one_token(place: Site) -> None:
    token, client = access_token(place), place.app.test_client()
    for value in (
        f"Bearer Bearer {token}",
        f"Bearer {token} {token}",
        f"Bearer {token}, Bearer {token}",
        f"Bearer {token},Bearer {token}",
        f"Token x, Bearer {token}",
        f"Bearer\t{token}",
        f"Bearer{token}",
        f"Bearer: {token}",
        f"Bearer={token}",
        f"JWT {token}",
        f'Bearer "{token}"',
        token,
    ):
        answer = client.get("/api/auth/me/", headers={"Authorization": value})
        assert answer.status_code == 401, value
    headers = [("Authorization", f"Bearer {token}"), ("Authorization", f"Bearer {token}")]
    assert client.get("/api/auth/me/", headers=headers).status_code == 401
    # A scheme is told apart by its letters, not by their case (RFC 9110 section 11.1).
    answer = client.get("/api/auth/me/", headers={"Authorization": f"bearer {token}"})
    assert answer.status_code == 200


def test_jw_10_a_token_in_the_address_the_form_or_a_cookie_is_not_looked_at(place: Site) -> None:
    token, client = access_token(place), place.app.test_client()
    for name in ("token", "access_token", "jwt", "api_key", "Authorization", "authorization"):
        assert client.get(f"/api/auth/me/?{name}={token}").status_code == 401
        assert client.get(f"/api/auth/me/?{name}=Bearer%20{token}").status_code == 401
        headers = {f"X-{name.replace('_', '-')}": f"Bearer {token}"}
        assert client.get("/api/auth/me/", headers=headers).status_code == 401
        client.set_cookie(name, token)
        assert client.get("/api/auth/me/").status_code == 401


@pytest.mark.parametrize("key", ["", "x" * 31, "a" * 64, "change-me-" * 6])
@pytest.mark.parametrize("name", ["LBACK_AUTH_JWT_KEY", "JWT_SECRET_KEY", "SECRET_KEY"])
def test_jw_11_production_does_not_start_with_a_weak_key(key: str, name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make_production(**{name: key})
    assert "KEY" in str(caught.value)
    assert not key or len(key) < 8 or key not in str(caught.value)


@pytest.mark.parametrize("key", ["x" * 31, "a" * 64])
def test_jw_11_a_weak_key_that_is_still_believed_is_as_bad(key: str) -> None:
    good = "5e9d1f7ab2c84603d7e1f09a4c6b82d3aa"
    make_production(LBACK_AUTH_JWT_KEY=good)
    with pytest.raises(ConfigError, match="FALLBACKS"):
        make_production(LBACK_AUTH_JWT_KEY=good, LBACK_AUTH_JWT_KEY_FALLBACKS=[key])


def make_production(**config: Any) -> None:
    """Set an application up as it is in production."""
    app = Flask("site")
    app.config.update(
        SECRET_KEY=SECRET_KEY,
        LBACK_ENV="production",
        SQLALCHEMY_DATABASE_URI="sqlite://",
        LBACK_SITE_URL="https://example.org",
    )
    app.config.update(config)
    Lback(app)


def test_jw_12_a_key_that_was_taken_out_is_believed_no_longer() -> None:
    old, new = "5e9d1f7ab2c84603d7e1f09a4c6b82d3aa", "d41f7ab2c84603d7e1f09a4c6b82d35e9b"

    def tokens_of(key: str, *fallbacks: str) -> AccessTokens:
        config = {"LBACK_AUTH_JWT_KEY": key}
        more: dict[str, Any] = (
            {"LBACK_AUTH_JWT_KEY_FALLBACKS": list(fallbacks)} if fallbacks else {}
        )
        return state_of(make_site(**config, **more).app)[AccessTokens]

    token = tokens_of(old).issue(Somebody(), 3)
    assert tokens_of(new, old).read(token) == ("7", 3)
    assert tokens_of(new).read(tokens_of(new, old).issue(Somebody(), 3)) == ("7", 3)
    with pytest.raises(TokenError):
        tokens_of(new).read(token)
    with pytest.raises(TokenError):
        tokens_of(old).read(tokens_of(new, old).issue(Somebody(), 3))


class Somebody:
    """An account that is in no database."""

    def get_id(self) -> str:
        """Its key."""
        return "7"


def test_jw_13_a_token_of_another_application_with_the_same_key_opens_nothing() -> None:
    secret = {"LBACK_AUTH_JWT_KEY": "5e9d1f7ab2c84603d7e1f09a4c6b82d3aa"}

    def tokens_of(**config: str) -> AccessTokens:
        return state_of(make_site(**secret, **config).app)[AccessTokens]

    shop = tokens_of(LBACK_AUTH_JWT_AUDIENCE="shop")
    blog = tokens_of(LBACK_AUTH_JWT_AUDIENCE="blog")
    other = tokens_of(LBACK_AUTH_JWT_AUDIENCE="shop", LBACK_AUTH_JWT_ISSUER="other")
    token = shop.issue(Somebody(), 3)
    assert shop.read(token) == ("7", 3)
    for foreign in (blog, other):
        with pytest.raises(TokenError):
            foreign.read(token)


def test_jw_14_a_key_out_of_a_sample_signs_nothing(place: Site) -> None:
    _, claims = parts_of(access_token(place))
    for key in SAMPLE_KEYS:
        for raw in (key.encode(), hashlib.sha256(key.encode()).digest()):
            assert ask(place, signed(raw, claims)) == 401, key


NO_TOKENS = (
    encoded(b"[" * 2_900) + ".e30.x",
    encoded(b'{"a":' * 580) + ".e30.x",
    encoded(b'{"alg":"HS256"}') + "." + encoded(b"[" * 2_000) + ".x",
    encoded(b'{"alg":"HS256","crit":["x"],"x":1}') + ".e30.x",
    encoded(b'{"alg":["HS256"]}') + ".e30.x",
    encoded(b'{"alg":null}') + ".e30.",
    encoded(json.dumps({"alg": "none"}).encode()) + ".e30.",
    "é.é.é",
    "..",
    "a" * 100_000,
    '{"payload":"e30","signatures":[]}',
)


def test_jw_10_what_is_no_token_is_nobody_and_no_error(site: Site) -> None:
    assert {token[:20]: ask(site, token) for token in NO_TOKENS} == dict.fromkeys(
        [token[:20] for token in NO_TOKENS], 401
    )
