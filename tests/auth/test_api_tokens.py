"""API tokens: shown once, narrowed, ended; what their owner sees of them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import jsonify

from flask_lback.auth import current_user
from flask_lback.auth.api_tokens.format import TokenFormat
from flask_lback.auth.api_tokens.service import ApiTokens
from flask_lback.auth.sessions.cleaning import remove_dead
from flask_lback.core import clock
from flask_lback.core.state import state_of
from flask_lback.exceptions import ConfigError, InvalidFieldsError
from flask_lback.permissions import permission_required
from flask_lback.testing import record_signals
from flask_lback.testing.kit import outbox_of
from tests.support.apps import PASSWORD, Site, make_site
from tests.support.databases import DATABASES
from tests.support.visitor import Visitor, errors_of, hidden_fields

DAY = dt.timedelta(days=1)


@pytest.fixture
def place(make_ready: Callable[..., Site]) -> Site:
    """A site where maya may read the news, and only that."""
    return furnished(make_ready())


def furnished(site: Site) -> Site:
    """With maya and her right, and pages that tell who asks."""
    site.lback.permissions.define("news.write", "Write the news")
    site.add_user("maya")
    with site.app.app_context():
        from flask_lback.permissions.sync import sync

        sync(site.app)
        site.lback.permissions.grant("news.read", site.user("maya"))
        site.db.session.commit()

    @site.app.get("/who/")
    def who() -> Any:
        return jsonify(str(current_user.get_id()) if current_user.is_authenticated else None)

    @site.app.post("/write/")
    @permission_required("news.write")
    def write() -> str:
        return "written"

    return site


def make_token(site: Site, name: str = "maya", **options: Any) -> str:
    """A token of an account."""
    with site.app.test_request_context():
        return state_of(site.app)[ApiTokens].make(site.user(name), "a script", **given(options))[1]


def given(options: dict[str, Any]) -> dict[str, Any]:
    """With the usual life where none is named."""
    return {"life": 90 * DAY, **options}


def ask(site: Site, token: str, path: str = "/news/", scheme: str = "Bearer") -> int:
    """The status that a program gets."""
    headers = {"Authorization": f"{scheme} {token}"}
    with site.app.test_client().get(path, headers=headers) as answer:
        return answer.status_code  # what is done after the response is done at its end


def signed_in(site: Site) -> Visitor:
    """Maya in her browser."""
    visitor = Visitor(site.app)
    assert visitor.sign_in("maya@example.org", PASSWORD).status_code == 302
    return visitor


@pytest.mark.parametrize("scheme", ["Bearer", "Token", "bearer", "token"])
def test_a_program_gets_in_with_its_token(place: Site, scheme: str) -> None:
    assert ask(place, make_token(place), scheme=scheme) == 200


@pytest.mark.parametrize("database", DATABASES)
@pytest.mark.parametrize("kind", ["uuid", "email"])
def test_it_works_for_every_kind_of_account(
    make_ready: Callable[..., Site], kind: str, database: str
) -> None:
    site = furnished(make_ready(kind, database))
    assert ask(site, make_token(site, scopes=["news.read"])) == 200


def test_the_database_holds_no_token(place: Site) -> None:
    token = make_token(place)
    with place.app.app_context():
        row = place.db.session.query(place.models.ApiToken).one()
        assert (row.prefix, len(row.token_hash)) == (token[:12], 64)
        assert token not in str({c.name: getattr(row, c.name) for c in row.__table__.columns})


def test_a_token_is_told_by_its_beginning_and_its_checksum() -> None:
    tokens = TokenFormat("lbk_")
    token = tokens.make()
    assert re.fullmatch(r"lbk_[0-9A-Za-z]{36}", token)
    assert tokens.digest_of(token) is not None
    other = token[:8] + ("a" if token[8] != "a" else "b") + token[9:]
    wrong = [other, token[:-1], token + "0", token.upper(), "xyz_" + token[4:], "", "é" * 40]
    assert [tokens.digest_of(text) for text in wrong] == [None] * len(wrong)
    assert len({tokens.make() for _ in range(200)}) == 200


def test_a_mistyped_token_costs_the_database_nothing(place: Site) -> None:
    from flask_lback.testing import count_queries

    token = make_token(place)
    with count_queries(place.app) as statements:
        assert ask(place, token[:-1] + ("0" if token[-1] != "0" else "1"), "/who/") == 200
    assert statements == []


def test_scopes_take_away_and_never_add(place: Site) -> None:
    narrow = make_token(place, scopes=["news.read"])
    with place.app.app_context():
        place.lback.permissions.grant("news.write", place.user("maya"))
        place.db.session.commit()
    headers = {"Authorization": f"Bearer {narrow}"}
    client = place.app.test_client()
    assert client.get("/news/", headers=headers).status_code == 200
    assert client.post("/write/", headers=headers).status_code == 403
    wide = {"Authorization": f"Bearer {make_token(place)}"}
    assert client.post("/write/", headers=wide).status_code == 200
    with place.app.app_context():
        place.lback.permissions.revoke("news.read", place.user("maya"))
        place.db.session.commit()
    assert client.get("/news/", headers=headers).status_code == 403


def test_a_superuser_narrowed_by_scopes_is_narrow(place: Site) -> None:
    place.add_user("root", is_superuser=True, is_staff=True)
    headers = {"Authorization": f"Bearer {make_token(place, 'root', scopes=['news.read'])}"}
    client = place.app.test_client()
    assert client.get("/news/", headers=headers).status_code == 200
    assert client.post("/write/", headers=headers).status_code == 403


@pytest.mark.parametrize(
    "scopes", [["news.write"], ["no.such"], ["news.read", "no.such"], [], ["news.read news.write"]]
)
def test_nobody_gives_a_token_what_they_do_not_have(place: Site, scopes: list[str]) -> None:
    with pytest.raises(InvalidFieldsError) as caught:
        make_token(place, scopes=scopes)
    assert list(caught.value.errors) == ["scopes"]


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\x00b", "a\nb"])
def test_a_token_needs_a_plain_name(place: Site, name: str) -> None:
    with place.app.test_request_context(), pytest.raises(InvalidFieldsError) as caught:
        state_of(place.app)[ApiTokens].make(place.user("maya"), name, life=DAY)
    assert list(caught.value.errors) == ["name"]


def test_it_expires(place: Site) -> None:
    token = make_token(place, life=DAY)
    with clock.turned(DAY - dt.timedelta(seconds=5)):
        assert ask(place, token) == 200
    with clock.turned(DAY + dt.timedelta(seconds=1)):
        assert ask(place, token, "/api/auth/me/") == 401


@pytest.mark.parametrize("life", [None, 366 * DAY, dt.timedelta(0), -DAY])
def test_its_life_is_bounded(place: Site, life: dt.timedelta | None) -> None:
    with pytest.raises(InvalidFieldsError) as caught:
        make_token(place, life=life)
    assert list(caught.value.errors) == ["expires_in"]


def test_one_without_an_end_is_for_sites_that_want_it(make_ready: Callable[..., Site]) -> None:
    site = furnished(make_ready(LBACK_AUTH_API_TOKEN_NEVER=True))
    token = make_token(site, life=None)
    with clock.turned(5_000 * DAY):
        assert ask(site, token) == 200


def test_an_account_has_so_many_and_no_more(make_ready: Callable[..., Site]) -> None:
    site = furnished(make_ready(LBACK_AUTH_API_TOKEN_MOST_PER_ACCOUNT=2))
    for _ in range(2):
        make_token(site)
    with pytest.raises(InvalidFieldsError, match="too many"):
        make_token(site)
    with site.app.test_request_context():
        assert state_of(site.app)[ApiTokens].revoke_all(site.user("maya")) == 2
    make_token(site)


def test_an_ended_token_opens_nothing_at_once(place: Site) -> None:
    token, other = make_token(place), make_token(place)
    assert ask(place, token, "/api/auth/me/") == 200
    with place.app.test_request_context():
        tokens, maya = state_of(place.app)[ApiTokens], place.user("maya")
        newest, oldest = tokens.alive(maya)
        assert tokens.revoke(maya, oldest.id)
        assert not tokens.revoke(maya, oldest.id)
        assert [row.id for row in tokens.alive(maya)] == [newest.id]
    assert ask(place, token, "/api/auth/me/") == 401
    assert ask(place, other, "/api/auth/me/") == 200


def test_nobody_ends_the_token_of_another(place: Site) -> None:
    place.add_user("kofi")
    token = make_token(place)
    with place.app.test_request_context():
        tokens, kofi = state_of(place.app)[ApiTokens], place.user("kofi")
        assert not tokens.revoke(kofi, tokens.alive(place.user("maya"))[0].id)
        assert tokens.revoke_all(kofi) == 0
    assert ask(place, token) == 200


def test_the_token_of_a_deactivated_account_opens_nothing_also_later(place: Site) -> None:
    from flask_lback.auth import UserManager

    token = make_token(place)
    with place.app.test_request_context():
        UserManager().deactivate(place.user("maya"))
        place.db.session.commit()
    assert ask(place, token, "/api/auth/me/") == 401
    with place.app.test_request_context():
        UserManager().activate(place.user("maya"))
        place.db.session.commit()
    assert ask(place, token, "/api/auth/me/") == 401


def test_a_new_password_by_reset_ends_tokens(place: Site) -> None:
    from flask_lback.auth import UserManager

    token = make_token(place)
    with place.app.test_request_context():
        UserManager().set_password(place.user("maya"), "quite another sentence")
        place.db.session.commit()
    assert ask(place, token, "/api/auth/me/") == 401


def test_its_owner_is_told_and_sees_when_it_was_used(place: Site) -> None:
    outbox = outbox_of(place.app)
    with record_signals("api_token_created", "api_token_revoked") as sent:
        token = make_token(place)
        with place.app.test_request_context():
            state_of(place.app)[ApiTokens].revoke_all(place.user("maya"))
    assert [name for name, _ in sent] == ["api_token_created", "api_token_revoked"]
    assert token not in str(sent)
    (mail,) = outbox
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert mail["To"] == "maya@example.org"
    assert "a script" in text
    assert token[:12] in text
    assert "/auth/tokens/" in text
    assert token not in mail.as_string()
    with place.app.app_context():
        rows = place.db.session.query(place.models.AuditEntry).order_by("id")
        assert [row.action for row in rows] == ["auth.api_token_created", "auth.api_tokens_ended"]


def test_the_moment_of_its_last_use_is_kept(place: Site) -> None:
    token = make_token(place)
    assert "Never used" in errors_of(signed_in(place).get("/auth/tokens/").text)
    assert ask(place, token) == 200
    page = errors_of(signed_in(place).get("/auth/tokens/").text)
    assert "Never used" not in page
    assert "Last used" in page


def test_dead_tokens_are_cleaned_away(place: Site) -> None:
    make_token(place, life=DAY)
    make_token(place, life=3 * DAY)
    make_token(place, life=3 * DAY)
    with place.app.test_request_context():
        tokens, maya = state_of(place.app)[ApiTokens], place.user("maya")
        tokens.revoke(maya, tokens.alive(maya)[0].id)
    with place.app.app_context(), clock.turned(2 * DAY):
        remove_dead(state_of(place.app), 1)
        place.db.session.commit()
        assert place.db.session.query(place.models.ApiToken).count() == 1


# --- the page ---------------------------------------------------------------------------------


def test_the_page_makes_a_token_and_shows_it_this_once(place: Site) -> None:
    visitor = signed_in(place)
    answer = visitor.submit(
        "/auth/tokens/", name="the robot", days="30", access="chosen", scopes="news.read"
    )
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    (token,) = re.findall(r"lbk_[0-9A-Za-z]{36}", answer.text)
    assert ask(place, token) == 200
    page = visitor.get("/auth/tokens/").text
    assert token not in page
    assert token[:12] in page
    assert "the robot" in page
    with place.app.app_context():
        row = place.db.session.query(place.models.ApiToken).one()
        assert row.scopes == "news.read"
        assert 29 <= (row.expires_at - clock.now()).days <= 30


def test_choosing_permissions_and_naming_none_makes_no_token(place: Site) -> None:
    visitor = signed_in(place)
    for fields in ({"access": "chosen"}, {"access": "chosen", "scopes": "news.write"}, {}):
        answer = visitor.submit("/auth/tokens/", name="the robot", days="30", **fields)
        assert answer.status_code == 400
    with place.app.app_context():
        assert place.db.session.query(place.models.ApiToken).count() == 0


def test_the_page_offers_no_life_that_is_too_long(make_ready: Callable[..., Site]) -> None:
    site = furnished(make_ready(LBACK_AUTH_API_TOKEN_MAX_DAYS=30))
    visitor = signed_in(site)
    page = visitor.get("/auth/tokens/").text
    assert re.findall(r'<option [^>]*value="(\d+)"', page) == ["7", "30"]
    for days in ("0", "31", "x"):
        answer = visitor.submit("/auth/tokens/", name="a", days=days, access="all")
        assert answer.status_code == 400


def test_the_page_ends_one_and_all(place: Site) -> None:
    first, second, third = (make_token(place) for _ in range(3))
    visitor = signed_in(place)
    with place.app.app_context():
        (oldest, *_) = place.db.session.query(place.models.ApiToken).order_by("id")
        key = oldest.id
    path = f"/auth/tokens/{key}/end/"
    assert visitor.submit("/auth/tokens/", path).status_code == 302
    assert [ask(place, token, "/api/auth/me/") for token in (first, second)] == [401, 200]
    assert visitor.submit("/auth/tokens/", path).status_code == 404
    assert visitor.submit("/auth/tokens/", "/auth/tokens/end-all/").status_code == 302
    assert ask(place, third, "/api/auth/me/") == 401


def test_a_token_is_made_soon_after_signing_in_only(place: Site) -> None:
    visitor = signed_in(place)
    page = visitor.get("/auth/tokens/").text
    with clock.turned(dt.timedelta(minutes=20)):
        assert 'name="days"' not in visitor.get("/auth/tokens/").text
        data = {**hidden_fields(page), "name": "a", "days": "30", "access": "all"}
        answer = visitor.client.post("/auth/tokens/", data=data)
        assert answer.status_code == 302
        assert "reauthenticate" in answer.headers["Location"]
    assert 'name="days"' in page
    with place.app.app_context():
        assert place.db.session.query(place.models.ApiToken).count() == 0


def test_somebody_without_permissions_has_nothing_to_choose(place: Site) -> None:
    place.add_user("kofi")
    visitor = Visitor(place.app)
    visitor.sign_in("kofi@example.org", PASSWORD)
    assert 'name="scopes"' not in visitor.get("/auth/tokens/").text
    assert visitor.submit("/auth/tokens/", name="a", days="30").status_code == 201


def test_where_tokens_are_off_nothing_of_them_is_there(make_ready: Callable[..., Site]) -> None:
    site = make_ready(LBACK_AUTH_API_TOKEN_ENABLED=False)
    site.add_user("maya")
    visitor = signed_in(site)
    assert visitor.get("/auth/tokens/").status_code == 404
    assert visitor.get("/api/auth/tokens/").status_code == 404
    assert "/auth/tokens/" not in visitor.get("/auth/account/").text
    assert ask(site, TokenFormat("lbk_").make(), "/api/auth/me/") == 401


# --- the command ------------------------------------------------------------------------------


def test_the_command_makes_a_token(place: Site) -> None:
    outcome = place.app.test_cli_runner().invoke(
        args=["lback", "create-api-token", "maya", "nightly", "--scope", "news.read", "--days", "7"]
    )
    assert outcome.exit_code == 0, outcome.output
    (token,) = re.findall(r"^lbk_[0-9A-Za-z]{36}$", outcome.stdout, re.MULTILINE)
    assert ask(place, token) == 200
    with clock.turned(8 * DAY):
        assert ask(place, token, "/api/auth/me/") == 401


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nobody", "x"], "no account"),
        (["maya", "x", "--scope", "no.such"], "no.such"),
        (["maya", "x", "--days", "999"], "365"),
        (["maya", ""], "Fill this in"),
    ],
)
def test_the_command_says_what_is_wrong(place: Site, arguments: list[str], told: str) -> None:
    outcome = place.app.test_cli_runner().invoke(args=["lback", "create-api-token", *arguments])
    assert outcome.exit_code == 1
    assert told in outcome.output


@pytest.mark.parametrize("start", ["", "lbk", "a b_", "_", "é_", "abcdefghijk_"])
def test_a_start_that_is_no_start_stops_the_application(start: str) -> None:
    with pytest.raises(ConfigError, match="STARTS_WITH"):
        make_site(LBACK_AUTH_API_TOKEN_STARTS_WITH=start)
