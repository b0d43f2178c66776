"""Other sites that lie, people who are not who they say, and answers that belong to others."""

from __future__ import annotations

import datetime as dt
import functools
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest
from werkzeug.test import TestResponse

from flask_lback.auth.oauth import outgoing
from flask_lback.core import clock
from flask_lback.testing.kit import outbox_of
from tests.support.apps import Site
from tests.support.databases import DATABASES
from tests.support.provider import (
    CLIENT_ID,
    CLIENT_SECRET,
    KID,
    Answer,
    Claims,
    OpenProvider,
    come_back,
    jwk_of,
    maya,
    new_key,
    running,
    set_out,
    sign_in_at,
    signed,
    way_out,
)
from tests.support.visitor import Visitor, errors_of, hidden_fields

from .support import at_once, csrf_of, is_in, signed_in, told

MakeSite = Callable[..., Site]
CALLBACK = "/auth/oauth/acme/callback/"


def having(entries: Any) -> dict[str, Any]:
    """The setting."""
    return {"LBACK_AUTH_OAUTH_PROVIDERS": entries}


@pytest.fixture
def provider() -> Iterator[OpenProvider]:
    """Acme, where Maya says yes."""
    with running() as made:
        yield made


@pytest.fixture
def acme(make_ready: MakeSite, provider: OpenProvider) -> Site:
    """A site with the button of Acme."""
    return make_ready(**having({"acme": provider.entry()}))


def count(site: Site, kind: str = "User") -> int:
    """How many rows."""
    with site.app.app_context():
        model = getattr(site.models, kind)
        query = site.db.select(site.db.func.count()).select_from(model)
        return int(site.db.session.scalar(query))


def nobody_came_in(site: Site, visitor: Visitor, answer: TestResponse) -> None:
    """Refused, in our own words, without an account or a link."""
    assert answer.status_code in (400, 403, 502), answer.status_code
    assert "Location" not in answer.headers
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert not is_in(visitor)
    assert (count(site), count(site, "OAuthAccount")) == (0, 0)


def press(visitor: Visitor) -> TestResponse:
    """Press the button of Acme."""
    return visitor.client.post("/auth/oauth/acme/", data={"csrf_token": csrf_of(visitor)})


def tab_of(visitor: Visitor) -> Visitor:
    """Another tab of the same browser."""
    tab = Visitor(visitor.client.application)
    for name in ("session", "lback_session"):
        cookie = visitor.client.get_cookie(name)
        assert cookie is not None
        tab.client.set_cookie(name, cookie.value)
    return tab


def with_query(url: str, **changes: str | None) -> str:
    """The address with other parameters."""
    parts = urlsplit(url)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    changed = {name: one for name, one in {**query, **changes}.items() if one is not None}
    return parts._replace(query=urlencode(changed)).geturl()


# --- state: the answer belongs to this browser, once, for ten minutes ---------------------------


def test_oa_1_an_answer_without_the_state_of_this_browser_is_refused(
    acme: Site, provider: OpenProvider
) -> None:
    visitor = Visitor(acme.app)
    back = set_out(visitor, provider)
    for state in (None, "", "x", "A" * 43, "é", "\0"):
        nobody_came_in(acme, visitor, come_back(visitor, with_query(back, state=state)))
    assert provider.times("/token") == 0


def test_oa_1_two_states_are_none(acme: Site, provider: OpenProvider) -> None:
    visitor = Visitor(acme.app)
    back = set_out(visitor, provider)
    nobody_came_in(acme, visitor, come_back(visitor, back + "&state=x"))


def test_oa_2_an_answer_that_an_attacker_got_signs_nobody_else_in(
    acme: Site, provider: OpenProvider
) -> None:
    attacker, victim = Visitor(acme.app), Visitor(acme.app)
    stolen = set_out(attacker, provider)
    set_out(victim, provider)
    nobody_came_in(acme, victim, come_back(victim, stolen))


def test_oa_3_an_answer_works_once(acme: Site, provider: OpenProvider) -> None:
    visitor = Visitor(acme.app)
    back = set_out(visitor, provider)
    come_back(visitor, back)
    assert is_in(visitor)
    assert come_back(visitor, back).status_code == 400
    assert provider.times("/token") == 1


def test_oa_3_an_answer_works_once_even_with_a_copy_of_the_cookie(
    acme: Site, provider: OpenProvider
) -> None:
    visitor, copy = Visitor(acme.app), Visitor(acme.app)
    back = set_out(visitor, provider)
    cookie = visitor.client.get_cookie("session")
    assert cookie is not None
    copy.client.set_cookie("session", cookie.value)
    come_back(visitor, back)
    assert come_back(copy, back).status_code == 400
    assert provider.times("/token") == 1
    assert not is_in(copy)


def test_oa_3_a_code_works_once_whatever_the_state(acme: Site, provider: OpenProvider) -> None:
    first, second = Visitor(acme.app), Visitor(acme.app)
    used, other = set_out(first, provider), set_out(second, provider)
    come_back(first, used)
    (code,) = parse_qs(urlsplit(used).query)["code"]
    assert come_back(second, with_query(other, code=code)).status_code == 502
    assert not is_in(second)


def test_oa_3_a_stolen_code_is_worth_nothing_in_another_browser(
    acme: Site, provider: OpenProvider
) -> None:
    victim, thief = Visitor(acme.app), Visitor(acme.app)
    (code,) = parse_qs(urlsplit(set_out(victim, provider)).query)["code"]
    answer = come_back(thief, with_query(set_out(thief, provider), code=code))
    nobody_came_in(acme, thief, answer)  # PKCE


def test_oa_4_nobody_may_take_longer_than_ten_minutes(acme: Site, provider: OpenProvider) -> None:
    visitor = Visitor(acme.app)
    back = set_out(visitor, provider)
    with clock.turned(dt.timedelta(minutes=10, seconds=5)):
        nobody_came_in(acme, visitor, come_back(visitor, back))
    assert provider.times("/token") == 0


def test_oa_5_the_answer_of_one_provider_is_not_taken_for_another_one_s(
    make_ready: MakeSite, provider: OpenProvider
) -> None:
    with running() as evil:
        site = make_ready(**having({"acme": provider.entry(), "evil": evil.entry()}))
        visitor = Visitor(site.app)
        back = set_out(visitor, provider).replace("/oauth/acme/", "/oauth/evil/")
        nobody_came_in(site, visitor, come_back(visitor, back))
        assert evil.asked == []  # it did not learn the code


def test_oa_5_a_provider_that_names_itself_in_every_answer_has_to(
    acme: Site, provider: OpenProvider
) -> None:
    provider.metadata = {"authorization_response_iss_parameter_supported": True}
    visitor = Visitor(acme.app)
    for iss in (None, "https://evil.example", ""):
        back = with_query(set_out(visitor, provider), iss=iss)
        nobody_came_in(acme, visitor, come_back(visitor, back))
    assert provider.times("/token") == 0
    provider.extra = {"iss": provider.issuer}
    sign_in_at(visitor, provider)
    assert is_in(visitor)


def test_oa_5_another_name_is_refused_even_where_none_is_announced(
    acme: Site, provider: OpenProvider
) -> None:
    provider.extra = {"iss": "https://evil.example"}
    visitor = Visitor(acme.app)
    nobody_came_in(acme, visitor, sign_in_at(visitor, provider))


# --- who may start --------------------------------------------------------------------------------


def test_cs_1_neither_a_link_nor_another_site_starts_anything(
    acme: Site, provider: OpenProvider
) -> None:
    visitor = Visitor(acme.app)
    assert visitor.get("/auth/oauth/acme/?next=/news/").location == "/auth/login/?next=/news/"
    assert visitor.client.post("/auth/oauth/acme/").status_code == 400
    acme.add_user("kofi")
    kofi = signed_in(acme, "kofi")
    assert kofi.get("/auth/connections/acme/link/").status_code == 405
    assert kofi.client.post("/auth/connections/acme/link/").status_code == 400
    assert kofi.client.post("/auth/connections/1/unlink/").status_code == 400
    assert provider.asked == []


def test_cs_1_a_head_request_uses_nothing_up(acme: Site, provider: OpenProvider) -> None:
    visitor = Visitor(acme.app)
    back = urlsplit(set_out(visitor, provider))
    assert visitor.client.head(f"{back.path}?{back.query}").status_code == 405
    come_back(visitor, back.geturl())
    assert is_in(visitor)


def test_or_1_nobody_is_led_to_another_site(acme: Site, provider: OpenProvider) -> None:
    hostile = ("//e.example", "/\\e.example", "https://e.example", "javascript:alert(1)", "/%5ce")
    for target in hostile:
        visitor = Visitor(acme.app)
        answer = sign_in_at(visitor, provider, next=target)
        assert is_in(visitor)
        assert answer.location == "/auth/login/", target


def test_ho_1_the_way_back_is_that_of_the_configuration(
    make_ready: MakeSite, provider: OpenProvider
) -> None:
    site = make_ready(
        LBACK_SITE_URL="https://shop.example",
        TRUSTED_HOSTS=["localhost", "evil.example"],
        **having({"acme": provider.entry()}),
    )
    client = site.app.test_client()
    page = client.get("/auth/login/", base_url="http://evil.example")
    answer = client.post(
        "/auth/oauth/acme/",
        base_url="http://evil.example",
        data={"csrf_token": hidden_fields(page.text)["csrf_token"]},
    )
    (uri,) = parse_qs(urlsplit(way_out(answer)).query)["redirect_uri"]
    assert uri == f"https://shop.example{CALLBACK}"


def test_too_many_attempts_from_one_address_are_refused(
    make_ready: MakeSite, provider: OpenProvider
) -> None:
    site = make_ready(
        LBACK_AUTH_OAUTH_ATTEMPTS_PER_ADDRESS="3 per minute",
        **having({"acme": provider.entry()}),
    )
    visitor = Visitor(site.app)
    answers = [visitor.get(f"{CALLBACK}?state=x&code=y").status_code for _ in range(4)]
    assert answers == [400, 400, 400, 429]


# --- ID tokens ----------------------------------------------------------------------------------


NOW = int(time.time())


WRONG: list[Claims] = [
    {"nonce": "another"},
    {"nonce": None},
    {"nonce": 7},
    {"aud": "another-site"},
    {"aud": None},
    {"aud": []},
    {"aud": [CLIENT_ID, "another-site"]},
    {"aud": [CLIENT_ID, "another-site"], "azp": "another-site"},
    {"azp": "another-site"},
    {"iss": "https://evil.example"},
    {"iss": None},
    {"sub": None},
    {"sub": ""},
    {"sub": 17},
    {"sub": "a" * 256},
    {"sub": " 248289761001"},
    {"sub": "248289761001\n"},
    {"exp": NOW - 120},
    {"exp": None},
    {"exp": "9999999999"},
    {"exp": True},
    {"iat": NOW - 3_600},
    {"iat": NOW + 3_600},
    {"iat": None},
    {"nbf": NOW + 3_600},
]


def test_oa_6_a_token_for_somebody_or_something_else_is_refused(
    acme: Site, provider: OpenProvider
) -> None:
    visitor = Visitor(acme.app)
    for claims in WRONG:
        provider.claims = claims
        answer = sign_in_at(visitor, provider)
        assert answer.status_code == 502, claims
        nobody_came_in(acme, visitor, answer)


def test_oa_6_a_token_for_several_that_names_this_site_is_taken(
    acme: Site, provider: OpenProvider
) -> None:
    provider.claims = {"aud": [CLIENT_ID, "another-site"], "azp": CLIENT_ID}
    visitor = Visitor(acme.app)
    sign_in_at(visitor, provider)
    assert is_in(visitor)


def public_pem() -> bytes:
    """The public key as text, which everybody has."""
    from cryptography.hazmat.primitives import serialization

    return (
        new_key()
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


def by_secret(secret: bytes) -> Callable[[Claims], str]:
    """HS256 by a secret that others know; made by hand, since PyJWT refuses some."""
    import base64
    import hashlib
    import hmac
    import json

    def encode(data: bytes) -> bytes:
        return base64.urlsafe_b64encode(data).rstrip(b"=")

    def sign(claims: Claims) -> str:
        header = json.dumps({"alg": "HS256", "typ": "JWT", "kid": KID}).encode()
        text = encode(header) + b"." + encode(json.dumps(claims).encode())
        return (text + b"." + encode(hmac.digest(secret, text, hashlib.sha256))).decode()

    return sign


FORGERIES: dict[str, Callable[[Claims], Any]] = {
    "none": lambda claims: jwt.encode(claims, "", algorithm="none", headers={"kid": KID}),
    "HS256 by the public key": by_secret(public_pem()),
    "HS256 by the client's secret": by_secret(CLIENT_SECRET.encode()),
    "another key of the same name": lambda claims: jwt.encode(
        claims, new_key("evil"), algorithm="RS256", headers={"kid": KID}
    ),
    "another key without a name": lambda claims: jwt.encode(
        claims, new_key("evil"), algorithm="RS256"
    ),
    "a key that it brings along": lambda claims: jwt.encode(
        claims,
        new_key("evil"),
        algorithm="RS256",
        headers={"kid": "evil", "jwk": jwk_of(new_key("evil"), "evil")},
    ),
    "RS384, where the key is for RS256": lambda claims: jwt.encode(
        claims, new_key(), algorithm="RS384", headers={"kid": KID}
    ),
    "changed": lambda claims: signed({**claims, "sub": "1"})[:-8] + "AAAAAAAA",
    "no token": lambda claims: "x",
    "nothing": lambda claims: None,
    "a number": lambda claims: 7,
    "a long text": lambda claims: "a." * 100_000,
}


def test_oa_7_a_forged_token_is_refused(acme: Site, provider: OpenProvider) -> None:
    visitor = Visitor(acme.app)
    for how, sign in FORGERIES.items():
        provider.sign = sign
        answer = sign_in_at(visitor, provider)
        assert answer.status_code == 502, how
        nobody_came_in(acme, visitor, answer)


def test_oa_7_a_secret_among_the_public_keys_verifies_nothing(
    acme: Site, provider: OpenProvider
) -> None:
    provider.keys = [{"kty": "oct", "k": "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0", "kid": KID}]
    provider.sign = by_secret(b"secretsecretsecretsecret")
    visitor = Visitor(acme.app)
    nobody_came_in(acme, visitor, sign_in_at(visitor, provider))


def test_oa_8_userinfo_of_somebody_else_is_refused(acme: Site, provider: OpenProvider) -> None:
    acme_person = maya(sub="the attacker")
    provider.person, provider.in_token = acme_person, set()
    for other in ("248289761001", None, ["the attacker"]):
        provider.userinfo = {"sub": other}
        visitor = Visitor(acme.app)
        nobody_came_in(acme, visitor, sign_in_at(visitor, provider))


# --- providers that fail --------------------------------------------------------------------------

DISCOVERY = "/.well-known/openid-configuration"
BROKEN = {
    "500": Answer(500, b"<h1>Traceback: secret_of_acme</h1>", "text/html"),
    "garbage": Answer(200, b"\xff\x00 secret_of_acme"),
    "html": Answer(200, b"<h1>secret_of_acme</h1>", "text/html"),
    "a list": Answer(200, b"[1]"),
    "a number": Answer(200, b"7"),
    "nothing": Answer(200, b""),
    "deep": Answer(200, b"[" * 100_000),
    "large": Answer(200, b'{"a": "' + b"x" * 2_000_000 + b'"}'),
    "elsewhere": Answer(302, headers={"Location": "http://127.0.0.1:9/"}),
    "a bomb": Answer(200, b"\x1f\x8b\x08\x00", headers={"Content-Encoding": "gzip"}),
}


@pytest.mark.parametrize("path", [DISCOVERY, "/token", "/jwks", "/userinfo"])
def test_oa_9_a_provider_that_fails_makes_no_error_and_its_words_stay_away(
    acme: Site, provider: OpenProvider, path: str
) -> None:
    provider.in_token = set()  # so that userinfo is asked
    for minutes, (how, broken) in enumerate(BROKEN.items()):
        provider.answers[path] = broken
        with clock.turned(dt.timedelta(minutes=minutes)):  # one that failed is left alone
            now = int(clock.timestamp())
            provider.claims = {"iat": now, "exp": now + 300}
            visitor = Visitor(acme.app)
            answer = press(visitor) if path == DISCOVERY else sign_in_at(visitor, provider)
        assert answer.status_code == 502, how
        assert "Acme could not tell us who you are" in errors_of(answer.text)
        assert "secret_of_acme" not in answer.text
        nobody_came_in(acme, visitor, answer)
    assert provider.times(path) >= len(BROKEN)


@pytest.mark.parametrize("path", [DISCOVERY, "/token", "/jwks", "/userinfo"])
@pytest.mark.parametrize("how", ["hangs", "drips"])
def test_oa_9_nobody_waits_for_a_slow_provider(
    acme: Site,
    provider: OpenProvider,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    how: str,
) -> None:
    assert outgoing.PATIENCE <= 5
    provider.in_token = set()
    visitor = Visitor(acme.app)
    if path != DISCOVERY:
        back = set_out(visitor, provider)
    monkeypatch.setattr(outgoing, "PATIENCE", 0.3)
    provider.answers[path] = Answer(200, b" " * 2_000, hangs=how == "hangs", drips=how == "drips")
    began = time.monotonic()
    answer = press(visitor) if path == DISCOVERY else come_back(visitor, back)
    assert time.monotonic() - began < 10  # two thousand bytes would drip for 100 seconds
    nobody_came_in(acme, visitor, answer)


def test_oa_9_a_provider_that_is_down_is_left_alone_for_a_while_and_then_asked_again(
    acme: Site, provider: OpenProvider
) -> None:
    visitor = Visitor(acme.app)
    provider.answers[DISCOVERY] = Answer(503)
    for _ in range(3):
        assert press(visitor).status_code == 502
    assert provider.times(DISCOVERY) == 1
    del provider.answers[DISCOVERY]
    with clock.turned(dt.timedelta(minutes=1)):
        assert press(visitor).status_code == 200


UNSAFE: list[Claims] = [
    {"issuer": "https://evil.example"},
    {"issuer": None},
    {"token_endpoint": "http://evil.example/token"},
    {"token_endpoint": "file:///etc/passwd"},
    {"token_endpoint": None},
    {"jwks_uri": "http://169.254.169.254/latest"},
    {"jwks_uri": ["x"]},
    {"userinfo_endpoint": "http://10.0.0.1/"},
    {"authorization_endpoint": "javascript:alert(1)"},
    {"authorization_endpoint": "https://evil.example/\r\nSet-Cookie: a=b"},
    {"authorization_endpoint": 'https://evil.example/"><script>'},
    {"authorization_endpoint": "https://evil.example/;url=https://x.example"},
]


def test_oa_9_what_a_provider_tells_of_itself_is_not_taken_on_trust(
    acme: Site, provider: OpenProvider
) -> None:
    visitor = Visitor(acme.app)
    for minutes, metadata in enumerate(UNSAFE):
        provider.metadata = metadata
        with clock.turned(dt.timedelta(minutes=minutes)):
            answer = press(visitor)
        assert answer.status_code == 502, metadata
        assert "Refresh" not in answer.headers
    assert provider.times(DISCOVERY) == len(UNSAFE)


@pytest.mark.parametrize("error", ["access_denied", "server_error", "<script>alert(1)</script>"])
def test_oa_9_what_a_provider_says_of_an_error_is_never_shown(
    acme: Site, provider: OpenProvider, error: str
) -> None:
    visitor = Visitor(acme.app)
    description = "<script>alert(2)</script> call 555-0100"
    provider.extra = {"code": None, "error": error, "error_description": description}
    answer = sign_in_at(visitor, provider)
    nobody_came_in(acme, visitor, answer)
    assert "alert(" not in answer.text
    assert "555" not in answer.text
    assert provider.times("/token") == 0


# --- accounts -------------------------------------------------------------------------------------


def test_at_1_an_address_that_has_an_account_opens_it_for_nobody(
    acme: Site, provider: OpenProvider
) -> None:
    acme.add_user("maya")
    visitor = Visitor(acme.app)
    answer = sign_in_at(visitor, provider)
    assert answer.status_code == 403
    assert "has an account here already" in errors_of(answer.text)
    assert not is_in(visitor)
    assert count(acme, "OAuthAccount") == 0


@pytest.mark.parametrize("said", [False, None, 1])
def test_at_2_an_address_that_is_not_verified_tells_nobody_who_has_an_account(
    acme: Site, provider: OpenProvider, said: Any
) -> None:
    acme.add_user("maya")
    provider.person = maya(email_verified=said)
    known = sign_in_at(Visitor(acme.app), provider)
    provider.person = maya(email_verified=said, email="new@example.org", sub="2")
    fresh = sign_in_at(Visitor(acme.app), provider)
    assert told(known) == told(fresh)
    assert "Open your mail" in errors_of(known.text)
    with acme.app.app_context():
        assert not acme.user("new").email_verified
        assert acme.user("maya").lback_oauth_accounts == []
    subjects = {str(mail["To"]): str(mail["Subject"]) for mail in outbox_of(acme.app)}
    assert "already have an account" in subjects["maya@example.org"]
    assert "Confirm" in subjects["new@example.org"]


def test_at_2_without_confirmation_an_unverified_address_makes_an_account_that_is_none_of_it(
    make_ready: MakeSite, provider: OpenProvider
) -> None:
    site = make_ready(LBACK_AUTH_VERIFY_EMAIL=False, **having({"acme": provider.entry()}))
    provider.person = maya(email_verified=False)
    visitor = Visitor(site.app)
    sign_in_at(visitor, provider)
    assert is_in(visitor)
    with site.app.app_context():
        assert not site.user("maya").email_verified
    provider.person = maya(email_verified=False, sub="somebody else")
    other = Visitor(site.app)
    assert sign_in_at(other, provider).status_code == 403
    assert not is_in(other)
    assert count(site, "OAuthAccount") == 1


def test_at_3_another_address_at_the_provider_opens_the_same_account_and_no_other(
    acme: Site, provider: OpenProvider
) -> None:
    acme.add_user("kofi")
    sign_in_at(Visitor(acme.app), provider)
    provider.person = maya(email="kofi@example.org")
    visitor = Visitor(acme.app)
    sign_in_at(visitor, provider)
    assert "maya@example.org" in visitor.get("/auth/account/").text


@pytest.mark.parametrize("database", DATABASES)
def test_at_3_subjects_that_differ_a_little_are_different_people(
    make_ready: MakeSite, provider: OpenProvider, database: str
) -> None:
    site = make_ready("default", database, **having({"acme": provider.entry()}))
    for number, subject in enumerate(("maya-a1", "maya-A1", "maya-á1")):
        email = f"person{number}@example.org"
        provider.person = maya(sub=subject, email=email)
        visitor = Visitor(site.app)
        sign_in_at(visitor, provider)
        assert email in visitor.get("/auth/account/").text
    assert count(site) == 3


def test_at_4_an_account_is_linked_after_a_fresh_sign_in_alone(
    acme: Site, provider: OpenProvider
) -> None:
    acme.add_user("kofi")
    visitor = signed_in(acme, "kofi")
    token = csrf_of(visitor, "/auth/connections/")
    with clock.turned(dt.timedelta(minutes=16)):
        for path in ("acme/link/", "1/unlink/"):
            answer = visitor.client.post(f"/auth/connections/{path}", data={"csrf_token": token})
            assert answer.location.startswith("/auth/reauthenticate/")
    assert provider.asked == []
    stranger = Visitor(acme.app)
    data = {"csrf_token": csrf_of(stranger)}
    answer = stranger.client.post("/auth/connections/acme/link/", data=data)
    assert answer.location.startswith("/auth/login/")


def test_at_4_a_link_that_one_person_started_is_not_finished_for_another(
    acme: Site, provider: OpenProvider
) -> None:
    acme.add_user("kofi")
    acme.add_user("maya")
    visitor = signed_in(acme, "kofi")
    back = set_out(visitor, provider, link=True)
    assert visitor.client.get_cookie("session") is not None
    visitor.client.delete_cookie("lback_session")
    visitor.sign_in("maya@example.org", "a plain long sentence")
    assert come_back(visitor, back).status_code == 400
    assert count(acme, "OAuthAccount") == 0


def test_at_4_a_sign_in_at_the_provider_is_no_link(acme: Site, provider: OpenProvider) -> None:
    acme.add_user("kofi")
    visitor = Visitor(acme.app)
    back = set_out(visitor, provider)
    visitor.sign_in("kofi@example.org", "a plain long sentence")
    answer = come_back(visitor, back)
    assert answer.status_code == 403
    assert "signed in already" in errors_of(answer.text)
    assert (count(acme), count(acme, "OAuthAccount")) == (1, 0)


def test_at_5_what_is_linked_with_one_account_is_not_taken_from_it(
    acme: Site, provider: OpenProvider
) -> None:
    sign_in_at(Visitor(acme.app), provider)
    acme.add_user("kofi")
    kofi = signed_in(acme, "kofi")
    answer = sign_in_at(kofi, provider, link=True)
    assert answer.status_code == 403
    assert "belongs to another account" in errors_of(answer.text)
    assert "maya@example.org" not in answer.text
    visitor = Visitor(acme.app)
    sign_in_at(visitor, provider)
    assert "maya@example.org" in visitor.get("/auth/account/").text


def test_at_5_nobody_unlinks_what_is_another_s(acme: Site, provider: OpenProvider) -> None:
    sign_in_at(Visitor(acme.app), provider)
    acme.add_user("kofi")
    kofi = signed_in(acme, "kofi")
    data = {"csrf_token": csrf_of(kofi, "/auth/connections/")}
    assert kofi.client.post("/auth/connections/1/unlink/", data=data).status_code == 404
    assert count(acme, "OAuthAccount") == 1


def test_at_6_an_account_that_is_switched_off_stays_shut(
    acme: Site, provider: OpenProvider
) -> None:
    sign_in_at(Visitor(acme.app), provider)
    with acme.app.app_context():
        acme.user("maya").is_active = False
        acme.db.session.commit()
    visitor = Visitor(acme.app)
    answer = sign_in_at(visitor, provider)
    assert answer.status_code == 403
    assert not is_in(visitor)


def test_at_7_only_a_verified_address_makes_a_superuser(
    make_ready: MakeSite, provider: OpenProvider
) -> None:
    site = make_ready(
        LBACK_AUTH_ADMIN_EMAILS=["maya@example.org"], **having({"acme": provider.entry()})
    )
    provider.person = maya(email_verified=False, sub="the attacker")
    answer = sign_in_at(Visitor(site.app), provider)
    # No account: the chief might confirm it in good faith, and the attacker could open it.
    assert "Open your mail" in errors_of(answer.text)
    assert count(site) == 0
    provider.person = maya()
    sign_in_at(Visitor(site.app), provider)
    with site.app.app_context():
        assert site.user("maya").is_superuser


def test_at_8_a_reset_by_mail_throws_out_who_was_there_before_the_address_was_confirmed(
    acme: Site, provider: OpenProvider
) -> None:
    provider.person = maya(email_verified=False, sub="the attacker")
    sign_in_at(Visitor(acme.app), provider)
    owner = Visitor(acme.app)
    owner.submit("/auth/request-reset-password/", email="maya@example.org")
    text = str(outbox_of(acme.app)[-1].get_body(("plain",)).get_content())  # type: ignore[union-attr]
    link = next(word for word in text.split() if "reset-password" in word)
    sentence = "quite another sentence"
    owner.submit(
        link.removeprefix("http://localhost"), new_password=sentence, password_confirm=sentence
    )
    assert count(acme, "OAuthAccount") == 0


@pytest.mark.parametrize("database", DATABASES)
def test_rc_1_the_same_newcomer_twice_at_once_gets_one_account(
    make_ready: MakeSite, provider: OpenProvider, database: str
) -> None:
    site = make_ready("default", database, **having({"acme": provider.entry()}))
    visitors = [Visitor(site.app) for _ in range(4)]
    ways = [set_out(visitor, provider) for visitor in visitors]
    jobs = [functools.partial(come_back, *way) for way in zip(visitors, ways, strict=True)]
    answers = at_once(jobs)
    assert {answer.status_code for answer in answers} <= {302, 403}
    assert 302 in {answer.status_code for answer in answers}
    assert (count(site), count(site, "OAuthAccount")) == (1, 1)


@pytest.mark.parametrize("database", DATABASES)
def test_rc_2_two_ways_in_are_not_both_unlinked_at_once(
    make_ready: MakeSite, provider: OpenProvider, database: str
) -> None:
    with running() as other:
        entries = {"acme": provider.entry(), "zenith": other.entry(label="Zenith")}
        site = make_ready("default", database, **having(entries))
        visitor = Visitor(site.app)
        sign_in_at(visitor, provider)
        sign_in_at(visitor, other, name="zenith", link=True)
        data = {"csrf_token": csrf_of(visitor, "/auth/connections/")}
        jobs = [
            functools.partial(
                tab_of(visitor).client.post, f"/auth/connections/{key}/unlink/", data=data
            )
            for key in (1, 2)
        ]
        assert {answer.status_code for answer in at_once(jobs)} <= {302, 404}
        assert count(site, "OAuthAccount") == 1


def test_what_was_refused_stands_in_the_audit_log_without_a_secret(
    acme: Site, provider: OpenProvider
) -> None:
    acme.add_user("maya")
    visitor = Visitor(acme.app)
    back = set_out(visitor, provider)
    for url in (with_query(back, state="x"), back):
        come_back(visitor, url).close()  # written once the response has left
    with acme.app.app_context():
        kind = acme.models.AuditEntry
        rows = acme.db.session.scalars(acme.db.select(kind).order_by(kind.id)).all()
        seen = [(row.outcome, row.details) for row in rows if row.action == "auth.oauth_refused"]
    assert seen == [
        ("refused", {"provider": "acme", "reason": "invalid_state"}),
        ("refused", {"provider": "acme", "reason": "address_taken"}),
    ]
