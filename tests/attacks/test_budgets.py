"""What one person uses up is not another one's."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest

from flask_lback.testing.kit import outbox_of
from tests.support.apps import PASSWORD, Site
from tests.support.visitor import Visitor

from .support import log_in_by_json, post

MakeSite = Callable[..., Site]
ELSEWHERE = {"REMOTE_ADDR": "203.0.113.9"}


def test_bf_7_a_program_that_asks_every_minute_gives_a_guesser_no_new_budget(
    make_ready: MakeSite,
) -> None:
    site = make_ready(
        LBACK_AUTH_MECHANISMS=("session", "jwt", "token", "basic"),
        LBACK_AUTH_LIMIT_PASSWORD_PER_ACCOUNT="20 per 15 minutes; 100 per day",
        LBACK_AUTH_LIMIT_PASSWORD_PER_ACCOUNT_AND_ADDRESS="10 per 15 minutes; 50 per day",
    )
    site.add_user("maya")
    word = base64.b64encode(f"maya:{PASSWORD}".encode()).decode()
    headers = {"Authorization": f"Basic {word}"}
    statuses = []
    for number in range(12):
        thief = {"identifier": "maya", "password": f"guess {number}"}
        answer = Visitor(site.app).post_json("/api/auth/login/", thief, environ_overrides=ELSEWHERE)
        statuses.append(answer.status_code)
        if number < 9:
            answer = site.app.test_client().get("/api/auth/me/", headers=headers)
            assert answer.status_code == 200, "the program itself uses nothing up"
    assert statuses == [401] * 10 + [429] * 2


def test_bf_7_a_program_that_asks_all_day_is_let_in_all_day(make_ready: MakeSite) -> None:
    site = make_ready(
        LBACK_AUTH_MECHANISMS=("session", "jwt", "token", "basic"),
        LBACK_AUTH_LIMIT_PASSWORD_PER_ACCOUNT="3 per 15 minutes; 5 per day",
        LBACK_AUTH_LIMIT_PASSWORD_PER_ADDRESS="5 per day",
    )
    site.add_user("maya")
    word = base64.b64encode(f"maya:{PASSWORD}".encode()).decode()
    headers = {"Authorization": f"Basic {word}"}
    for _ in range(12):
        answer = site.app.test_client().get("/api/auth/me/", headers=headers)
        assert answer.status_code == 200
    assert log_in_by_json(site).status_code == 200


@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("resend-verification", {"email": "maya@example.org"}),
        ("magic-link/request", {"email": "maya@example.org"}),
    ],
)
def test_pr_11_mails_of_another_kind_do_not_use_up_those_of_a_reset(
    make_ready: MakeSite, path: str, document: dict[str, Any]
) -> None:
    site = make_ready(LBACK_AUTH_MAGIC_LINK_ENABLED=True)
    site.add_user("maya")
    for _ in range(5):
        answer = Visitor(site.app).post_json(
            f"/api/auth/{path}/", document, environ_overrides=ELSEWHERE
        )
        assert answer.status_code == 202
    outbox = outbox_of(site.app)
    outbox.clear()
    asked = {"email": "maya@example.org"}
    assert post(site, "request-reset-password", asked).status_code == 202
    assert [mail["To"] for mail in outbox] == ["maya@example.org"]


def test_pr_11_an_address_that_somebody_wants_for_theirs_still_gets_its_reset(site: Site) -> None:
    site.add_user("maya")
    site.add_user("kofi")
    tokens = log_in_by_json(site, "kofi").get_json()
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    client = site.app.test_client()
    wanted = {"email": "maya@example.org", "current_password": PASSWORD}
    for _ in range(5):
        answer = client.post("/api/auth/change-email/", json=wanted, headers=headers)
        assert answer.status_code == 202
    asked = {"email": "maya@example.org"}
    assert post(site, "request-reset-password", asked).status_code == 202
