"""Mailed links work once, and asking for one tells nobody anything."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from flask_lback.auth.links import RESET, LinkTokens
from flask_lback.core.state import state_of
from tests.support.apps import PASSWORD, Site
from tests.support.databases import DATABASES
from tests.support.visitor import Visitor, hidden_fields

from .support import at_once


@pytest.mark.parametrize("kind", DATABASES)
def test_cc_1_a_reset_link_used_six_times_at_once_works_once(
    make_ready: Callable[..., Site], kind: str
) -> None:
    site = make_ready("default", kind)
    site.add_user("maya")
    with site.app.app_context():
        token = state_of(site.app)[LinkTokens].make(RESET, site.user("maya"))

    def job(number: int) -> Callable[[], tuple[int, str]]:
        visitor, password = Visitor(site.app), f"a sentence of {number} words"
        page = visitor.get(f"/auth/reset-password/?token={token}")
        fields = {"new_password": password, "password_confirm": password}
        data = {**hidden_fields(page.text), **fields}
        return lambda: (
            visitor.client.post("/auth/reset-password/", data=data).status_code,
            password,
        )

    answers = at_once([job(number) for number in range(6)])
    [winner] = [password for status, password in answers if status == 302]
    assert sorted(status for status, _ in answers) == [302] + [400] * 5
    with site.app.app_context():
        assert site.user("maya").check_password(winner)


@pytest.mark.parametrize("page", ["request-reset-password", "resend-verification", "register"])
def test_pr_8_a_site_that_cannot_write_links_says_so_to_everybody(
    make_ready: Callable[..., Site], page: str
) -> None:
    site = make_ready(PROPAGATE_EXCEPTIONS=False)
    site.add_user("maya", verified=page != "resend-verification")
    site.app.testing = False

    def ask(email: str) -> int:
        client = site.app.test_client()
        shown = client.get(f"/auth/{page}/", base_url="http://shop.example")
        fields = {"username": "kofi", "password": PASSWORD, "password_confirm": PASSWORD}
        data = {**hidden_fields(shown.text), **fields, "email": email}
        return client.post(f"/auth/{page}/", base_url="http://shop.example", data=data).status_code

    assert {ask("maya@example.org"), ask("nobody@example.org")} == {500}
