"""Access tokens by a secret and by key pairs; what is published of a pair; rotation of keys."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

from flask_lback.auth.entrance import Entrance, SecondStepRequired
from flask_lback.auth.mails.links import RESET, LinkTokens
from flask_lback.auth.tokens.access import AccessTokens
from flask_lback.core import clock
from flask_lback.core.state import state_of
from flask_lback.exceptions import ConfigError, TokenError
from flask_lback.testing import record_signals
from flask_lback.testing.kit import outbox_of
from tests.support.apps import PASSWORD, SECRET_KEY, Site, make_site
from tests.support.visitor import Visitor, hidden_fields

OTHER_KEY = "0b1c4ad2c9ef4875a2f0c96d1b3e7a58c0"
SECRET = "5e9d1f7ab2c84603d7e1f09a4c6b82d3aa"
OTHER_SECRET = "d41f7ab2c84603d7e1f09a4c6b82d35e9b"
ASYMMETRIC = ("RS256", "ES256", "EdDSA")


def new_key(algorithm: str) -> Any:
    """A private key for the algorithm."""
    if algorithm == "RS256":
        return rsa.generate_private_key(65537, 2048)
    if algorithm == "ES256":
        return ec.generate_private_key(ec.SECP256R1())
    return ed25519.Ed25519PrivateKey.generate()


def pem(key: Any) -> str:
    """A private key as text."""
    kind = serialization
    return key.private_bytes(  # type: ignore[no-any-return]
        kind.Encoding.PEM, kind.PrivateFormat.PKCS8, kind.NoEncryption()
    ).decode()


def public_pem(key: Any) -> str:
    """Its public half as text."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def keys() -> dict[str, Any]:
    """One private key for each algorithm."""
    return {algorithm: new_key(algorithm) for algorithm in ASYMMETRIC}


def login(site: Site) -> dict[str, Any]:
    """The tokens of a new login."""
    document = {"identifier": "maya@example.org", "password": PASSWORD}
    answer: Any = site.app.test_client().post("/api/auth/login/", json=document)
    return answer.json  # type: ignore[no-any-return]


def ask(site: Site, token: str) -> int:
    """The status of the account's own document."""
    headers = {"Authorization": f"Bearer {token}"}
    return site.app.test_client().get("/api/auth/me/", headers=headers).status_code


def read(site: Site, token: str) -> tuple[str, int]:
    """What the application reads in a token."""
    return state_of(site.app)[AccessTokens].read(token)


def issue(site: Site) -> str:
    """A token of an account that need not be there."""

    class Somebody:
        def get_id(self) -> str:
            return "7"

    return state_of(site.app)[AccessTokens].issue(Somebody(), 3)


def by_pair(algorithm: str, key: Any, **config: Any) -> Site:
    """A site without tables whose tokens are signed by a key pair."""
    return make_site(LBACK_AUTH_JWT_ALGORITHM=algorithm, LBACK_AUTH_JWT_KEY=pem(key), **config)


@pytest.mark.parametrize("algorithm", ASYMMETRIC)
def test_a_key_pair_signs_in_and_other_services_can_verify(
    make_ready: Callable[..., Site], keys: dict[str, Any], algorithm: str
) -> None:
    key = keys[algorithm]
    site = make_ready(LBACK_AUTH_JWT_ALGORITHM=algorithm, LBACK_AUTH_JWT_KEY=pem(key))
    site.add_user("maya")
    token = login(site)["access_token"]
    assert ask(site, token) == 200
    published: Any = site.app.test_client().get("/api/auth/jwks/").json
    (jwk,) = published["keys"]
    assert (jwk["alg"], jwk["use"]) == (algorithm, "sig")
    assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & set(jwk)
    claims = jwt.decode(
        token,
        jwt.PyJWKSet.from_dict(published)[jwt.get_unverified_header(token)["kid"]],
        algorithms=[algorithm],
        audience="site",
        issuer="site",
    )
    assert claims["typ"] == "access"


def test_the_kid_is_the_thumbprint_of_the_key() -> None:
    # The example of RFC 8037, appendix A.3.
    raw = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    key = ed25519.Ed25519PrivateKey.from_private_bytes(raw)
    header = jwt.get_unverified_header(issue(by_pair("EdDSA", key)))
    assert header["kid"] == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_nothing_is_told_of_a_secret() -> None:
    site = make_site(LBACK_AUTH_JWT_KEY=SECRET)
    assert "kid" not in jwt.get_unverified_header(issue(site))
    assert state_of(site.app)[AccessTokens].keys.public_set() == {"keys": []}


@pytest.mark.parametrize("algorithm", ASYMMETRIC)
@pytest.mark.parametrize("half", ["private", "public"])
def test_an_older_key_is_believed_and_the_new_one_signs(
    keys: dict[str, Any], algorithm: str, half: str
) -> None:
    old, new = keys[algorithm], new_key(algorithm)
    token = issue(by_pair(algorithm, old))
    with pytest.raises(TokenError):
        read(by_pair(algorithm, new), token)
    fallback = pem(old) if half == "private" else public_pem(old)
    site = by_pair(algorithm, new, LBACK_AUTH_JWT_KEY_FALLBACKS=[fallback])
    assert read(site, token) == ("7", 3)
    assert read(by_pair(algorithm, new), issue(site)) == ("7", 3)
    assert len(state_of(site.app)[AccessTokens].keys.public_set()["keys"]) == 2


def test_an_older_secret_is_believed_and_the_new_one_signs() -> None:
    token = issue(make_site(LBACK_AUTH_JWT_KEY=SECRET))
    both: dict[str, Any] = {
        "LBACK_AUTH_JWT_KEY": OTHER_SECRET,
        "LBACK_AUTH_JWT_KEY_FALLBACKS": [SECRET],
    }
    site, newest = make_site(**both), make_site(LBACK_AUTH_JWT_KEY=OTHER_SECRET)
    with pytest.raises(TokenError):
        read(newest, token)
    assert read(site, token) == ("7", 3)
    assert read(newest, issue(site)) == ("7", 3)


def test_an_expired_token_is_told_as_such_whatever_other_keys_there_are() -> None:
    site = make_site(
        LBACK_AUTH_JWT_KEY=OTHER_SECRET, LBACK_AUTH_JWT_KEY_FALLBACKS=[SECRET, SECRET_KEY]
    )
    token = issue(site)
    with clock.turned(dt.timedelta(minutes=16)), pytest.raises(TokenError) as caught:
        read(site, token)
    assert caught.value.code == "token_expired"


@pytest.mark.parametrize(
    ("algorithm", "make_key", "told"),
    [
        ("RS256", lambda: rsa.generate_private_key(65537, 1024), "2048"),  # noqa: S505 - refused
        ("RS256", lambda: new_key("ES256"), "RSA key"),
        ("ES256", lambda: ec.generate_private_key(ec.SECP384R1()), "P-256"),
        ("ES256", lambda: new_key("EdDSA"), "P-256"),
        ("EdDSA", lambda: new_key("ES256"), "Ed25519"),
        ("EdDSA", ed448.Ed448PrivateKey.generate, "Ed25519"),
    ],
)
def test_a_key_of_another_kind_or_too_small_stops_the_start(
    algorithm: str, make_key: Callable[[], Any], told: str
) -> None:
    with pytest.raises(ConfigError, match=told) as caught:
        by_pair(algorithm, make_key())
    assert "openssl genpkey" in caught.value.hint


@pytest.mark.parametrize("text", [None, "", SECRET, "-----BEGIN PRIVATE KEY-----\nx\n"])
def test_a_pair_needs_a_private_key(text: str | None) -> None:
    with pytest.raises(ConfigError, match="LBACK_AUTH_JWT_KEY"):
        make_site(LBACK_AUTH_JWT_ALGORITHM="ES256", LBACK_AUTH_JWT_KEY=text)


def test_the_public_half_alone_cannot_sign(keys: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="private key"):
        make_site(LBACK_AUTH_JWT_ALGORITHM="ES256", LBACK_AUTH_JWT_KEY=public_pem(keys["ES256"]))


def test_a_key_under_a_passphrase_is_told_as_such(keys: dict[str, Any]) -> None:
    kind = serialization
    text = keys["ES256"].private_bytes(
        kind.Encoding.PEM, kind.PrivateFormat.PKCS8, kind.BestAvailableEncryption(b"x")
    )
    with pytest.raises(ConfigError, match="passphrase"):
        make_site(LBACK_AUTH_JWT_ALGORITHM="ES256", LBACK_AUTH_JWT_KEY=text.decode())


def test_a_fallback_is_checked_as_the_key_is(keys: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="FALLBACKS"):
        by_pair("ES256", keys["ES256"], LBACK_AUTH_JWT_KEY_FALLBACKS=[pem(keys["EdDSA"])])
    with pytest.raises(ConfigError, match="FALLBACKS"):
        make_site(LBACK_AUTH_JWT_KEY=SECRET, LBACK_AUTH_JWT_KEY_FALLBACKS=["short"])
    with pytest.raises(ConfigError, match="FALLBACKS"):
        make_site(LBACK_AUTH_JWT_KEY_FALLBACKS=[SECRET])


def test_a_key_pair_is_no_secret(keys: dict[str, Any]) -> None:
    for text in (pem(keys["ES256"]), public_pem(keys["RS256"])):
        with pytest.raises(ConfigError, match="LBACK_AUTH_JWT_ALGORITHM"):
            make_site(LBACK_AUTH_JWT_KEY=text)


def test_no_message_shows_a_key() -> None:
    with pytest.raises(ConfigError) as caught:
        make_site(LBACK_AUTH_JWT_KEY="a short one of mine")
    assert "a short one" not in str(caught.value)


def test_who_listens_hears_of_tokens_and_never_sees_one(site: Site) -> None:
    site.add_user("maya")
    names = ("jwt_access_token_created", "jwt_refresh_token_created", "jwt_token_decoded")
    with record_signals(*names, "jwt_decode_failed") as sent:
        tokens = login(site)
        ask(site, tokens["access_token"])
        ask(site, "no.token.atall")
    assert [name for name, _ in sent] == [
        "jwt_refresh_token_created",
        "jwt_access_token_created",
        "jwt_token_decoded",
        "jwt_decode_failed",
    ]
    assert sent[0][1]["payload"]["generation"] == 0
    assert sent[2][1]["payload"]["typ"] == "access"
    told = str(sent)
    assert tokens["access_token"] not in told
    assert tokens["refresh_token"] not in told


def test_the_owner_of_a_copied_refresh_token_is_told(site: Site) -> None:
    site.add_user("maya")
    outbox = outbox_of(site.app)
    client, first = site.app.test_client(), login(site)["refresh_token"]
    client.post("/api/auth/refresh/", json={"refresh_token": first})
    with clock.turned(dt.timedelta(minutes=1)), record_signals("refresh_token_reused") as sent:
        for _ in range(2):
            answer = client.post("/api/auth/refresh/", json={"refresh_token": first})
            assert answer.status_code == 401
    assert len(sent) == 1
    (mail,) = outbox
    assert mail["To"] == "maya@example.org"
    assert "request-reset-password" in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    with site.app.app_context():
        entries = site.db.session.query(site.models.AuditEntry)
        assert entries.filter_by(action="auth.refresh_token_reused").count() == 1


# --- SECRET_KEY_FALLBACKS -----------------------------------------------------------------------


class SecondFactor:
    """A gate that always asks."""

    def asks(self, user: Any, method: str) -> str | None:
        """For one."""
        return "two_factor_required"


def challenge_of(site: Site) -> str:
    """What somebody holds who has to prove a second thing."""
    entrance = state_of(site.app)[Entrance]
    entrance.put_up(SecondFactor())
    with site.app.test_request_context(), pytest.raises(SecondStepRequired) as caught:
        entrance.check(site.user("maya"), method="password")
    return caught.value.challenge


def reset_link_of(site: Site) -> str:
    """The token of a reset mail."""
    with site.app.test_request_context():
        return state_of(site.app)[LinkTokens].make(RESET, site.user("maya"))


def opens(site: Site, held: dict[str, str]) -> dict[str, bool]:
    """Which of the things that somebody holds the application still takes."""
    reset = site.app.test_client().get(f"/auth/reset-password/?token={held['reset link']}")
    with site.app.test_request_context():
        try:
            challenge = state_of(site.app)[Entrance].read(held["challenge"]) is not None
        except TokenError:
            challenge = False
    visitor = Visitor(site.app)
    visitor.client.set_cookie("session", held["session cookie"])
    form = {"identifier": "maya", "password": PASSWORD, "csrf_token": held["csrf token"]}
    state_of(site.app)[Entrance]._gates.clear()
    posted = visitor.client.post("/auth/login/", data=form)
    return {
        "access token": ask(site, held["access token"]) == 200,
        "reset link": reset.status_code == 200,
        "challenge": challenge,
        "csrf token": posted.status_code == 302,
    }


def everything_of(site: Site) -> dict[str, str]:
    """One of each thing that is signed by ``SECRET_KEY``."""
    visitor = Visitor(site.app)
    csrf = hidden_fields(visitor.get("/auth/login/").text)["csrf_token"]
    cookie = visitor.client.get_cookie("session")
    assert cookie is not None
    return {
        "access token": login(site)["access_token"],
        "reset link": reset_link_of(site),
        "challenge": challenge_of(site),
        "csrf token": csrf,
        "session cookie": cookie.value,
    }


def test_jw_12_after_a_rotation_old_things_work_and_new_ones_carry_the_new_key(
    make_ready: Callable[..., Site],
) -> None:
    site = make_ready()
    site.add_user("maya")
    url = site.app.config["SQLALCHEMY_DATABASE_URI"]

    def with_key(key: str, *fallbacks: str) -> Site:
        from flask import Flask

        from flask_lback import Lback
        from flask_lback.testing import use_cheap_hasher

        app = Flask("site")
        app.config.update(
            SECRET_KEY=key,
            SECRET_KEY_FALLBACKS=list(fallbacks),
            TESTING=True,
            SQLALCHEMY_DATABASE_URI=url,
        )
        again = Site(app, Lback(app), True)
        use_cheap_hasher(app)
        return again

    sites = {
        "old": with_key(SECRET_KEY),
        "rotated": with_key(OTHER_KEY, SECRET_KEY),
        "new": with_key(OTHER_KEY),
    }
    held = everything_of(sites["old"])
    yes = dict.fromkeys(("access token", "reset link", "challenge", "csrf token"), True)
    no = dict.fromkeys(yes, False)
    assert opens(sites["rotated"], held) == yes
    assert opens(sites["new"], held) == no
    later = everything_of(sites["rotated"])
    assert opens(sites["new"], later) == yes
    assert opens(sites["old"], later) == no
    for place in sites.values():
        with place.app.app_context():
            for engine in place.db.engines.values():
                engine.dispose()


def test_the_documents_of_the_keys_are_json(keys: dict[str, Any]) -> None:
    site = by_pair("RS256", keys["RS256"])
    answer = site.app.test_client().get("/api/auth/jwks/")
    assert answer.mimetype == "application/json"
    assert list(json.loads(answer.text)) == ["keys"]
