"""Passkeys: added, used as the only proof, as the second one and once more, removed."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from flask_lback import ConfigError
from flask_lback.core import clock
from flask_lback.testing import record_signals
from flask_lback.testing.kit import outbox_of
from tests.support.apps import PASSWORD, Site, make_site
from tests.support.authenticator import (
    BACKED_UP,
    MAY_BACK_UP,
    PRESENT,
    VERIFIED,
    Authenticator,
    Holder,
    elsewhere,
    from_base64url,
    owner_of_passkey,
)
from tests.support.visitor import Visitor, errors_of

MakeReady = Callable[..., Site]


def rows(site: Site, kind: str = "Passkey") -> list[Any]:
    """Every row of that kind, oldest first."""
    with site.app.app_context():
        return list(site.db.session.query(getattr(site.models, kind)).order_by("id"))


def subjects(site: Site) -> list[str]:
    """What mails are about."""
    return [str(message["Subject"]).partition(" - ")[0] for message in outbox_of(site.app)]


def actions(site: Site) -> list[tuple[str, str]]:
    """The audit log."""
    return [(entry.action, entry.outcome) for entry in rows(site, "AuditEntry")]


def test_an_added_passkey_is_listed_told_of_and_written_down(site: Site) -> None:
    with record_signals("passkey_added") as sent:
        maya = owner_of_passkey(site)
    page = maya.visitor.get("/auth/passkeys/")
    assert "Phone is ready to use." in errors_of(page.text)
    assert "never used" in page.text
    [row] = rows(site)
    assert (row.name, row.sign_count, row.transports) == ("Phone", 0, "hybrid internal")
    assert [values["passkey"].name for _, values in sent] == ["Phone"]
    assert "A passkey was added" in subjects(site)
    assert ("auth.passkey_added", "ok") in actions(site)


def test_the_options_ask_for_a_discoverable_passkey_under_a_random_handle(site: Site) -> None:
    maya = owner_of_passkey(site)
    asked = maya.ask("/auth/passkeys/", "/auth/passkeys/options/")["publicKey"]
    assert asked["rp"] == {"id": "localhost", "name": "Site"}
    assert asked["authenticatorSelection"]["residentKey"] == "preferred"
    assert asked["attestation"] == "none"
    [row] = rows(site)
    assert [one["id"] for one in asked["excludeCredentials"]] == [row.credential_id]
    assert asked["user"]["id"] == row.user_handle
    assert len(from_base64url(row.user_handle)) == 64
    assert len(from_base64url(asked["challenge"])) == 32


def test_every_passkey_of_an_account_has_its_handle_and_no_other_account_has_it(
    site: Site,
) -> None:
    maya = owner_of_passkey(site)
    maya.add("Key ring", Authenticator())
    owner_of_passkey(site, "kofi")
    first, second, foreign = (row.user_handle for row in rows(site))
    assert first == second != foreign


def test_a_passkey_without_a_name_is_given_one(site: Site) -> None:
    maya = owner_of_passkey(site)
    maya.add("", Authenticator())
    assert [row.name for row in rows(site)] == ["Phone", "Passkey 2"]


def test_signing_in_needs_neither_name_nor_password(site: Site) -> None:
    maya = owner_of_passkey(site)
    there = elsewhere(site, maya)
    asked = there.ask_to_sign_in()["publicKey"]
    assert not asked.get("allowCredentials")
    assert asked["userVerification"] == "required"
    answer = there.sign_in(next="/news/", remember="y")
    assert (answer.status_code, answer.location) == (302, "/news/")
    assert there.is_in()
    session = rows(site, "UserSession")[-1]
    assert (session.method, session.is_remembered) == ("passkey", True)
    assert "never used" not in there.visitor.get("/auth/passkeys/").text


def test_the_sign_in_page_offers_it(site: Site) -> None:
    page = Visitor(site.app).get("/auth/login/").text
    assert "Sign in with a passkey" in page
    assert "passkeys.js" in page


def test_after_the_password_the_passkey_is_asked_for(site: Site) -> None:
    maya = owner_of_passkey(site)
    there = elsewhere(site, maya)
    answer = there.visitor.sign_in("maya", PASSWORD, next="/ten/", remember="y")
    assert not there.is_in()
    assert answer.status_code == 302
    asked = there.ask("/auth/passkeys/verify/", "/auth/passkeys/verify/options/")["publicKey"]
    assert [one["id"] for one in asked["allowCredentials"]] == [rows(site)[0].credential_id]
    answer = there.confirm("/auth/passkeys/verify/")
    assert (answer.status_code, answer.location) == (302, "/ten/")
    assert there.is_in()
    session = rows(site, "UserSession")[-1]
    assert (session.method, session.is_remembered) == ("password+passkey", True)


def test_the_second_step_needs_no_pin_since_the_password_was_right(site: Site) -> None:
    maya = owner_of_passkey(site)
    there = Holder(site.app, maya.device.but(flags=PRESENT))
    there.visitor.sign_in("maya", PASSWORD)
    there.confirm("/auth/passkeys/verify/")
    assert there.is_in()


def test_nobody_waits_for_the_second_step_without_a_password(site: Site) -> None:
    owner_of_passkey(site)
    answer = Visitor(site.app).get("/auth/passkeys/verify/")
    assert (answer.status_code, answer.location) == (302, "/auth/login/")


def test_without_the_setting_the_password_is_enough(make_ready: MakeReady) -> None:
    site = make_ready(LBACK_AUTH_PASSKEY_SECOND_FACTOR=False)
    owner_of_passkey(site)
    visitor = Visitor(site.app)
    visitor.sign_in("maya", PASSWORD)
    assert visitor.get("/auth/account/").status_code == 200


def test_old_proof_must_be_renewed_before_a_passkey_is_added_or_removed(site: Site) -> None:
    maya = owner_of_passkey(site)
    with clock.turned(dt.timedelta(minutes=16)):
        page = maya.visitor.get("/auth/passkeys/")
        assert "Prove that it is you" in page.text
        assert "data-passkey" not in page.text.replace("data-passkey-", "")
        key = rows(site)[0].id
        answer = maya.visitor.submit("/auth/passkeys/", f"/auth/passkeys/{key}/remove/")
        assert answer.location.startswith("/auth/reauthenticate/")
        assert len(rows(site)) == 1
        answer = maya.confirm("/auth/passkeys/reauthenticate/?next=/auth/passkeys/")
        assert answer.location == "/auth/passkeys/"
        maya.visitor.submit("/auth/passkeys/", f"/auth/passkeys/{key}/remove/")
    assert rows(site) == []


def test_the_page_that_asks_for_a_proof_offers_the_passkey(site: Site) -> None:
    maya = owner_of_passkey(site)
    page = maya.visitor.get("/auth/reauthenticate/?next=/ten/")
    assert "/auth/passkeys/reauthenticate/?next=/ten/" in page.text


def test_a_passkey_is_renamed(site: Site) -> None:
    maya = owner_of_passkey(site)
    key = rows(site)[0].id
    maya.visitor.submit("/auth/passkeys/", f"/auth/passkeys/{key}/rename/", name="Blue phone")
    assert rows(site)[0].name == "Blue phone"
    for wrong in ("", " ", "x" * 101, "a\x00b"):
        maya.visitor.submit("/auth/passkeys/", f"/auth/passkeys/{key}/rename/", name=wrong)
    assert rows(site)[0].name == "Blue phone"


def test_a_removed_passkey_opens_nothing_and_its_owner_is_told(site: Site) -> None:
    maya = owner_of_passkey(site)
    key = rows(site)[0].id
    with record_signals("passkey_removed") as sent:
        answer = maya.visitor.submit("/auth/passkeys/", f"/auth/passkeys/{key}/remove/")
    assert answer.location == "/auth/passkeys/"
    assert [values["passkey_name"] for _, values in sent] == ["Phone"]
    assert "A passkey was removed" in subjects(site)
    assert ("auth.passkey_removed", "ok") in actions(site)
    there = elsewhere(site, maya)
    there.sign_in()
    assert not there.is_in()
    visitor = Visitor(site.app)
    visitor.sign_in("maya", PASSWORD)
    assert visitor.get("/auth/account/").status_code == 200, "no second step is left"


def test_the_last_way_into_an_account_without_a_password_stays(site: Site) -> None:
    maya = owner_of_passkey(site)
    with site.app.app_context():
        site.user("maya").password_hash = None
        site.db.session.commit()
    key = rows(site)[0].id
    maya.visitor.submit("/auth/passkeys/", f"/auth/passkeys/{key}/remove/")
    assert "only way into your account" in maya.visitor.get("/auth/passkeys/").text
    assert len(rows(site)) == 1
    maya.add("Key ring", Authenticator())
    maya.visitor.submit("/auth/passkeys/", f"/auth/passkeys/{key}/remove/")
    assert [row.name for row in rows(site)] == ["Key ring"]


def test_one_account_has_so_many_and_no_more(make_ready: MakeReady) -> None:
    site = make_ready(LBACK_AUTH_PASSKEY_MOST_PER_ACCOUNT=2)
    maya = owner_of_passkey(site)
    assert maya.add("2", Authenticator()).status_code == 302
    answer = maya.add("3", Authenticator())
    assert answer.status_code == 400
    assert "Remove one first" in answer.text
    assert len(rows(site)) == 2


def test_what_is_known_of_copies_is_kept_up_to_date(site: Site) -> None:
    maya = owner_of_passkey(site, flags=PRESENT | VERIFIED | MAY_BACK_UP)
    assert (rows(site)[0].may_back_up, rows(site)[0].is_backed_up) == (True, False)
    maya.device.flags |= BACKED_UP
    elsewhere(site, maya).sign_in()
    assert rows(site)[0].is_backed_up
    assert "On several devices" in maya.visitor.get("/auth/passkeys/").text


def test_counting_devices_are_followed(site: Site) -> None:
    maya = owner_of_passkey(site, counter=7)
    for count in (8, 9):
        assert elsewhere(site, maya).sign_in().status_code == 302
        assert rows(site)[0].sign_count == count


@pytest.mark.parametrize("kind", ["uuid", "email"])
def test_any_user_class_may_have_passkeys(make_ready: MakeReady, kind: str) -> None:
    site = make_ready(kind)
    maya = owner_of_passkey(site)
    there = elsewhere(site, maya)
    there.sign_in()
    assert there.is_in()


@pytest.mark.service
@pytest.mark.parametrize("database", ["postgresql", "mariadb"])
def test_every_database_keeps_them(make_ready: MakeReady, database: str) -> None:
    site = make_ready("default", database)
    maya = owner_of_passkey(site)
    asked = maya.ask_to_sign_in() if not maya.is_in() else None
    assert asked is None
    there = elsewhere(site, maya)
    there.sign_in()
    assert there.is_in()
    maya.add("Key ring", Authenticator())
    key = rows(site)[0].id
    maya.visitor.submit("/auth/passkeys/", f"/auth/passkeys/{key}/remove/")
    assert [row.name for row in rows(site)] == ["Key ring"]


def test_the_configured_address_names_the_site(make_ready: MakeReady) -> None:
    site = make_ready(LBACK_SITE_URL="https://Notes.example.org:443/")
    site.add_user("maya")
    maya = Holder(site.app, Authenticator(origin="https://notes.example.org"))
    maya.visitor.sign_in("maya", PASSWORD)
    asked = maya.ask("/auth/passkeys/", "/auth/passkeys/options/")["publicKey"]
    assert asked["rp"]["id"] == "notes.example.org"
    assert maya.add().status_code == 302
    assert maya.add("2", Authenticator(origin="http://localhost")).status_code == 400


def test_several_origins_may_share_a_domain(make_ready: MakeReady) -> None:
    origins = ["https://www.example.org", "https://shop.example.org"]
    site = make_ready(LBACK_AUTH_PASSKEY_RP_ID="example.org", LBACK_AUTH_PASSKEY_ORIGINS=origins)
    site.add_user("maya")
    maya = Holder(site.app)
    maya.visitor.sign_in("maya", PASSWORD)
    for origin in origins:
        assert maya.add(origin, Authenticator(origin=origin)).status_code == 302
    assert maya.add("other", Authenticator(origin="https://example.org")).status_code == 400


@pytest.mark.parametrize(
    "origin", ["www.example.org", "https://www.example.org/", "HTTPS://a.org", "ftp://a.org", "*"]
)
def test_an_origin_that_no_browser_sends_stops_the_start(origin: str) -> None:
    with pytest.raises(ConfigError, match="LBACK_AUTH_PASSKEY_ORIGINS"):
        make_site(LBACK_AUTH_PASSKEY_ORIGINS=[origin])


@pytest.mark.parametrize("url", ["http://127.0.0.1:5000", "http://[::1]", "http://intranet"])
def test_an_address_that_is_no_name_is_said_and_not_offered(
    make_ready: MakeReady, url: str
) -> None:
    site = make_ready(LBACK_SITE_URL=url)
    site.add_user("maya")
    visitor = Visitor(site.app)
    assert "passkey" not in visitor.get("/auth/login/").text
    visitor.sign_in("maya", PASSWORD)
    assert "They need a name and https" in visitor.get("/auth/passkeys/").text
    answer = visitor.post_json("/api/auth/passkeys/sign-in/options/", {})
    assert (answer.status_code, answer.json["code"]) == (409, "passkeys_unusable")  # type: ignore[index]


def test_switched_off_they_are_not_there(make_ready: MakeReady) -> None:
    site = make_ready(LBACK_AUTH_PASSKEY_ENABLED=False)
    site.add_user("maya")
    visitor = Visitor(site.app)
    assert "passkey" not in visitor.get("/auth/login/").text
    visitor.sign_in("maya", PASSWORD)
    assert "passkey" not in visitor.get("/auth/account/").text.lower()
    assert visitor.get("/auth/passkeys/").status_code == 404
    assert visitor.post_json("/api/auth/passkeys/sign-in/options/", {}).status_code == 404


def test_as_a_second_factor_only_they_open_nothing_alone(make_ready: MakeReady) -> None:
    site = make_ready(LBACK_AUTH_PASSKEY_SIGN_IN=False)
    owner_of_passkey(site)
    visitor = Visitor(site.app)
    assert "passkey" not in visitor.get("/auth/login/").text
    for path in ("options/", ""):
        answer = visitor.submit("/auth/login/", f"/auth/passkeys/sign-in/{path}")
        assert answer.status_code == 404
    assert visitor.post_json("/api/auth/passkeys/sign-in/options/", {}).status_code == 404


def test_without_the_library_they_are_off_unless_asked_for() -> None:
    code = """
import importlib.util
real = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "webauthn" else real(name, *rest)
from flask import Flask
from flask_lback import Lback
from flask_lback.exceptions import MissingExtraError
def made(**config):
    app = Flask("site")
    app.config.update(SECRET_KEY="k" * 40, TESTING=True, **config)
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    Lback(app)
    return app
print(made().test_client().get("/auth/passkeys/").status_code)
try:
    made(LBACK_AUTH_PASSKEY_ENABLED=True)
except MissingExtraError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    first, second = done.stdout.splitlines()
    assert first == "404"
    assert 'pip install "flask-lback[passkeys]"' in second


# --- JSON -------------------------------------------------------------------------------------


def by_json(site: Site, device: Authenticator, **fields: Any) -> Any:
    """Sign in with a passkey from a client without cookies."""
    visitor, asking = Visitor(site.app), {k: v for k, v in fields.items() if k == "challenge"}
    asked: Any = visitor.post_json("/api/auth/passkeys/sign-in/options/", asking).json
    credential = device.get(asked["publicKey"])
    document = {"credential": credential, "ceremony": asked["ceremony"], **fields}
    return visitor.post_json("/api/auth/passkeys/sign-in/", document)


def test_json_a_passkey_is_worth_tokens(site: Site) -> None:
    maya = owner_of_passkey(site)
    answer = by_json(site, maya.device)
    assert answer.status_code == 200
    assert answer.json["user"]["username"] == "maya"
    bearer = {"Authorization": f"Bearer {answer.json['access_token']}"}
    assert Visitor(site.app).get("/api/auth/me/", headers=bearer).status_code == 200


def test_json_the_second_step(site: Site) -> None:
    maya = owner_of_passkey(site)
    document = {"identifier": "maya", "password": PASSWORD}
    refused: Any = Visitor(site.app).post_json("/api/auth/login/", document)
    assert (refused.status_code, refused.json["code"]) == (401, "two_factor_required")
    answer = by_json(site, maya.device, challenge=refused.json["challenge"])
    assert answer.status_code == 200
    assert rows(site, "UserSession")[-1].method == "password+passkey"


def test_json_add_list_rename_remove(site: Site) -> None:
    site.add_user("maya")
    visitor, device = Visitor(site.app), Authenticator()
    tokens: Any = visitor.post_json(
        "/api/auth/login/", {"identifier": "maya", "password": PASSWORD}
    ).json
    options = {"headers": {"Authorization": f"Bearer {tokens['access_token']}"}}
    asked: Any = visitor.post_json("/api/auth/passkeys/options/", {}, **options).json
    document = {
        "credential": device.create(asked["publicKey"]),
        "ceremony": asked["ceremony"],
        "name": "Phone",
    }
    added: Any = visitor.post_json("/api/auth/passkeys/", document, **options)
    assert (added.status_code, added.json["name"]) == (201, "Phone")
    path = f"/api/auth/passkeys/{added.json['id']}/"
    renamed = visitor.client.patch(path, json={"name": "Blue phone"}, **options)
    assert renamed.status_code == 200
    listed: Any = visitor.get("/api/auth/passkeys/", **options).json
    assert [one["name"] for one in listed["passkeys"]] == ["Blue phone"]
    with clock.turned(dt.timedelta(minutes=16)):
        tokens = visitor.post_json(
            "/api/auth/refresh/", {"refresh_token": tokens["refresh_token"]}
        ).json
        options = {"headers": {"Authorization": f"Bearer {tokens['access_token']}"}}
        late: Any = visitor.client.delete(path, **options)
        assert (late.status_code, late.json["code"]) == (401, "reauthentication_required")
        asked = visitor.post_json("/api/auth/passkeys/reauthenticate/options/", {}, **options).json
        document = {"credential": device.get(asked["publicKey"]), "ceremony": asked["ceremony"]}
        proved = visitor.post_json("/api/auth/passkeys/reauthenticate/", document, **options)
        assert proved.status_code == 200
        assert visitor.client.delete(path, **options).status_code == 204
    assert rows(site) == []


def test_json_the_last_way_in_stays(site: Site) -> None:
    maya = owner_of_passkey(site)
    with site.app.app_context():
        site.user("maya").password_hash = None
        site.db.session.commit()
    options = {
        "headers": {"Authorization": f"Bearer {by_json(site, maya.device).json['access_token']}"}
    }
    path = f"/api/auth/passkeys/{rows(site)[0].id}/"
    answer: Any = Visitor(site.app).client.delete(path, **options)
    assert (answer.status_code, answer.json["code"]) == (409, "last_way_in")
