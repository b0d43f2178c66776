"""Links that sign in, and links that make accounts, are good once, whoever is how quick."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from flask_lback.auth.invitations.service import Invitations
from flask_lback.auth.magic_links.service import MagicLinks
from flask_lback.auth.personal_data.deletion import Deletions
from flask_lback.core import clock
from flask_lback.core.state import state_of
from flask_lback.testing.kit import outbox_of
from tests.support.apps import PASSWORD, Site
from tests.support.databases import DATABASES
from tests.support.visitor import Visitor, hidden_fields

from .support import at_once, is_in, signed_in

MAGIC = {"LBACK_AUTH_MAGIC_LINK_ENABLED": True}


def token_for(site: Site) -> str:
    with site.app.app_context():
        return state_of(site.app)[MagicLinks].make(site.user("maya"))


@pytest.mark.parametrize("kind", DATABASES)
def test_cc_1_a_link_that_signs_in_used_six_times_at_once_works_once(
    make_ready: Callable[..., Site], kind: str
) -> None:
    site = make_ready("default", kind, **MAGIC)
    site.add_user("maya")
    path = f"/auth/magic-link/?token={token_for(site)}"

    def job() -> Callable[[], tuple[int, Visitor]]:
        visitor = Visitor(site.app)
        data = hidden_fields(visitor.get(path).text)
        return lambda: (
            visitor.client.post("/auth/magic-link/", data=data).status_code,
            visitor,
        )

    answers = at_once([job() for _ in range(6)])
    assert sorted(status for status, _ in answers) == [302] + [400] * 5
    assert [status for status, visitor in answers if is_in(visitor)] == [302]


@pytest.mark.parametrize("kind", DATABASES)
def test_cc_1_an_invitation_accepted_six_times_at_once_makes_one_account(
    make_ready: Callable[..., Site], kind: str
) -> None:
    site = make_ready("default", kind)
    with site.app.test_request_context():
        state_of(site.app)[Invitations].make(None, "kofi@example.org")
    text = outbox_of(site.app)[-1].get_body(("plain",))
    found = re.search(r"token=(\S+)", text.get_content() if text is not None else "")
    assert found is not None
    token = found[1]

    def job(number: int) -> Callable[[], int]:
        visitor = Visitor(site.app)
        page = visitor.get(f"/auth/accept-invitation/?token={token}")
        own = {"username": f"kofi{number}", "password": PASSWORD, "password_confirm": PASSWORD}
        data = {**hidden_fields(page.text), **own}
        return lambda: visitor.client.post("/auth/accept-invitation/", data=data).status_code

    assert sorted(at_once([job(number) for number in range(6)])) == [302] + [400] * 5
    with site.app.app_context():
        assert site.db.session.query(site.models.User).count() == 1


def test_pr_12_a_link_does_not_pass_the_second_factor(make_ready: Callable[..., Site]) -> None:
    site = make_ready(**MAGIC)
    site.add_user("maya")
    with site.app.app_context():
        user = site.user("maya")
        device = site.models.TotpDevice(owner=user, secret="x" * 32, confirmed_at=clock.now())
        site.db.session.add(device)
        site.db.session.commit()
    token = token_for(site)
    visitor = Visitor(site.app)
    answer = visitor.submit(f"/auth/magic-link/?token={token}")
    assert "/two-factor/" in answer.location
    assert not is_in(visitor)
    assert Visitor(site.app).get(f"/auth/magic-link/?token={token}").status_code == 400
    answer = visitor.post_json("/api/auth/magic-link/", {"token": token_for(site)})
    assert answer.status_code == 401
    assert "access_token" not in answer.text


def test_ev_5_a_link_opened_by_somebody_else_changes_nothing_until_they_press(
    make_ready: Callable[..., Site],
) -> None:
    site = make_ready(**MAGIC)
    site.add_user("maya")
    site.add_user("kofi")
    visitor = signed_in(site, "kofi")
    page = visitor.get(f"/auth/magic-link/?token={token_for(site)}")
    assert "Sign in as maya?" in page.text
    assert "kofi@example.org" in visitor.get("/auth/account/").text


@pytest.mark.parametrize("page", ["magic-link/request", "request-reset-password"])
def test_pr_8_a_site_that_cannot_write_links_says_so_to_everybody(
    make_ready: Callable[..., Site], page: str
) -> None:
    site = make_ready(PROPAGATE_EXCEPTIONS=False, **MAGIC)
    site.add_user("maya")
    site.app.testing = False

    def ask(email: str) -> int:
        client = site.app.test_client()
        shown = client.get(f"/auth/{page}/", base_url="http://shop.example")
        data = {**hidden_fields(shown.text), "email": email}
        return client.post(f"/auth/{page}/", base_url="http://shop.example", data=data).status_code

    assert {ask("maya@example.org"), ask("nobody@example.org")} == {500}


@pytest.mark.parametrize("path", ["/auth/delete-account/", "/auth/export-data/"])
def test_cs_1_another_site_neither_deletes_nor_exports(
    make_ready: Callable[..., Site], path: str
) -> None:
    site = make_ready()
    site.add_user("maya")
    visitor = signed_in(site)
    answer = visitor.client.post(path, data={"current_password": PASSWORD})
    assert answer.status_code == 400
    assert is_in(visitor)


@pytest.mark.parametrize("kind", DATABASES)
def test_a_sign_in_and_the_deletion_at_once_leave_all_or_nothing(
    make_ready: Callable[..., Site], kind: str
) -> None:
    site = make_ready("default", kind)
    site.add_user("maya")
    signed_in(site).submit("/auth/delete-account/", current_password=PASSWORD)
    with site.app.app_context():
        row = site.db.session.query(site.models.AccountDeletion).one()
        row.due_at = clock.now()
        site.db.session.commit()

    def delete() -> Any:
        with site.app.app_context():
            return state_of(site.app)[Deletions].finish_due().deleted

    visitor = Visitor(site.app)
    site.app.config["PROPAGATE_EXCEPTIONS"] = False
    at_once([delete, lambda: visitor.sign_in("maya", PASSWORD).status_code])
    with site.app.app_context():
        is_there = site.user("maya") is not None
        sessions = site.db.session.query(site.models.UserSession).filter_by(revoked_at=None)
        assert sessions.count() == int(is_there)
    assert is_in(visitor) == is_there
