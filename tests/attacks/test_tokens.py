"""Refresh tokens under theft and under races; access tokens that are no tokens."""

from __future__ import annotations

import base64
import datetime as dt
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest

from flask_lback.auth.refresh_tokens import RefreshTokens
from flask_lback.core import clock
from flask_lback.core.state import state_of
from flask_lback.testing import record_signals
from tests.support.apps import Site
from tests.support.databases import DATABASES

from .support import at_once, log_in_by_json, refresh


def first_token(site: Site) -> str:
    """The refresh token of a new login."""
    document: Any = log_in_by_json(site).json
    return str(document["refresh_token"])


def next_token(site: Site, token: str) -> str:
    """The token that follows."""
    document: Any = refresh(site, token).json
    return str(document["refresh_token"])


@pytest.mark.parametrize("kind", DATABASES)
def test_jw_8_tabs_that_refresh_at_once_all_stay_signed_in(
    make_ready: Callable[..., Site], kind: str
) -> None:
    site = make_ready("default", kind)
    site.add_user("maya")
    token = first_token(site)
    answers = at_once([lambda: refresh(site, token).status_code] * 6)
    assert answers == [200] * 6


@pytest.mark.parametrize("kind", DATABASES)
def test_jw_8_a_tab_that_comes_second_in_the_middle_of_a_request_stays_signed_in(
    make_ready: Callable[..., Site], kind: str
) -> None:
    site = make_ready("default", kind)
    site.add_user("maya")
    token = first_token(site)
    with site.app.test_request_context(), record_signals("refresh_token_reused") as sent:
        tokens = state_of(site.app)[RefreshTokens]
        tokens._find(token)  # MariaDB goes on to show this transaction what it saw here
        thread = threading.Thread(target=refresh, args=(site, token))
        thread.start()
        thread.join()
        tokens.rotate(token)
        site.db.session.commit()
    assert sent == []


@pytest.mark.parametrize("thief_first", [True, False])
def test_jw_8_a_thief_who_was_quick_enough_for_the_grace_is_found_out(
    site: Site, thief_first: bool
) -> None:
    site.add_user("maya")
    token = first_token(site)
    owner, thief = next_token(site, token), next_token(site, token)
    first, second = (thief, owner) if thief_first else (owner, thief)
    with clock.turned(dt.timedelta(minutes=14)):
        latest = next_token(site, first)
    with clock.turned(dt.timedelta(minutes=20)):
        answer = refresh(site, second)
        assert (answer.status_code, answer.json["code"]) == (401, "token_reused")  # type: ignore[index]
        assert refresh(site, latest).status_code == 401


def encoded(text: bytes) -> str:
    """As a part of a JWT."""
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


@pytest.mark.parametrize(
    "token",
    [
        encoded(b"[" * 2_900) + ".e30.x",
        encoded(b'{"a":' * 580) + ".e30.x",
        encoded(b'{"alg":"HS256"}') + "." + encoded(b"[" * 2_000) + ".x",
        encoded(b'{"alg":"HS256","crit":["x"],"x":1}') + ".e30.x",
        encoded(b'{"alg":["HS256"]}') + ".e30.x",
        encoded(b'{"alg":null}') + ".e30.",
        encoded(json.dumps({"alg": "none"}).encode()) + ".e30.",
        "é.é.é",
        "..",
        "a" * 100_000,
        '{"payload":"e30","signatures":[]}',
    ],
    ids=lambda token: token[:20],
)
def test_jw_10_what_is_no_token_is_nobody_and_no_error(site: Site, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    assert site.app.test_client().get("/api/auth/me/", headers=headers).status_code == 401
