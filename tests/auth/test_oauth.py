"""Sign in with an account of another site, at a real provider over HTTP."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from flask_lback.auth.entrance import Entrance
from flask_lback.core import clock
from flask_lback.core.state import state_of
from flask_lback.exceptions import ConfigError, MissingExtraError
from flask_lback.testing import record_signals
from flask_lback.testing.kit import outbox_of
from tests.support.apps import PASSWORD, Site, make_site
from tests.support.databases import DATABASES
from tests.support.provider import (
    CLIENT_SECRET,
    Answer,
    OpenProvider,
    maya,
    running,
    set_out,
    sign_in_at,
    way_out,
)
from tests.support.visitor import Visitor, errors_of, hidden_fields

MakeSite = Callable[..., Site]


def having(entries: Any) -> dict[str, Any]:
    """The setting."""
    return {"LBACK_AUTH_OAUTH_PROVIDERS": entries}


@pytest.fixture
def provider() -> Iterator[OpenProvider]:
    """Acme, where Maya says yes."""
    with running() as made:
        yield made


@pytest.fixture
def acme(make_ready: MakeSite, provider: OpenProvider) -> Site:
    """A site with the button of Acme."""
    return make_ready(**having({"acme": provider.entry()}))


def is_in(visitor: Visitor) -> bool:
    """Whether the account page opens."""
    return visitor.get("/auth/account/").status_code == 200


def signed_in(site: Site, name: str = "maya") -> Visitor:
    """Somebody who has signed in by password."""
    visitor = Visitor(site.app)
    assert visitor.sign_in(f"{name}@example.org", PASSWORD).status_code == 302
    return visitor


def choose_password(visitor: Visitor) -> None:
    """The first one of an account that had none."""
    fields = {"new_password": PASSWORD, "password_confirm": PASSWORD}
    answer = visitor.submit("/auth/connections/", to="/auth/change-password/", **fields)
    assert answer.status_code == 302


def links(site: Site) -> list[tuple[str, str, str]]:
    """Owner, provider and subject of every link."""
    with site.app.app_context():
        kind = site.models.OAuthAccount
        rows = site.db.session.scalars(site.db.select(kind).order_by(kind.id))
        return [(row.owner.email, row.provider, row.subject) for row in rows]


def audited(site: Site) -> list[tuple[str, str, dict[str, Any]]]:
    """The events of this part."""
    with site.app.app_context():
        kind = site.models.AuditEntry
        rows = site.db.session.scalars(site.db.select(kind).order_by(kind.id))
        return [
            (row.action, row.outcome, row.details)
            for row in rows
            if row.action.startswith("auth.oauth")
        ]


# --- signing in -------------------------------------------------------------------------------


@pytest.mark.parametrize("database", DATABASES)
def test_a_newcomer_gets_an_account_and_comes_back_to_the_same_one(
    make_ready: MakeSite, provider: OpenProvider, database: str
) -> None:
    site = make_ready("default", database, **having({"acme": provider.entry()}))
    visitor = Visitor(site.app)
    answer = sign_in_at(visitor, provider, next="/news/?page=2")
    assert (answer.status_code, answer.location) == (302, "/news/?page=2")
    assert is_in(visitor)
    assert is_in_again(site, provider)
    assert links(site) == [("maya@example.org", "acme", "248289761001")]
    with site.app.app_context():
        user = site.user("maya")
        assert (user.username, user.first_name) == ("maya", "Maya Lindqvist")
        assert user.email_verified
        assert not user.has_usable_password()
        assert {row.method for row in user.lback_sessions} == {"oauth:acme"}


def is_in_again(site: Site, provider: OpenProvider) -> bool:
    """Whether the same person gets in from another browser."""
    visitor = Visitor(site.app)
    sign_in_at(visitor, provider)
    return is_in(visitor)


@pytest.mark.parametrize("kind", ["uuid", "email"])
def test_any_user_model_will_do(make_ready: MakeSite, provider: OpenProvider, kind: str) -> None:
    site = make_ready(kind, **having({"acme": provider.entry()}))
    visitor = Visitor(site.app)
    sign_in_at(visitor, provider)
    assert is_in(visitor)


def test_without_a_next_the_sign_in_leads_where_it_always_does(
    acme: Site, provider: OpenProvider
) -> None:
    visitor = Visitor(acme.app)
    answer = sign_in_at(visitor, provider)
    assert visitor.get(answer.location).location == "/"


def test_the_pages_have_a_button_for_each_provider_and_none_without(
    make_ready: MakeSite, provider: OpenProvider
) -> None:
    two = {"acme": provider.entry(), "github": {"client_id": "a", "client_secret": "b"}}
    site, bare = make_ready(**having(two)), make_ready()
    for page in ("/auth/login/", "/auth/register/"):
        text = errors_of(Visitor(site.app).get(page).text)
        assert "Continue with Acme" in text
        assert "Continue with GitHub" in text
        assert "Continue with" not in Visitor(bare.app).get(page).text
    bare.add_user("maya")
    visitor = signed_in(bare)
    assert "connections" not in visitor.get("/auth/account/").text
    for path in ("/auth/oauth/acme/", "/auth/oauth/acme/callback/", "/auth/connections/"):
        assert visitor.get(path).status_code == 404


def test_the_way_out_works_without_script_and_where_forms_may_lead_nowhere_else(
    acme: Site, provider: OpenProvider
) -> None:
    visitor = Visitor(acme.app)
    token = hidden_fields(visitor.get("/auth/login/").text)["csrf_token"]
    answer = visitor.client.post("/auth/oauth/acme/", data={"csrf_token": token})
    assert "form-action 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.status_code == 200  # Chromium would stop a redirect that a form has led to
    assert way_out(answer).startswith(f"{provider.issuer}/authorize?")
    assert way_out(answer).replace("&", "&amp;") in answer.text


def test_nothing_is_asked_of_a_provider_before_somebody_signs_in_and_its_words_are_kept(
    acme: Site, provider: OpenProvider
) -> None:
    Visitor(acme.app).get("/auth/login/")
    assert provider.asked == []
    for _ in range(3):
        sign_in_at(Visitor(acme.app), provider)
    assert provider.times("/.well-known/openid-configuration") == 1
    assert provider.times("/jwks") == 1
    with clock.turned(dt.timedelta(minutes=5)):
        set_out(Visitor(acme.app), provider)
    assert provider.times("/.well-known/openid-configuration") == 1
    with clock.turned(dt.timedelta(hours=2)):
        set_out(Visitor(acme.app), provider)
    assert provider.times("/.well-known/openid-configuration") == 2


def test_a_provider_may_change_its_keys(acme: Site, provider: OpenProvider) -> None:
    import jwt

    from tests.support.provider import jwk_of, new_key

    sign_in_at(Visitor(acme.app), provider)
    provider.keys = [jwk_of(new_key("second"), "second")]
    provider.sign = lambda claims: jwt.encode(
        claims, new_key("second"), algorithm="RS256", headers={"kid": "second"}
    )
    with clock.turned(dt.timedelta(minutes=2)):
        visitor = Visitor(acme.app)
        provider.claims = {"iat": int(clock.timestamp()), "exp": int(clock.timestamp()) + 300}
        sign_in_at(visitor, provider)
        assert is_in(visitor)


@pytest.mark.parametrize("how", ["client_secret_basic", "client_secret_post"])
def test_the_site_says_who_it_is_in_the_way_that_the_provider_offers(
    acme: Site, provider: OpenProvider, how: str
) -> None:
    provider.metadata = {"token_endpoint_auth_methods_supported": ["private_key_jwt", how]}
    visitor = Visitor(acme.app)
    sign_in_at(visitor, provider)
    assert is_in(visitor)
    (form,) = (values for path, values in provider.asked if path == "/token")
    assert ("client_secret" in form) == (how == "client_secret_post")


def test_an_address_that_the_id_token_lacks_comes_from_userinfo(
    acme: Site, provider: OpenProvider
) -> None:
    provider.in_token = set()
    visitor = Visitor(acme.app)
    sign_in_at(visitor, provider)
    assert is_in(visitor)
    assert links(acme) == [("maya@example.org", "acme", "248289761001")]


def test_a_plain_provider_signs_in_by_the_fields_that_are_named(
    make_ready: MakeSite, provider: OpenProvider
) -> None:
    provider.person = {"id": 4711, "login": "maya", "sub": "not this one"}
    provider.emails = [
        {"email": "old@example.org", "primary": False, "verified": True},
        {"email": "maya@example.org", "primary": True, "verified": True},
    ]
    entry = provider.plain_entry(
        fields={"subject": "id", "username": "login"}, emails_url=f"{provider.issuer}/emails"
    )
    site = make_ready(**having({"acme": entry}))
    visitor = Visitor(site.app)
    sign_in_at(visitor, provider)
    assert is_in(visitor)
    assert links(site) == [("maya@example.org", "acme", "4711")]


def test_two_applications_in_one_process_know_their_own_providers_alone(
    make_ready: MakeSite, provider: OpenProvider
) -> None:
    with running() as other:
        first = make_ready(**having({"acme": provider.entry()}))
        second = make_ready(**having({"zenith": other.entry(label="Zenith")}))
        visitor = Visitor(second.app)
        sign_in_at(visitor, other, name="zenith")
        assert is_in(visitor)
        sign_in_at(Visitor(first.app), provider)
        assert [row[1] for row in links(first)] == ["acme"]
        assert [row[1] for row in links(second)] == ["zenith"]
        assert Visitor(first.app).get("/auth/oauth/zenith/callback/").status_code == 404
        assert "Zenith" not in Visitor(first.app).get("/auth/login/").text
        assert other.times("/token") == 1


def test_a_second_factor_is_asked_for_all_the_same(acme: Site, provider: OpenProvider) -> None:
    asked: list[str] = []

    class Always:
        def asks(self, user: Any, method: str) -> str | None:
            asked.append(method)
            return "two_factor_required"

    state_of(acme.app)[Entrance].put_up(Always())
    visitor = Visitor(acme.app)
    answer = sign_in_at(visitor, provider)
    assert answer.location == "/auth/two-factor/verify/"
    assert asked == ["oauth:acme"]
    assert not is_in(visitor)


# --- accounts ---------------------------------------------------------------------------------


def test_a_newcomer_gets_the_default_groups_and_a_name_that_is_free(
    acme: Site, provider: OpenProvider
) -> None:
    with acme.app.app_context():
        acme.db.session.add(acme.models.Group(name="Members", is_default=True))
        acme.db.session.commit()
    acme.add_user("maya", email="other@example.org")
    sign_in_at(Visitor(acme.app), provider)
    with acme.app.app_context():
        user = acme.user("maya")
        assert [group.name for group in user.groups] == ["Members"]
        assert user.username != "maya"
        assert user.username.startswith("maya")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"preferred_username": "admin", "name": None}, "admin"),
        ({"preferred_username": None, "name": None}, "user"),
        ({"preferred_username": "../<b>", "name": "Åsa Öberg"}, "Åsa.Öberg"),
        ({"preferred_username": "\u0430dmin", "name": None}, "user"),
        ({"preferred_username": "maya@corp.example"}, "maya"),
    ],
)
def test_a_username_is_made_of_what_the_provider_says_and_never_reserved(
    acme: Site, provider: OpenProvider, said: dict[str, Any], expected: str
) -> None:
    provider.person = maya(email="private.part@example.org", **said)
    sign_in_at(Visitor(acme.app), provider)
    with acme.app.app_context():
        name = acme.user("private.part").username
    assert name.startswith(expected)
    assert name.casefold() != "admin"
    assert "private" not in name


def test_where_nobody_may_register_a_stranger_is_told_so_and_a_member_comes_in(
    make_ready: MakeSite, provider: OpenProvider
) -> None:
    site = make_ready(LBACK_AUTH_REGISTRATION=False, **having({"acme": provider.entry()}))
    answer = sign_in_at(Visitor(site.app), provider)
    assert answer.status_code == 403
    assert "registration is closed" in errors_of(answer.text)
    site.add_user("kofi")
    sign_in_at(signed_in(site, "kofi"), provider, link=True)
    assert is_in_again(site, provider)


def test_an_unverified_address_is_confirmed_by_mail_before_anybody_is_signed_in(
    acme: Site, provider: OpenProvider
) -> None:
    provider.person = maya(email_verified=False)
    visitor = Visitor(acme.app)
    answer = sign_in_at(visitor, provider)
    assert "Open your mail" in errors_of(answer.text)
    assert not is_in(visitor)
    (mail,) = outbox_of(acme.app)
    assert mail["To"] == "maya@example.org"
    assert "Lindqvist" not in str(mail)  # anybody can say that they are called so
    again = sign_in_at(visitor, provider)
    assert again.status_code == 403
    assert "not confirmed yet" in errors_of(again.text)
    visitor.submit(_link_in(mail).removeprefix("http://localhost"))
    sign_in_at(visitor, provider)
    assert is_in(visitor)
    choose_password(visitor)
    assert len(links(acme)) == 1  # the owner has done it: nothing is taken away


def _link_in(mail: Any) -> str:
    text: str = mail.get_body(("plain",)).get_content()
    return next(word for word in text.split() if "verify-email" in word)


def test_an_account_without_an_address_is_told_to_register(
    acme: Site, provider: OpenProvider
) -> None:
    provider.person = maya(email=None)
    answer = sign_in_at(Visitor(acme.app), provider)
    assert answer.status_code == 403
    assert "Register with an address first" in errors_of(answer.text)
    assert links(acme) == []


# --- linked accounts --------------------------------------------------------------------------


def test_an_account_is_linked_and_unlinked_by_its_owner_who_gets_a_mail(
    acme: Site, provider: OpenProvider
) -> None:
    acme.add_user("kofi")
    visitor = signed_in(acme, "kofi")
    with record_signals("oauth_account_linked", "oauth_account_unlinked") as sent:
        answer = sign_in_at(visitor, provider, link=True)
        assert answer.location == "/auth/connections/"
        assert links(acme) == [("kofi@example.org", "acme", "248289761001")]
        page = visitor.get("/auth/connections/")
        assert "Acme is linked." in errors_of(page.text)
        assert "maya@example.org" in page.text
        assert is_in_again(acme, provider)
        done = visitor.submit("/auth/connections/", to="/auth/connections/1/unlink/")
    assert done.location == "/auth/connections/"
    assert links(acme) == []
    assert [values["provider"] for _, values in sent] == ["acme", "acme"]
    (mail,) = (one for one in outbox_of(acme.app) if "linked" in str(one["Subject"]))
    assert str(mail["Subject"]).startswith("Acme was linked")
    assert mail["To"] == "kofi@example.org"
    assert "/auth/connections/" in mail.as_string()
    assert audited(acme) == [
        ("auth.oauth_linked", "ok", {"provider": "acme"}),
        ("auth.oauth_unlinked", "ok", {"provider": "acme"}),
    ]


def test_linking_twice_is_no_error(acme: Site, provider: OpenProvider) -> None:
    acme.add_user("kofi")
    visitor = signed_in(acme, "kofi")
    for _ in range(2):
        assert sign_in_at(visitor, provider, link=True).location == "/auth/connections/"
    assert len(links(acme)) == 1


def test_the_last_way_in_cannot_be_unlinked_before_a_password_is_chosen(
    acme: Site, provider: OpenProvider
) -> None:
    visitor = Visitor(acme.app)
    sign_in_at(visitor, provider)
    page = visitor.get("/auth/connections/")
    assert "The only way into your account" in errors_of(page.text)
    assert "unlink/" not in page.text
    visitor.submit("/auth/connections/", to="/auth/connections/1/unlink/")
    assert "Choose a password first" in errors_of(visitor.get("/auth/connections/").text)
    assert len(links(acme)) == 1
    choose_password(visitor)
    visitor.submit("/auth/connections/", to="/auth/connections/1/unlink/")
    assert links(acme) == []


def test_another_linked_account_is_a_way_in_while_its_provider_is_configured(
    make_ready: MakeSite, provider: OpenProvider
) -> None:
    with running() as other:
        site = make_ready(**having({"acme": provider.entry(), "zenith": other.entry()}))
        visitor = Visitor(site.app)
        sign_in_at(visitor, provider)
        sign_in_at(visitor, other, name="zenith", link=True)
        with site.app.app_context():
            site.db.session.execute(
                site.db.update(site.models.OAuthAccount)
                .where(site.models.OAuthAccount.id == 2)
                .values(provider="gone")
            )
            site.db.session.commit()
        visitor.submit("/auth/connections/", to="/auth/connections/1/unlink/")
        assert [row[1] for row in links(site)] == ["acme", "gone"]
        visitor.submit("/auth/connections/", to="/auth/connections/2/unlink/")
        assert [row[1] for row in links(site)] == ["acme"]


def test_the_account_page_leads_to_the_linked_accounts(acme: Site) -> None:
    acme.add_user("maya")
    assert 'href="/auth/connections/"' in signed_in(acme).get("/auth/account/").text


# --- signals ----------------------------------------------------------------------------------


def test_signals_tell_of_the_way_there_and_back_and_hold_no_secret(
    acme: Site, provider: OpenProvider
) -> None:
    names = ("oauth2_authorize_url_generated", "oauth2_token_fetched", "oauth2_token_fetch_failed")
    with record_signals(*names) as sent:
        sign_in_at(Visitor(acme.app), provider)
        provider.answers["/token"] = Answer(503)
        sign_in_at(Visitor(acme.app), provider)
    said = [values for _, values in sent]
    assert [one.get("error") for one in said] == [None, None, None, "http_error_503"]
    assert said[0]["authorize_url"] == f"{provider.issuer}/authorize"
    assert said[0]["scope"] == "openid email profile"
    assert {one["provider"] for one in said} == {"acme"}
    for one in said:
        assert set(one) <= {"app", "sender", "provider", "authorize_url", "scope", "error"}


# --- settings ---------------------------------------------------------------------------------

GOOD = {"client_id": "a", "client_secret": "b", "issuer": "https://id.example.org"}
PLAIN = {
    "client_id": "a",
    "client_secret": "b",
    "authorize_url": "https://id.example.org/a",
    "token_url": "https://id.example.org/t",
    "userinfo_url": "https://id.example.org/u",
    "fields": {"subject": "id"},
}


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({**GOOD, "isuer": "x"}, "Did you mean 'issuer'"),
        ({**GOOD, "client_secret": None}, "has no client_secret"),
        ({**GOOD, "client_secret": 17}, "client_secret.*is int"),
        ({**GOOD, "client_id": ""}, "has no client_id"),
        ({**GOOD, "issuer": "http://id.example.org"}, "https"),
        ({**GOOD, "issuer": "http://127.0.0.1.example.org"}, "https"),
        ({**GOOD, "issuer": "http://127.0.0.1@example.org"}, "https"),
        ({**GOOD, "issuer": "https://id.example.org?a=b"}, "has a query"),
        ({**GOOD, "scope": "email"}, "lacks openid"),
        ({**GOOD, "token_url": "https://id.example.org/t"}, "Leave them out"),
        ({**GOOD, "params": {"state": "x"}}, "made for each sign-in"),
        ({**GOOD, "token_auth": "none"}, "client_secret_basic"),
        ({**PLAIN, "fields": {"email": "email"}}, "has no subject"),
        ({**PLAIN, "fields": {"subject": "id", "mail": "m"}}, "Did you mean 'email'"),
        ({**PLAIN, "token_url": None}, "no token_url"),
        ({**PLAIN, "token_url": "javascript:alert(1)"}, "https"),
        ("https://id.example.org", "no mapping"),
    ],
)
def test_an_entry_that_is_wrong_stops_the_start_and_says_how_to_go_on(
    entry: Any, words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        make_site(**having({"acme": entry}))


@pytest.mark.parametrize("name", ["", "Acme", "a/b", "../x", "a b", "ä", "a" * 33, "1st", "a\n", 7])
def test_a_name_that_does_not_fit_into_an_address_stops_the_start(name: Any) -> None:
    with pytest.raises(ConfigError):
        make_site(**having({name: GOOD}))


@pytest.mark.parametrize("path", ["Acme", "acme%00", "acme%0a", "%2e%2e", "acme%2fx", "ä"])
def test_an_odd_name_in_an_address_is_a_page_that_is_not_there(acme: Site, path: str) -> None:
    assert Visitor(acme.app).get(f"/auth/oauth/{path}/callback/").status_code in (404, 400)


def test_presets_need_no_address_but_microsoft_wants_its_tenant() -> None:
    keys = {"client_id": "a", "client_secret": "b"}
    make_site(**having(dict.fromkeys(("google", "gitlab", "github", "discord"), keys)))
    with pytest.raises(ConfigError, match="issuer"):
        make_site(**having({"microsoft": keys}))


def test_without_the_library_the_start_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import importlib.util

    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *more: None if name == "authlib" else found(name, *more),
    )
    make_site()
    with pytest.raises(MissingExtraError, match=r"flask-lback\[oauth\]"):
        make_site(**having({"acme": GOOD}))


def test_the_secret_of_a_provider_is_shown_nowhere(acme: Site) -> None:
    from flask_lback.auth.oauth.service import OAuthAccounts

    client = state_of(acme.app)[OAuthAccounts].clients["acme"]
    assert CLIENT_SECRET not in repr(client.provider)
    assert base64.b64encode(CLIENT_SECRET.encode()).decode() not in repr(client.provider)
