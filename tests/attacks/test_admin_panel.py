"""The panel is for people: no program comes in with a token."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from flask_lback.auth.api_tokens.service import ApiTokens
from flask_lback.core.state import state_of
from flask_lback.permissions.sync import sync
from tests.support.apps import Site

from .held import bearer, copied_access
from .support import signed_in

MakeSite = Callable[..., Site]


def program_of(site: Site, scopes: list[str] | None) -> dict[str, str]:
    """The header of a token of sam's."""
    with site.app.test_request_context():
        tokens = state_of(site.app)[ApiTokens]
        life = dt.timedelta(days=7)
        return bearer(tokens.make(site.user("sam"), "a script", scopes=scopes, life=life)[1])


@pytest.mark.parametrize("scopes", [["auth.view_user", "auth.change_user"], None])
def test_ad_1_a_token_opens_no_page_of_the_panel(site: Site, scopes: list[str] | None) -> None:
    with site.app.app_context():
        sync(site.app)
    key = site.add_user("sam", is_staff=True, is_superuser=True)
    headers, client = program_of(site, scopes), site.app.test_client()
    edit = f"/admin/auth/user/edit/?id={key}"
    for path in ("/admin/", "/admin/auth/user/", edit, "/admin/auth/user/new/"):
        assert client.get(path, headers=headers).status_code == 403, path
    data: dict[str, Any] = {"username": "sam", "email": "thief@example.org", "is_active": "y"}
    assert client.post(edit, data=data, headers=headers).status_code == 403
    with site.app.app_context():
        assert site.user("thief") is None
    assert signed_in(site, "sam").get(edit).status_code == 200
    assert client.get(edit, headers=copied_access(site, "sam")).status_code == 200
