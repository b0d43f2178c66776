"""What an honest visitor does: it works with every control on, and with any of them off."""

from __future__ import annotations

import re
from typing import Any

from flask_lback.testing.kit import outbox_of
from tests.support.apps import Site
from tests.support.visitor import Visitor

from .support import is_in, post, refresh

FIRST, SECOND = "The 1st plain sentence", "The 2nd plain sentence"


def path_in_the_last_mail(site: Site) -> str:
    """Where its link leads."""
    part = outbox_of(site.app)[-1].get_body(("plain",))
    found = re.search(r"http://localhost(/\S+)", "" if part is None else part.get_content())
    assert found is not None
    return found[1]


def test_honest_visitors_register_sign_in_and_reset_their_password(site: Site) -> None:
    names = {"username": "kofi", "email": "kofi@example.org"}
    visitor = Visitor(site.app)
    visitor.submit("/auth/register/", **names, password=FIRST, password_confirm=FIRST)
    visitor.submit(path_in_the_last_mail(site))
    assert visitor.sign_in("kofi@example.org", FIRST).status_code == 302
    assert is_in(visitor)
    assert visitor.submit("/auth/logout/").status_code == 302
    other = Visitor(site.app)
    other.submit("/auth/request-reset-password/", email="kofi@example.org")
    new = {"new_password": SECOND, "password_confirm": SECOND}
    assert other.submit(path_in_the_last_mail(site), **new).status_code == 302
    assert other.sign_in("kofi", SECOND).status_code == 302
    assert is_in(other)


def test_honest_programs_sign_in_and_refresh_their_tokens(site: Site) -> None:
    site.add_user("maya", password=FIRST)
    tokens: Any = post(site, "login", {"identifier": "maya", "password": FIRST}).json
    for _ in range(2):
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        answer: Any = site.app.test_client().get("/api/auth/me/", headers=bearer)
        assert (answer.status_code, answer.json["username"]) == (200, "maya")
        tokens = refresh(site, tokens["refresh_token"]).json
