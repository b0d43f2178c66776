"""A small OpenID Connect provider that speaks the real protocol over HTTP, and can be made hostile.

It runs in a thread, on a free port of 127.0.0.1. It keeps to what a good provider does (codes work
once and expire with their redirect address and PKCE challenge, clients say who they are) unless a
test turns one of its knobs.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import http.client
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from werkzeug.test import TestResponse

from .visitor import Visitor, hidden_fields

CLIENT_ID = "site-1"
CLIENT_SECRET = "a secret of the site: with / signs"
KID = "key-1"
Claims = dict[str, Any]


@functools.cache
def new_key(name: str = KID) -> rsa.RSAPrivateKey:
    """A key for RS256, the same at every call with the same name."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def jwk_of(key: rsa.RSAPrivateKey, kid: str = KID) -> Claims:
    """The public half, as it is published."""
    public = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {**public, "kid": kid, "use": "sig", "alg": "RS256"}


def signed(claims: Claims) -> str:
    """An ID token as it should be."""
    return jwt.encode(claims, new_key(), algorithm="RS256", headers={"kid": KID})


@dataclass
class Answer:
    """What an endpoint answers, when it is not what it should be."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    #: Written byte by byte, with a moment between, instead of at once.
    drips: bool = False
    #: Nothing is answered at all until the provider stops.
    hangs: bool = False


@dataclass
class Grant:
    """A code that was given out."""

    request: dict[str, str]
    person: Claims


class OpenProvider:
    """The provider.

    :ivar person: who approves every sign-in; the claims of the ID token and of userinfo.
    :ivar redirect_uris: what the site has registered.
    :ivar in_token: which of the person's claims stand in the ID token beside ``sub``.
    :ivar claims: changes of the next ID tokens; None takes one out.
    :ivar sign: makes an ID token of its claims.
    :ivar metadata: changes of what it tells of itself; None takes one out.
    :ivar userinfo: changes of what userinfo answers.
    :ivar emails: what the list of addresses answers.
    :ivar keys: the public keys.
    :ivar answers: what an endpoint answers instead, by path.
    :ivar extra: more parameters for the way back; None takes one out.
    :ivar asked: path and parameters of every request.
    """

    def __init__(self) -> None:
        self.person: Claims = {}
        self.redirect_uris: set[str] = set()
        self.in_token = {"email", "email_verified", "name", "preferred_username"}
        self.claims: Claims = {}
        self.sign: Callable[[Claims], str] = signed
        self.metadata: Claims = {}
        self.userinfo: Claims = {}
        self.emails: Any = []
        self.keys: list[Claims] = [jwk_of(new_key())]
        self.answers: dict[str, Answer] = {}
        self.extra: Claims = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.stopping = threading.Event()
        self._codes: dict[str, Grant] = {}
        self._tokens: dict[str, Claims] = {}
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.provider = self
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )

    @property
    def issuer(self) -> str:
        """Its address, and its name."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def start(self) -> None:
        """Serve."""
        self._thread.start()

    def stop(self) -> None:
        """Serve no longer."""
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def entry(self, **changes: Any) -> dict[str, Any]:
        """What a site's settings hold."""
        return {
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "issuer": self.issuer,
            "label": "Acme",
            **changes,
        }

    def plain_entry(self, **changes: Any) -> dict[str, Any]:
        """The same, for a site that sees a provider of plain OAuth 2.0 here."""
        entry = {
            "authorize_url": f"{self.issuer}/authorize",
            "token_url": f"{self.issuer}/token",
            "userinfo_url": f"{self.issuer}/userinfo",
            "scope": "profile",
            "fields": {"subject": "sub", "email": "email", "email_verified": "email_verified"},
            **changes,
        }
        return {name: value for name, value in self.entry(**entry).items() if name != "issuer"}

    def times(self, path: str) -> int:
        """How often an endpoint was asked."""
        return sum(asked == path for asked, _ in self.asked)

    def route(self, method: str, path: str) -> Callable[[dict[str, str], Any], Answer]:
        """What answers a request."""
        routes = {
            ("GET", "/.well-known/openid-configuration"): self.describe,
            ("GET", "/authorize"): self.authorize,
            ("POST", "/token"): self.token,
            ("GET", "/userinfo"): self.tell,
            ("GET", "/emails"): self.list_emails,
            ("GET", "/jwks"): self.publish,
        }
        return routes.get((method, path), lambda values, headers: Answer(404))

    def describe(self, query: dict[str, str], headers: Any) -> Answer:
        """Discovery."""
        document = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/jwks",
            "response_types_supported": ["code"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }
        return _json(_changed(document, self.metadata))

    def authorize(self, query: dict[str, str], headers: Any) -> Answer:
        """The person says yes at once."""
        good = (
            query.get("client_id") == CLIENT_ID
            and query.get("response_type") == "code"
            and query.get("redirect_uri") in self.redirect_uris
            and query.get("code_challenge_method") == "S256"
            and len(query.get("code_challenge", "")) == 43
            and len(query.get("state", "")) >= 32
        )
        if not good or ("openid" in query.get("scope", "").split() and not query.get("nonce")):
            return _json({"error": "invalid_request"}, 400)
        code = secrets.token_urlsafe(16)
        self._codes[code] = Grant(query, dict(self.person))
        back = _changed({"code": code, "state": query["state"]}, self.extra)
        return Answer(302, headers={"Location": f"{query['redirect_uri']}?{urlencode(back)}"})

    def token(self, form: dict[str, str], headers: Any) -> Answer:
        """Take a code, once."""
        given = (form.get("client_id"), form.get("client_secret"))
        scheme, _, text = headers.get("Authorization", "").partition(" ")
        if scheme == "Basic":
            name, _, secret = base64.b64decode(text).decode().partition(":")
            given = (name, secret)
        if given != (CLIENT_ID, CLIENT_SECRET):
            return _json({"error": "invalid_client"}, 401)
        grant = self._codes.pop(form.get("code", ""), None)
        verifier = form.get("code_verifier", "").encode()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier).digest()).rstrip(b"=")
        if (
            grant is None
            or form.get("grant_type") != "authorization_code"
            or form.get("redirect_uri") != grant.request["redirect_uri"]
            or challenge.decode() != grant.request["code_challenge"]
        ):
            return _json({"error": "invalid_grant", "error_description": "<b>no</b>"}, 400)
        access_token = secrets.token_urlsafe(24)
        self._tokens[access_token] = grant.person
        document = {"access_token": access_token, "token_type": "Bearer", "expires_in": 300}
        if "openid" in grant.request.get("scope", "").split():
            document["id_token"] = self.sign(self._id_claims(grant))
        return _json(document)

    def tell(self, query: dict[str, str], headers: Any) -> Answer:
        """Userinfo."""
        if (person := self._bearer(headers)) is None:
            return _json({"error": "invalid_token"}, 401)
        return _json(_changed(person, self.userinfo))

    def list_emails(self, query: dict[str, str], headers: Any) -> Answer:
        """The addresses of a person, as GitHub lists them."""
        return _json(self.emails) if self._bearer(headers) is not None else _json([], 401)

    def publish(self, query: dict[str, str], headers: Any) -> Answer:
        """The public keys."""
        return _json({"keys": self.keys})

    def _bearer(self, headers: Any) -> Claims | None:
        scheme, _, token = headers.get("Authorization", "").partition(" ")
        return self._tokens.get(token) if scheme == "Bearer" else None

    def _id_claims(self, grant: Grant) -> Claims:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": grant.person["sub"],
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": grant.request["nonce"],
        }
        claims |= {name: one for name, one in grant.person.items() if name in self.in_token}
        return _changed(claims, self.claims)


@contextmanager
def running() -> Iterator[OpenProvider]:
    """A provider with somebody called Maya."""
    provider = OpenProvider()
    provider.person = maya()
    provider.start()
    try:
        yield provider
    finally:
        provider.stop()


def maya(**changes: Any) -> Claims:
    """Who approves."""
    person = {
        "sub": "248289761001",
        "email": "maya@example.org",
        "email_verified": True,
        "name": "Maya Lindqvist",
        "preferred_username": "maya",
    }
    return _changed(person, changes)


def approve(provider: OpenProvider, url: str) -> str:
    """Open the provider's page as a browser does.

    :returns: the address that it leads back to.
    """
    parts = urlsplit(url)
    assert f"{parts.scheme}://{parts.netloc}" == provider.issuer
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    try:
        connection.request("GET", f"{parts.path}?{parts.query}")
        answer = connection.getresponse()
        assert answer.status == 302, answer.read()
        return answer.headers["Location"]
    finally:
        connection.close()


def set_out(
    visitor: Visitor, provider: OpenProvider, *, name: str = "acme", link: bool = False, **data: str
) -> str:
    """Press the provider's button, and approve there.

    :param link: on the page of linked accounts instead of the sign-in page.
    :returns: the address that leads back to the site.
    """
    page, to = "/auth/login/", f"/auth/oauth/{name}/"
    if link:
        page, to = "/auth/connections/", f"/auth/connections/{name}/link/"
    provider.redirect_uris.add(f"http://localhost/auth/oauth/{name}/callback/")
    token = hidden_fields(visitor.get(page).text)["csrf_token"]
    answer = visitor.client.post(to, data={"csrf_token": token, **data})
    assert answer.status_code == 200, (answer.status_code, answer.location)
    return approve(provider, way_out(answer))


def way_out(answer: TestResponse) -> str:
    """Where a page of the site sends the browser."""
    return answer.headers["Refresh"].removeprefix("0; url=")


def come_back(visitor: Visitor, url: str) -> TestResponse:
    """Follow the provider's redirect to the site."""
    parts = urlsplit(url)
    assert f"{parts.scheme}://{parts.netloc}" == "http://localhost"
    return visitor.get(f"{parts.path}?{parts.query}")


def sign_in_at(visitor: Visitor, provider: OpenProvider, **options: Any) -> TestResponse:
    """The whole way, there and back."""
    return come_back(visitor, set_out(visitor, provider, **options))


def _changed(document: Claims, changes: Mapping[str, Any]) -> Claims:
    return {name: one for name, one in {**document, **changes}.items() if one is not None}


def _json(document: Any, status: int = 200) -> Answer:
    return Answer(status, json.dumps(document).encode())


class _Server(ThreadingHTTPServer):
    provider: OpenProvider


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def provider(self) -> OpenProvider:
        """Whose server this is."""
        server: Any = self.server
        provider: OpenProvider = server.provider
        return provider

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self._answer(parts.path, dict(parse_qsl(parts.query)))

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        self._answer(self.path, dict(parse_qsl(self.rfile.read(length).decode())))

    def log_message(self, *arguments: Any) -> None:
        """Nothing: pytest shows what a test prints."""

    def _answer(self, path: str, values: dict[str, str]) -> None:
        self.provider.asked.append((path, values))
        answer = self.provider.answers.get(path)
        if answer is None:
            answer = self.provider.route(self.command, path)(values, self.headers)
        self.close_connection = True
        with suppress(OSError):  # whoever asked may have gone
            self._write(answer)

    def _write(self, answer: Answer) -> None:
        if answer.hangs:
            self.provider.stopping.wait()
            return
        self.send_response(answer.status)
        sent = {"Content-Type": answer.content_type, "Content-Length": str(len(answer.body))}
        for name, value in {**sent, "Connection": "close", **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        step = 1 if answer.drips else len(answer.body) or 1
        for number in range(0, len(answer.body), step):
            self.wfile.write(answer.body[number : number + step])
            if answer.drips and self.provider.stopping.wait(0.05):
                return
