"""The life of an account, from the first mail to the last, on every database."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa

from flask_lback.auth.personal_data.deletion import Deletions
from flask_lback.core.state import state_of
from flask_lback.testing.kit import outbox_of
from tests.attacks.support import after, is_in
from tests.support.apps import PASSWORD, Site
from tests.support.databases import DatabaseKind
from tests.support.second_step import SETUP, app_code, shown_codes, shown_key, text_of
from tests.support.visitor import Visitor, errors_of, hidden_fields

pytestmark = pytest.mark.xdist_group("databases")

#: Letters of four bytes each, which MariaDB takes for equal unless it is told better.
NAME, ANOTHER = "𠀄𠀅", "𠀆𠀇"
NEW = "quite another sentence"
PLACES = [
    pytest.param("sqlite", "people"),
    pytest.param("postgresql", "text key", marks=pytest.mark.service),
    pytest.param("mariadb", "text key", marks=pytest.mark.service),
]


def token_in_last_mail(site: Site, subject: str) -> str:
    """The token of the link in the last mail, which has that subject."""
    mail = outbox_of(site.app)[-1]
    assert mail["Subject"].startswith(subject), mail["Subject"]
    link = re.search(r"https?://\S+", text_of(mail))
    assert link is not None
    return parse_qs(urlsplit(link[0]).query)["token"][0]


def call(visitor: Visitor, path: str, document: Any = None, token: str = "", **how: Any) -> Any:
    """A JSON request, its answer as a document."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    path = f"/api/auth/{path}/"
    answer = (
        visitor.client.get(path, headers=headers)
        if document is None
        else visitor.post_json(path, document, headers=headers)
    )
    assert answer.status_code == how.get("status", 200), answer.text
    return answer.json


@pytest.mark.parametrize(("database", "shape"), PLACES)
def test_the_life_of_an_account(
    shapes: Callable[..., Site], database: DatabaseKind, shape: str
) -> None:
    site = shapes(database, shape)
    outbox_of(site.app).clear()
    site.add_user(ANOTHER, email=f"{shape.partition(' ')[0]}@example.org")
    visitor = Visitor(site.app)

    # Register and confirm, with a name and an address beyond ASCII and beyond 65,535.
    typed = {"username": "𠀀Ω", "email": "Женя@example.org"}
    sent = visitor.submit("/auth/register/", **typed, password=PASSWORD, password_confirm=PASSWORD)
    assert sent.status_code == 400, "letters of two alphabets"
    typed["username"] = NAME
    sent = visitor.submit("/auth/register/", **typed, password=PASSWORD, password_confirm=PASSWORD)
    assert "Open your mail" in sent.text, errors_of(sent.text)
    refused = visitor.sign_in(NAME, PASSWORD)
    assert refused.status_code == 401, "not confirmed"
    token = token_in_last_mail(site, "Confirm your address")
    assert visitor.submit(f"/auth/verify-email/?token={token}").status_code == 302

    # Sign in twice, list the sessions, and end one from the other.
    assert visitor.sign_in(NAME, PASSWORD).status_code == 302
    other = Visitor(site.app)
    assert other.sign_in("женя@EXAMPLE.org", PASSWORD).status_code == 302
    listed = call(visitor, "sessions")
    assert len(listed["sessions"]) == 2
    assert visitor.submit("/auth/sessions/", "/auth/sessions/end-others/").status_code == 302
    assert [is_in(visitor), is_in(other)] == [True, False]
    with site.app.app_context():
        key = str(site.models.User.objects.get(username=NAME).id)

    # Tokens.
    tokens = call(Visitor(site.app), "login", {"identifier": NAME, "password": PASSWORD})
    assert str(tokens["user"]["id"]) == key
    tokens = call(Visitor(site.app), "refresh", {"refresh_token": tokens["refresh_token"]})
    assert call(Visitor(site.app), "me", token=tokens["access_token"])["email"] == typed["email"]
    made = call(visitor, "tokens", {"name": "Робот 🤖"}, token=tokens["access_token"], status=201)
    assert call(Visitor(site.app), "me", token=made["token"])["username"] == NAME

    # A second step, a code of the app, a recovery code.
    page = visitor.get(f"{SETUP}?method=totp")
    secret = shown_key(page)
    first = {**hidden_fields(page.text), "method": "totp", "code": app_code(secret)}
    codes = shown_codes(visitor.client.post(SETUP, data=first))
    assert len(codes) == 10
    for method, code in (("totp", app_code(secret, 1)), ("recovery", codes[3])):
        fresh = Visitor(site.app)
        document = {"identifier": NAME, "password": PASSWORD}
        challenge = call(fresh, "login", document, status=401)["challenge"]
        answer = {"challenge": challenge, "method": method, "code": code}
        assert call(fresh, "two-factor/verify", answer)["access_token"]
        assert call(fresh, "two-factor/verify", answer, status=401)["code"] == "invalid_code"

    # A lost password: the link ends every session and token.
    fresh = Visitor(site.app)
    fresh.submit("/auth/request-reset-password/", email="ЖЕНЯ@example.org")
    token = token_in_last_mail(site, "Choose a new password")
    page = fresh.submit(
        f"/auth/reset-password/?token={token}", new_password=NEW, password_confirm=NEW
    )
    assert page.status_code == 302, errors_of(page.text)
    assert not is_in(visitor)
    call(fresh, "me", token=made["token"], status=401)
    call(fresh, "refresh", {"refresh_token": tokens["refresh_token"]}, status=401)
    challenge = call(fresh, "login", {"identifier": NAME, "password": NEW}, status=401)
    answer = {"challenge": challenge["challenge"], "method": "recovery", "code": codes[5]}
    tokens = call(fresh, "two-factor/verify", answer)

    # Away: noted, and done once it is due; the log keeps the name.
    gone = fresh.client.delete(
        "/api/auth/me/",
        json={"current_password": NEW},
        headers={"Authorization": f"Bearer {tokens['access_token']}"},
    )
    assert gone.status_code == 202, gone.text
    call(fresh, "me", token=tokens["access_token"], status=401)
    with after(days=60), site.app.app_context():
        report = state_of(site.app)[Deletions].finish_due()
        assert (report.deleted, report.failed) == (1, [])
        assert site.models.User.objects.filter_by(username=NAME) == []
        audit: Any = site.models.AuditEntry
        actions = site.db.session.scalars(sa.select(audit.action).filter_by(target_id=key)).all()
    assert {"auth.login", "auth.email_confirmed", "auth.two_factor_enabled"} <= set(actions)
