"""A site with every route that the package has, and somebody of each kind who asks for them."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from flask_lback.auth import UserManager, get_models
from flask_lback.testing import sign_in
from tests.admin.blog import Blog, make_blog
from tests.support.visitor import hidden_fields

from .support import content

#: In every row that somebody could read.
SECRET = "classified"
#: Fields that would fail, whatever the form: nothing is to be changed here.
FORM = {
    **{"action": "delete", "rowid": "1", "id": "1"},
    **dict.fromkeys(("name", "username", "title", "text", "number"), ""),
}
#: Nobody, accounts of each state, and staff with no permission; those with one are made below.
#: ``member`` holds every permission; ``inactive`` and ``unconfirmed`` are superusers.
PEOPLE = ("visitor", "inactive", "unconfirmed", "member", "staff", "root")
#: As ``root``, but that the proof is old.
LATE = "late"
#: ``root``, who sees the site as one of the staff.
IMPERSONATOR = "impersonator"


@dataclass
class Office:
    """A site with every route, and somebody of each kind."""

    blog: Blog
    permissions: list[str]

    def rules(self) -> Iterator[tuple[Rule, str]]:
        """Every rule, with GET, POST and the other methods that it has."""
        rules = list(self.blog.app.url_map.iter_rules())
        served = {(rule.rule, method) for rule in rules for method in rule.methods or ()}
        for rule in rules:
            for method in sorted({"GET", "POST", *(rule.methods or ())} - {"HEAD", "OPTIONS"}):
                if method in (rule.methods or ()) or (rule.rule, method) not in served:
                    yield rule, method

    def client(self, name: str) -> FlaskClient:
        """A browser of somebody."""
        client = self.blog.app.test_client()
        if name == IMPERSONATOR:
            sign_in(self.blog.app, "root", client=client)
            data = {"csrf_token": token_of(client)}
            with self.blog.app.app_context():
                seen: Any = UserManager().get_user(clerk("blog.view_post"))
                path = f"/admin/people/user/impersonate/?id={seen.id}"
            assert client.post(path, data=data).status_code == 302
            return client
        return client if name == "visitor" else sign_in(self.blog.app, name, client=client)

    @functools.cached_property
    def content(self) -> Any:
        """What is stored before anybody has asked for anything."""
        return stored(self.blog)


def stored(blog: Blog) -> dict[str, Any]:
    """What nobody here is to change."""
    return {name: rows for name, rows in content(blog).items() if name != "lback_user_session"}


@contextmanager
def opened_office(folder: Path) -> Iterator[Office]:
    """The site in a folder, gone afterwards."""
    key = ed25519.Ed25519PrivateKey.generate()
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    blog = make_blog(
        f"sqlite:///{folder}/office.sqlite",
        LBACK_AUTH_MAGIC_LINK_ENABLED=True,
        LBACK_AUTH_JWT_ALGORITHM="EdDSA",
        LBACK_AUTH_JWT_KEY=key.private_bytes(
            pem, serialization.PrivateFormat.PKCS8, plain
        ).decode(),
        LBACK_AUTH_OAUTH_PROVIDERS={"github": {"client_id": "id", "client_secret": "secret"}},
        LBACK_AUTH_UNCONFIRMED_MAY=(),
        PROPAGATE_EXCEPTIONS=False,
    )
    yield Office(blog, fill(blog))
    with blog.app.app_context():
        blog.db.engine.dispose()


def fill(blog: Blog) -> list[str]:
    """A row of each model and somebody of each kind; the names of all permissions."""
    with blog.app.app_context():
        models = get_models()
        permissions = list(blog.db.session.scalars(sa.select(models.Permission.name)))
        blog.db.session.add_all([blog.Tag(name=SECRET), models.Group(name=SECRET)])
        blog.db.session.commit()
    blog.add_user("plain", first_name=SECRET)  # the first of them is who the addresses name
    blog.add_user("member", *permissions)
    blog.add_comments(blog.add_post(SECRET, author="member"), 1, author_id=1)
    for name in ("inactive", "unconfirmed", "root", LATE):
        blog.add_superuser(name)
    for name in ("staff", *map(clerk, permissions)):
        blog.add_staff(name)
    with blog.app.app_context():
        blog.db.session.add(blog.Receipt(number=SECRET, buyer_id=1))
        user: Any = UserManager().get_user
        user("inactive").is_active = False
        user("unconfirmed").email_verified_at = None
        for name in permissions:
            blog.lback.permissions.grant(name, user(clerk(name)))
        blog.db.session.commit()
    return permissions


def clerk(permission: str) -> str:
    """Who holds a permission, and nothing else."""
    return permission.replace(".", "-")


def is_panel(rule: Rule) -> bool:
    """Whether an address belongs to the panel."""
    return str(rule.endpoint).startswith("lback_admin")


def asked(client: FlaskClient, token: str, rule: Rule, method: str) -> TestResponse:
    """A request with the token, and with nothing that would be right.

    What an address names is there in the panel, and is not there elsewhere.
    """
    path = re.sub(r"<int[^>]*>", "999", rule.rule.replace("<provider>", "github"))
    path = re.sub(r"<[^>]*>", "x", path)
    if is_panel(rule):
        path += "?id=999" if "impersonate" in path else "?id=1&field=none"
    if method == "GET":
        return client.get(path)
    headers = {"X-CSRFToken": token}
    if rule.rule.startswith("/api/"):
        return client.open(path, method=method, json={}, headers=headers)
    return client.open(path, method=method, data=FORM, headers=headers)


def token_of(client: FlaskClient) -> str:
    """The token of this browser's forms."""
    return hidden_fields(client.get("/auth/logout/").text)["csrf_token"]


def verdict(answer: TestResponse) -> str:
    """Whether somebody was let in, or what was wanted instead."""
    wanted = {"/auth/login/": "sign in", "/auth/reauthenticate/": "proof"}
    if answer.request.path != "/auth/unconfirmed/":
        wanted["/auth/unconfirmed/"] = "confirm"
    code = (answer.json or {}).get("code") if "problem+json" in str(answer.mimetype) else None
    codes = {"reauthentication_required": "proof", "email_not_verified": "confirm"}
    where = (answer.location or "").partition("?")[0]
    if said := codes.get(str(code)) or wanted.get(where):
        return said
    statuses = {401: "sign in", 403: "no", 405: "no such method"}
    return statuses.get(answer.status_code, "in" if answer.status_code < 500 else "fault")
