"""A site with every part of the accounts switched on, and people whose accounts hold something.

It is served in this process, so that a test or a picture can make what a page shows (a link in a
mail, a session of an hour ago) with the parts that make it on a real site.
"""

from __future__ import annotations

import datetime as dt
import re
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask, template_rendered
from jinja2 import Template
from werkzeug.serving import WSGIRequestHandler, make_server

from flask_lback import Lback
from flask_lback.auth.api_tokens.service import ApiTokens
from flask_lback.auth.invitations.service import Invitations
from flask_lback.auth.managers import UserManager
from flask_lback.auth.models import Models
from flask_lback.auth.sessions.service import SessionManager
from flask_lback.auth.two_factor.service import TwoFactor
from flask_lback.core import clock
from flask_lback.core.state import state_of
from flask_lback.db.schema import initialize
from flask_lback.testing.kit import outbox_of, use_cheap_hasher
from tests.support import provider as oauth
from tests.support.second_step import app_code

from .served import page

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

PASSWORD = "the tide comes twice a day"
LINUX = "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Safari/604.1"
MACOS = "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_6) Chrome/130.0.0.0 Safari/537.36"
#: Of the browsers that tests and pictures use.
ADDRESS = "192.0.2.14"
CREW = "Crew"
_LINK = re.compile(r"https?://\S+")


@dataclass
class Furnished:
    """The site while it is served.

    :ivar url: its address, under the name ``localhost``: passkeys do not work at a number.
    :ivar provider: the other site that people may sign in with.
    :ivar secrets: of the authenticator apps, by username.
    :ivar shown: the templates of the pages so far.
    """

    app: Flask
    url: str
    provider: oauth.OpenProvider
    secrets: dict[str, str] = field(default_factory=dict)
    shown: list[str] = field(default_factory=list)

    def note(self, sender: Any, template: Template, **values: Any) -> None:
        """A page, or another text, was made of a template."""
        self.shown.append(str(template.name))

    @property
    def outbox(self) -> list[EmailMessage]:
        """The mails that were sent."""
        return outbox_of(self.app)

    def link(self, path: str) -> str:
        """The newest link to a page in the mails, without the site's address."""
        for mail in reversed(self.outbox):
            body = mail.get_body(("plain",))
            for found in _LINK.findall(body.get_content() if body else ""):
                if path in found:
                    return str(found.removeprefix(self.url))
        raise LookupError(f"No mail has a link to {path}.")

    @contextmanager
    def working(self, **headers: str) -> Iterator[Any]:
        """A request and a session of the database; gives the state."""
        environ = {"REMOTE_ADDR": headers.pop("address", "127.0.0.1")}
        with self.app.test_request_context(
            base_url=self.url, headers=headers, environ_base=environ
        ):
            yield state_of(self.app)
            self.app.extensions["sqlalchemy"].session.commit()

    def session(
        self, name: str, *, minutes: int = 0, method: str = "password", **headers: str
    ) -> tuple[str, str]:
        """Sign somebody in so many minutes ago; name and value of the cookie."""
        with self.working(**headers) as state, clock.turned(dt.timedelta(minutes=-minutes)):
            user = UserManager().get_user(name)
            key = state[SessionManager].open(user, method=method, remember=minutes > 60)
            return state[SessionManager].cookie_name(self.app), key

    def enter(self, context: BrowserContext, name: str, *, is_fresh: bool = True) -> None:
        """Sign somebody in on a browser, and out of the one before; not fresh is long ago."""
        with self.working() as state:
            kind = state[Models].UserSession
            for row in _all(self, kind):
                if row.ip_address == ADDRESS and row.owner.username == name:
                    row.revoked_at = clock.now()
        headers = {"User-Agent": LINUX, "address": ADDRESS}
        key, value = self.session(name, minutes=0 if is_fresh else 30, **headers)
        context.add_cookies([{"name": key, "value": value, "url": self.url}])


@contextmanager
def furnished(folder: Path, name: str = "Tidewater") -> Iterator[Furnished]:
    """Serve the site while the block runs, its database in ``folder``."""
    with oauth.running() as provider:
        server = make_server("127.0.0.1", 0, _not_yet, threaded=True, request_handler=_Quiet)
        folder.mkdir(exist_ok=True)
        url = f"http://localhost:{server.server_port}"
        app = server.app = make_app(url, folder / "site.sqlite", provider, name)
        provider.redirect_uris.add(f"{url}/auth/oauth/acme/callback/")
        site = Furnished(app, url, provider)
        furnish(site)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            with template_rendered.connected_to(site.note, app):
                yield site
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
            with app.app_context():
                app.extensions["sqlalchemy"].engine.dispose()


class _Quiet(WSGIRequestHandler):
    """Writes no line for each request."""

    def log(self, type: str, message: str, *args: Any) -> None:
        """Nothing."""


def _not_yet(environ: Any, start_response: Any) -> Any:
    raise AssertionError("The application is made once its port is known.")


def make_app(url: str, database: Path, provider: oauth.OpenProvider, name: str) -> Flask:
    """Every part of the accounts on."""
    app = Flask("tidewater")
    app.config.update(
        SECRET_KEY=secrets.token_hex(32),
        SQLALCHEMY_DATABASE_URI=f"sqlite:///{database}",
        LBACK_ENV="local",
        LBACK_SITE_NAME=name,
        LBACK_SITE_URL=url,
        LBACK_MAIL_BACKEND="memory",
        LBACK_TASKS_EAGER=True,
        LBACK_AUTH_MAGIC_LINK_ENABLED=True,
        LBACK_AUTH_PASSKEY_ENABLED=True,
        LBACK_AUTH_TWO_FACTOR_ENABLED=True,
        LBACK_AUTH_TWO_FACTOR_REQUIRED_GROUPS=(CREW,),
        LBACK_AUTH_API_TOKEN_NEVER=True,
        LBACK_AUTH_OAUTH_PROVIDERS={
            "acme": provider.entry(),
            "gitlab": provider.entry(label="GitLab"),
        },
    )
    lback = Lback(app)
    use_cheap_hasher(app)
    lback.permissions.define("blog.publish_post", "Publish a post")
    lback.permissions.define("blog.moderate_comment", "Moderate comments")

    @app.get("/")
    def home() -> str:
        return page("Tidewater", "Notes from people who notice the weather.")

    return app


def furnish(site: Furnished) -> None:
    """People and what they have."""
    with site.app.app_context():
        initialize(site.app)
    with site.working() as state:
        models = state[Models]
        rights = {row.name: row for row in _all(site, models.Permission)}
        writers = models.Group(
            name="Writers",
            permissions=[rights["blog.publish_post"], rights["auth.invite_user"]],
        )
        crew = models.Group(name=CREW, permissions=[rights["blog.moderate_comment"]])
        site.app.extensions["sqlalchemy"].session.add_all([writers, crew])
        add = UserManager(state).create_user
        for name, first, last in (
            ("maya", "Maya", "Lindqvist"),
            ("kofi", "Kofi", "Mensah"),
            ("lena", "Lena", "Vogel"),
            ("noor", "Noor", "Haddad"),
            ("tomas", "Tomás", "Ferreira"),
            ("oskar", "Oskar", "Nyberg"),
            ("ines", "Inês", "Prado"),
            ("ruth", "Ruth", "Adler"),
            ("sana", "Sana", "Iqbal"),
            ("bela", "Béla", "Szabó"),
            ("ulla", "Ulla", "Berg"),
        ):
            password = None if name == "oskar" else PASSWORD
            user = add(
                username=name,
                email=f"{name}@tidewater.example",
                password=password,
                verified=name != "ulla",
                first_name=first,
                last_name=last,
            )
            if name == "maya":
                user.groups = [writers]
                user.date_joined = clock.now() - dt.timedelta(days=412)
            elif name == "tomas":
                user.groups = [crew]
    _second_factors(site)  # which ends sessions
    _sessions(site)
    _linked(site)
    _tokens(site)
    _invited(site)
    site.outbox.clear()


def _all(site: Furnished, kind: Any) -> list[Any]:
    return list(site.app.extensions["sqlalchemy"].session.query(kind))


def _sessions(site: Furnished) -> None:
    phone = {"User-Agent": IPHONE, "address": "192.0.2.15"}
    laptop = {"User-Agent": MACOS, "address": "198.51.100.7"}
    script = {"User-Agent": "curl/8.5.0", "address": "203.0.113.80"}
    site.session("maya", minutes=125, method="passkey", **phone)
    site.session("maya", minutes=60 * 26, method="password+totp", **laptop)
    site.session("maya", minutes=60 * 24 * 5, method="oauth:acme", **script)


def _second_factors(site: Furnished) -> None:
    for name in ("maya", "lena", "bela"):
        with site.working() as state:
            service, user = state[TwoFactor], UserManager().get_user(name)
            secret = service.begin(user, "totp")
            site.secrets[name] = secret.text
            service.confirm(user, "totp", app_code(secret.text))
            if name == "lena":
                service.begin(user, "email")
                code = re.search(r"\b(\d{3}) (\d{3})\b", str(site.outbox[-1].get_body(("plain",))))
                service.confirm(user, "email", "".join(code.groups()) if code else "")
    _passkey(site, "maya", "MacBook Air", days=120, used=2, is_backed_up=True)
    _passkey(site, "maya", "Security key on my key ring", days=30)
    _passkey(site, "noor", "Phone", days=8, used=50)


def _passkey(
    site: Furnished, owner: str, name: str, *, days: int, used: int = 0, is_backed_up: bool = False
) -> None:
    """A passkey that is only looked at: no device holds its other half."""
    now = clock.now()
    with site.working() as state:
        row = state[Models].Passkey(
            owner=UserManager().get_user(owner),
            name=name,
            created_at=now - dt.timedelta(days=days),
            credential_id=secrets.token_urlsafe(32),
            credential_hash=secrets.token_hex(32),
            public_key=secrets.token_bytes(64),
            user_handle=secrets.token_urlsafe(32),
            is_backed_up=is_backed_up,
            last_used_at=now - dt.timedelta(hours=used) if used else None,
        )
        site.app.extensions["sqlalchemy"].session.add(row)


def _linked(site: Furnished) -> None:
    for name, provider, email in (
        ("maya", "acme", "maya.lindqvist@acme.example"),
        ("oskar", "gitlab", "oskar@tidewater.example"),
    ):
        with site.working() as state:
            row = state[Models].OAuthAccount(
                owner=UserManager().get_user(name),
                provider=provider,
                subject=secrets.token_hex(8),
                email=email,
                created_at=clock.now() - dt.timedelta(days=90),
                last_used_at=clock.now() - dt.timedelta(hours=3),
            )
            site.app.extensions["sqlalchemy"].session.add(row)


def _tokens(site: Furnished) -> None:
    for name, days, scopes in (
        ("Backup on the server in the boathouse", 90, None),
        ("Weather station", 365, ["blog.publish_post"]),
    ):
        with site.working() as state:
            row, _ = state[ApiTokens].make(
                UserManager().get_user("maya"), name, scopes=scopes, life=dt.timedelta(days=days)
            )
            if scopes:
                row.last_used_at = clock.now() - dt.timedelta(minutes=18)


def _invited(site: Furnished) -> None:
    for index, (name, days) in enumerate(
        (("aino", 20), ("bruno", 5), ("chidi", 2), ("a.very.long.name.of.somebody", 0))
    ):
        with site.working() as state, clock.turned(dt.timedelta(days=-days)):
            service = state[Invitations]
            row = service.make(UserManager().get_user("maya"), f"{name}@example.org", ["Writers"])
            if index == 1:
                row.accepted_at = clock.now()
            elif index == 2:
                service.withdraw(row)
