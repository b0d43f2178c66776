"""A request that is held open outlives neither a reset nor the end of its session.

Its login is looked at when its headers have come; its body, or the answer of another site, comes
when the owner has thrown everybody out.
"""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import sqlalchemy as sa
from flask import request

from flask_lback.auth import UserManager, auth_required, current_user
from flask_lback.auth.addresses import Addresses
from flask_lback.auth.api_tokens.service import ApiTokens
from flask_lback.auth.current import present_login
from flask_lback.auth.invitations.service import Invitations
from flask_lback.auth.oauth.identity import Identity
from flask_lback.auth.oauth.service import OAuthAccounts
from flask_lback.auth.passkeys.service import Passkeys
from flask_lback.auth.passwords.first_password import choose_password
from flask_lback.auth.personal_data.proof import leave
from flask_lback.auth.sessions.service import SessionManager
from flask_lback.auth.two_factor.service import TwoFactor
from flask_lback.core.errors import Problem
from flask_lback.core.state import state_of
from flask_lback.testing.kit import outbox_of
from tests.support.apps import PASSWORD, Site
from tests.support.authenticator import Authenticator, owner_of_passkey
from tests.support.databases import DATABASES
from tests.support.second_step import app_code, set_up_app
from tests.support.visitor import Visitor

from .held import apart, copied_access, held_open
from .support import NEW_PASSWORD, log_in_by_json, post, signed_in, token_of

MakeSite = Callable[..., Site]
Headers = dict[str, str]


def reset(site: Site) -> None:
    """The owner chooses a new password by mail."""
    document = {"token": token_of(site, "reset-password"), "new_password": NEW_PASSWORD}
    assert post(site, "reset-password", document).status_code == 200


def switch_off(site: Site) -> None:
    """An administrator deactivates the account."""
    with site.app.app_context():
        UserManager().deactivate(site.user("maya"))
        site.db.session.commit()


def end_others(site: Site) -> None:
    """The owner ends all other sessions."""
    with site.app.app_context():
        state_of(site.app)[SessionManager].end_all(site.user("maya"))
        site.db.session.commit()


def count(site: Site, kind: str) -> int:
    """How many rows there are."""
    with site.app.app_context():
        model = getattr(site.models, kind)
        return site.db.session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


def a_token(site: Site, headers: Headers) -> dict[str, Any]:
    """What makes an API token."""
    return {"name": "left behind"}


def a_code(site: Site, headers: Headers) -> dict[str, Any]:
    """What confirms an authenticator app."""
    begun: Any = site.app.test_client().post(
        "/api/auth/two-factor/enable/", json={}, headers=headers
    )
    return {"code": app_code(begun.json["secret"])}


def a_passkey(site: Site, headers: Headers) -> dict[str, Any]:
    """What adds a passkey."""
    begun: Any = site.app.test_client().post(
        "/api/auth/passkeys/options/", json={}, headers=headers
    )
    made = Authenticator().create(begun.json["publicKey"])
    return {"credential": made, "ceremony": begun.json["ceremony"]}


def a_wish(site: Site, headers: Headers) -> dict[str, Any]:
    """What has the account deleted."""
    return {"current_password": PASSWORD}


@pytest.mark.parametrize("meanwhile", [reset, switch_off, end_others])
@pytest.mark.parametrize(
    ("path", "document_of", "kind"),
    [
        ("tokens", a_token, "ApiToken"),
        ("two-factor/confirm", a_code, "RecoveryCode"),
        ("passkeys", a_passkey, "Passkey"),
        ("me", a_wish, "AccountDeletion"),
    ],
)
def test_rm_1_nothing_is_left_behind_by_a_request_that_was_held_open(
    site: Site,
    path: str,
    document_of: Callable[[Site, Headers], dict[str, Any]],
    kind: str,
    meanwhile: Callable[[Site], None],
) -> None:
    site.add_user("maya")
    headers = copied_access(site)
    answer = held_open(
        site,
        f"/api/auth/{path}/",
        document_of(site, headers),
        headers,
        lambda: meanwhile(site),
        "DELETE" if path == "me" else "POST",
    )
    assert answer.status_code in (400, 401)
    assert count(site, kind) == 0


@pytest.mark.parametrize("database", DATABASES)
def test_rm_1_every_database_is_asked_what_is_true_now(make_ready: MakeSite, database: str) -> None:
    site = make_ready("default", database)
    site.add_user("maya")
    headers = copied_access(site)
    for path, document_of in (("tokens", a_token), ("passkeys", a_passkey)):
        document = document_of(site, headers)
        target = f"/api/auth/{path}/"
        assert held_open(site, target, document, headers, lambda: None).status_code == 201
    answer = held_open(site, "/api/auth/tokens/", {"name": "2"}, headers, lambda: reset(site))
    assert (answer.status_code, count(site, "ApiToken")) == (401, 1)


@pytest.mark.parametrize("meanwhile", [reset, switch_off, end_others])
def test_ev_7_no_link_to_another_address_leaves_by_a_request_that_was_held_open(
    site: Site, meanwhile: Callable[[Site], None]
) -> None:
    site.add_user("maya")
    document = {"email": "thief@example.org"}
    headers = copied_access(site)
    answer = held_open(site, "/api/auth/change-email/", document, headers, lambda: meanwhile(site))
    assert answer.status_code == 401
    assert "thief@example.org" not in [mail["To"] for mail in outbox_of(site.app)]


def test_rm_1_the_second_factor_of_the_owner_stays(site: Site) -> None:
    site.add_user("maya")
    set_up_app(site)
    headers = copied_access(site)
    answer = held_open(site, "/api/auth/two-factor/disable/", {}, headers, lambda: end_others(site))
    assert (answer.status_code, count(site, "TotpDevice")) == (401, 1)


@pytest.mark.parametrize("meanwhile", [reset, switch_off])
def test_rm_1_a_password_that_came_with_the_request_is_looked_at_again(
    make_ready: MakeSite, meanwhile: Callable[[Site], None]
) -> None:
    site = make_ready(LBACK_AUTH_MECHANISMS=("session", "jwt", "token", "basic"))
    site.add_user("maya")
    word = base64.b64encode(f"maya:{PASSWORD}".encode()).decode()
    answer = held_open(
        site,
        "/api/auth/change-email/",
        {"email": "thief@example.org", "current_password": PASSWORD},
        {"Authorization": f"Basic {word}"},
        lambda: meanwhile(site),
    )
    assert answer.status_code == 401
    assert "thief@example.org" not in [mail["To"] for mail in outbox_of(site.app)]


def test_rm_1_a_token_that_has_ended_makes_no_other_one(site: Site) -> None:
    site.add_user("maya")

    @site.app.post("/robots/")
    @auth_required("token")
    def robots() -> str:
        name = request.get_json()["name"]
        return tokens.make(current_user._get_current_object(), name, life=week)[1]

    tokens, week = state_of(site.app)[ApiTokens], dt.timedelta(days=7)
    with site.app.test_request_context():
        text = tokens.make(site.user("maya"), "a script", life=week)[1]
    headers = {"Authorization": f"Token {text}"}
    assert held_open(site, "/robots/", {"name": "1"}, headers, lambda: None).status_code == 200
    answer = held_open(site, "/robots/", {"name": "2"}, headers, lambda: reset(site))
    assert (answer.status_code, count(site, "ApiToken")) == (401, 2)


def slow_look_up(meanwhile: list[Callable[[], object]]) -> Callable[[str], Sequence[str]]:
    """The list of another site, which takes so long that something else has happened."""

    def look_up(prefix: str) -> Sequence[str]:
        if meanwhile:
            apart(meanwhile.pop())
        return ()

    return look_up


def test_rm_1_a_password_that_a_slow_look_up_holds_up_is_not_chosen(make_ready: MakeSite) -> None:
    meanwhile: list[Callable[[], object]] = []
    site = make_ready(LBACK_AUTH_PASSWORD_BREACH_LOOKUP=slow_look_up(meanwhile))
    site.add_user("maya")
    thief, chosen = signed_in(site), "the thief has chosen this"
    meanwhile.append(lambda: reset(site))
    fields = {"new_password": chosen, "password_confirm": chosen}
    thief.submit("/auth/change-password/", current_password=PASSWORD, **fields)
    assert log_in_by_json(site, password=chosen).status_code == 401
    assert log_in_by_json(site, password=NEW_PASSWORD).status_code == 200


def test_pr_3_a_link_that_a_slow_look_up_holds_up_is_dead_once_another_was_used(
    make_ready: MakeSite,
) -> None:
    meanwhile: list[Callable[[], object]] = []
    site = make_ready(LBACK_AUTH_PASSWORD_BREACH_LOOKUP=slow_look_up(meanwhile))
    site.add_user("maya")
    chosen = "the thief has chosen this"
    document = {"token": token_of(site, "reset-password"), "new_password": chosen}
    meanwhile.append(lambda: reset(site))
    assert post(site, "reset-password", document).status_code == 400
    assert log_in_by_json(site, password=NEW_PASSWORD).status_code == 200


def made_by_service(site: Site, user: Any, what: str) -> None:
    """Do one of the things that forms and other sites lead to."""
    state = state_of(site.app)
    if what == "link":
        accounts = state[OAuthAccounts]
        accounts.link(user, accounts.clients["acme"], Identity("thief"))
    elif what == "unlink":
        state[OAuthAccounts].unlink(user, 1)
    elif what == "invite":
        state[Invitations].make(user, "friend@example.org")
    elif what == "remove passkey":
        passkeys = state[Passkeys]
        passkeys.remove(user, passkeys.of(user)[0])
    elif what == "password":
        choose_password(user, "the thief has chosen this", but=None)
    elif what == "recovery codes":
        state[TwoFactor].make_recovery_codes(user)
    elif what == "address":
        state[Addresses].request_change(user, "thief@example.org")
    else:
        leave(user)


@pytest.mark.parametrize(
    "what",
    [
        *("link", "unlink", "invite", "remove passkey", "password", "recovery codes", "address"),
        "leave",
    ],
)
def test_rm_1_whoever_was_thrown_out_meanwhile_writes_nothing(
    make_ready: MakeSite, what: str
) -> None:
    acme = {
        "client_id": "site",
        "client_secret": "secret",
        "issuer": "https://acme.example",
    }
    site = make_ready(LBACK_AUTH_OAUTH_PROVIDERS={"acme": acme})
    if what == "remove passkey":
        owner_of_passkey(site)
    else:
        site.add_user("maya")
    if what == "recovery codes":
        set_up_app(site)
    with site.app.app_context():
        user = site.user("maya")
        if what == "password":
            user.password_hash = None
        if what == "unlink":
            site.db.session.add(
                site.models.OAuthAccount(owner=user, provider="acme", subject="maya")
            )
        site.db.session.commit()
    kinds = ("OAuthAccount", "Invitation", "Passkey", "RecoveryCode", "AccountDeletion")
    headers, before = copied_access(site), [count(site, kind) for kind in kinds]
    with site.app.test_request_context(headers=headers):
        assert present_login() is not None
        apart(lambda: end_others(site))
        with pytest.raises(Problem) as refused:
            made_by_service(site, current_user._get_current_object(), what)
        assert refused.value.code == 401
        assert not current_user.is_authenticated
    assert [count(site, kind) for kind in kinds] == before
    with site.app.app_context():
        assert (site.user("maya").password_hash is None) == (what == "password")


def test_what_is_done_while_the_login_stands_is_done(site: Site) -> None:
    site.add_user("maya")
    headers = copied_access(site)
    for path, document_of in (("tokens", a_token), ("passkeys", a_passkey)):
        document = document_of(site, headers)
        answer = held_open(site, f"/api/auth/{path}/", document, headers, lambda: None)
        assert answer.status_code == 201
    visitor = Visitor(site.app)
    assert visitor.sign_in("maya", PASSWORD).status_code == 302
