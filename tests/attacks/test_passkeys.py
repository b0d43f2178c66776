"""Passkeys: nothing but a fresh answer of the right device, made for this site, opens anything."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest

from flask_lback.core import clock
from flask_lback.testing import record_signals
from flask_lback.testing.kit import outbox_of
from tests.support.apps import PASSWORD, Site
from tests.support.authenticator import (
    BACKED_UP,
    MAY_BACK_UP,
    PRESENT,
    VERIFIED,
    Authenticator,
    Holder,
    elsewhere,
    owner_of_passkey,
)
from tests.support.visitor import Visitor

from .support import at_once

MakeReady = Callable[..., Site]


def refused_because(sent: list[tuple[str, dict[str, Any]]]) -> list[str]:
    """Why passkeys were refused."""
    return [values["reason"] for name, values in sent if name == "passkey_failed"]


LIES: tuple[tuple[dict[str, Any], str], ...] = (
    ({"origin": "https://localhost"}, "signature"),
    ({"origin": "http://localhost:81"}, "signature"),
    ({"origin": "http://localhost.evil.example"}, "signature"),
    ({"rp_id": "evil.example"}, "signature"),
    ({"changes": {"challenge": "AAAA"}}, "signature"),
    ({"changes": {"type": "webauthn.create"}}, "signature"),
    ({"changes": {"crossOrigin": True}}, "framed"),
    ({"flags": PRESENT}, "signature"),
    ({"flags": VERIFIED}, "signature"),
    ({"flags": PRESENT | VERIFIED | BACKED_UP}, "signature"),
    ({"flags": PRESENT | VERIFIED | MAY_BACK_UP}, "backup_flag"),
    ({"send_handle": False}, "handle"),
)


def test_pk_1_an_answer_made_for_something_else_opens_nothing(site: Site) -> None:
    maya = owner_of_passkey(site)
    there = elsewhere(site, maya)
    for lie, reason in LIES:
        with record_signals("passkey_failed") as sent:
            answer = there.sign_in(maya.device.but(**lie))
        assert refused_because(sent) == [reason], lie
        assert answer.location.startswith("/auth/login/")
        assert not there.is_in(), lie
    there.sign_in()
    assert there.is_in(), "the same device without a lie"


def forged(credential: dict[str, Any], name: str, change: Callable[[bytes], bytes]) -> Any:
    """The answer with one part of it changed."""
    value = base64.urlsafe_b64decode(credential["response"][name] + "==")
    text = base64.urlsafe_b64encode(change(value)).rstrip(b"=").decode()
    return {**credential, "response": {**credential["response"], name: text}}


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("signature", lambda value: value[:-1] + bytes([value[-1] ^ 1])),
        ("signature", lambda value: b""),
        ("authenticatorData", lambda value: value[:-4] + b"\xff\xff\xff\xff"),
        ("authenticatorData", lambda value: value[:20]),
        ("clientDataJSON", lambda value: value.replace(b"}", b',"more":1}')),
        ("clientDataJSON", lambda value: b"[]"),
        ("clientDataJSON", lambda value: b"\xff\xfe"),
        ("userHandle", lambda value: value[::-1]),
        ("userHandle", lambda value: b""),
    ],
)
def test_pk_2_a_changed_answer_opens_nothing(
    site: Site, part: str, change: Callable[[bytes], bytes]
) -> None:
    maya = owner_of_passkey(site)
    there = elsewhere(site, maya)
    asked = there.ask_to_sign_in()
    credential = forged(maya.device.get(asked["publicKey"]), part, change)
    answer = there.send_sign_in(credential, asked["ceremony"])
    assert answer.status_code == 302
    assert not there.is_in()


def test_pk_2_what_is_no_answer_is_refused_without_an_error(site: Site) -> None:
    there = Holder(site.app)
    texts = ("", "x", "[]", "{}", '"text"', "null", '{"id": 1}', '{"id": "\u0000"}', "[" * 20_000)
    for text in texts:
        asked = there.ask_to_sign_in()
        answer = there.visitor.submit(
            "/auth/login/", "/auth/passkeys/sign-in/", credential=text, ceremony=asked["ceremony"]
        )
        assert (answer.status_code, answer.location) == (302, "/auth/login/?next=/"), text[:20]


@pytest.mark.parametrize("counter", [None, 5], ids=["counts nothing", "counts"])
def test_pk_3_a_recorded_sign_in_cannot_be_played_again(site: Site, counter: int | None) -> None:
    """The thief has everything that was sent: every cookie, the token and the answer."""
    maya = owner_of_passkey(site, counter=counter)
    there = elsewhere(site, maya)
    asked = there.ask_to_sign_in()
    credential = maya.device.get(asked["publicKey"])
    thief = Holder(site.app)
    cookie = there.visitor.client.get_cookie("session")
    assert cookie is not None
    there.send_sign_in(credential, asked["ceremony"])
    assert there.is_in()
    thief.visitor.client.set_cookie("session", cookie.value)
    thief.send_sign_in(credential, asked["ceremony"])
    assert not thief.is_in()


@pytest.mark.parametrize("counter", [None, 5], ids=["counts nothing", "counts"])
def test_pk_3_limits_that_are_off_let_no_replay_in(
    make_ready: MakeReady, counter: int | None
) -> None:
    site = make_ready(LBACK_LIMITS_ENABLED=False)
    maya = owner_of_passkey(site, counter=counter)
    document = json_answer(site, maya.device)
    path = "/api/auth/passkeys/sign-in/"
    answers = [Visitor(site.app).post_json(path, document).status_code for _ in range(3)]
    assert answers == [200, 401, 401]


def json_answer(site: Site, device: Authenticator, **fields: Any) -> dict[str, Any]:
    """What a client without cookies would send to sign in."""
    asked: Any = Visitor(site.app).post_json("/api/auth/passkeys/sign-in/options/", fields).json
    return {
        "credential": device.get(asked["publicKey"]),
        "ceremony": asked["ceremony"],
        **fields,
    }


@pytest.mark.service
@pytest.mark.parametrize("database", ["sqlite", "postgresql", "mariadb"])
def test_pk_3_of_many_at_once_one_gets_in(make_ready: MakeReady, database: str) -> None:
    site = make_ready("default", database)
    maya = owner_of_passkey(site)
    document = json_answer(site, maya.device)

    def attempt() -> int:
        return Visitor(site.app).post_json("/api/auth/passkeys/sign-in/", document).status_code

    assert sorted(at_once([attempt] * 6)) == [200] + [401] * 5


def test_pk_3_an_answer_to_an_older_question_still_counts_once(site: Site) -> None:
    maya = owner_of_passkey(site)
    first, second = json_answer(site, maya.device), json_answer(site, maya.device)
    path = "/api/auth/passkeys/sign-in/"
    answers = [
        Visitor(site.app).post_json(path, document).status_code
        for document in (second, first, first, second)
    ]
    assert answers == [200, 200, 401, 401]


def test_pk_4_a_question_is_good_for_five_minutes(site: Site) -> None:
    maya = owner_of_passkey(site)
    there = elsewhere(site, maya)
    asked = there.ask_to_sign_in()
    credential = maya.device.get(asked["publicKey"])
    with clock.turned(dt.timedelta(minutes=5, seconds=2)):
        there.send_sign_in(credential, asked["ceremony"])
        assert "This took too long" in there.visitor.get("/auth/login/").text
    assert not there.is_in()


def test_pk_5_a_question_is_answered_in_the_browser_that_asked(site: Site) -> None:
    """Else somebody could be signed in, unseen, to the account of an attacker."""
    maya = owner_of_passkey(site)
    asking, other = elsewhere(site, maya), elsewhere(site, maya)
    asked = asking.ask_to_sign_in()
    credential = maya.device.get(asked["publicKey"])
    with record_signals("passkey_failed") as sent:
        other.send_sign_in(credential, asked["ceremony"])
        document = json_answer(site, maya.device)
        other.send_sign_in(document["credential"], document["ceremony"])
    assert refused_because(sent) == ["other_browser", "other_browser"]
    assert not other.is_in()


def test_pk_5_the_forms_need_the_token_of_the_page(site: Site) -> None:
    maya = owner_of_passkey(site)
    paths = ("options/", "add/", "1/rename/", "1/remove/", "reauthenticate/", "sign-in/")
    for path in paths:
        answer = maya.visitor.client.post(f"/auth/passkeys/{path}", data={"name": "mine"})
        assert answer.status_code == 400, path


@pytest.mark.parametrize("place", ["sign-in", "verify", "reauthenticate"])
def test_pk_6_a_question_of_one_purpose_serves_no_other(site: Site, place: str) -> None:
    maya = owner_of_passkey(site)
    made = maya.ask("/auth/passkeys/", "/auth/passkeys/options/")["ceremony"]
    again = maya.ask("/auth/passkeys/reauthenticate/", "/auth/passkeys/reauthenticate/options/")
    there = elsewhere(site, maya)
    there.visitor.sign_in("maya", PASSWORD)
    second = there.ask("/auth/passkeys/verify/", "/auth/passkeys/verify/options/")
    alone = there.ask_to_sign_in()
    texts = {
        "sign-in": [second["ceremony"], again["ceremony"], made],
        "verify": [alone["ceremony"], again["ceremony"], made],
        "reauthenticate": [alone["ceremony"], second["ceremony"], made],
    }
    asked = {"sign-in": alone, "verify": second, "reauthenticate": again}[place]
    holder = maya if place == "reauthenticate" else there
    page = "/auth/login/" if place == "sign-in" else f"/auth/passkeys/{place}/"
    with record_signals("passkey_failed") as sent:
        for text in texts[place]:
            credential = maya.device.get(asked["publicKey"])
            holder.send(page, f"/auth/passkeys/{place}/", credential, text)
    assert refused_because(sent) == ["challenge"] * 3


def test_pk_7_the_second_step_takes_no_passkey_of_another_account(site: Site) -> None:
    owner_of_passkey(site)
    kofi = owner_of_passkey(site, "kofi")
    there = Holder(site.app, kofi.device)
    there.visitor.sign_in("maya", PASSWORD)
    asked = there.ask("/auth/passkeys/verify/", "/auth/passkeys/verify/options/")
    credential = kofi.device.get(asked["publicKey"], kofi.device.keys[0])
    with record_signals("passkey_failed") as sent:
        there.send(
            "/auth/passkeys/verify/", "/auth/passkeys/verify/", credential, asked["ceremony"]
        )
    assert refused_because(sent) == ["other_account"]
    assert not there.is_in()


def test_pk_7_the_second_step_of_one_account_is_not_that_of_another(site: Site) -> None:
    """Kofi answers his own question, and hands the answer in where Maya's is waited for."""
    owner_of_passkey(site)
    kofi = owner_of_passkey(site, "kofi")
    documents = {}
    for name in ("maya", "kofi"):
        login = {"identifier": name, "password": PASSWORD}
        refused: Any = Visitor(site.app).post_json("/api/auth/login/", login).json
        documents[name] = refused["challenge"]
    document = json_answer(site, kofi.device, challenge=documents["kofi"])
    document["challenge"] = documents["maya"]
    answer = Visitor(site.app).post_json("/api/auth/passkeys/sign-in/", document)
    assert answer.status_code == 401


def test_pk_8_a_proof_by_another_account_freshens_nothing(site: Site) -> None:
    """A passkey of the thief's own account made somebody else's session fresh."""
    maya = owner_of_passkey(site)
    kofi = owner_of_passkey(site, "kofi")
    with clock.turned(dt.timedelta(minutes=16)):
        path = "/auth/passkeys/reauthenticate/"
        mine, his = (one.ask(path, f"{path}options/") for one in (maya, kofi))
        with record_signals("passkey_failed", "user_reauthenticated") as sent:
            foreign = kofi.device.get(mine["publicKey"], kofi.device.keys[0])
            maya.send(path, path, foreign, mine["ceremony"])
            maya.send(path, path, kofi.device.get(his["publicKey"]), his["ceremony"])
        assert refused_because(sent) == ["other_account", "other_account"]
        assert len(sent) == 2
        assert "Prove that it is you" in maya.visitor.get("/auth/passkeys/").text
        assert maya.confirm(path).location == "/auth/account/"
        assert "Prove that it is you" not in maya.visitor.get("/auth/passkeys/").text


def test_pk_8_proving_it_again_needs_the_owner_and_not_the_device_alone(site: Site) -> None:
    maya = owner_of_passkey(site)
    with clock.turned(dt.timedelta(minutes=16)):
        maya.confirm("/auth/passkeys/reauthenticate/", maya.device.but(flags=PRESENT))
        assert "Prove that it is you" in maya.visitor.get("/auth/passkeys/").text


@pytest.mark.parametrize("count", [9, 10])
def test_pk_9_a_counter_that_goes_back_is_refused_and_the_owner_told_once(
    site: Site, count: int
) -> None:
    maya = owner_of_passkey(site, counter=9)
    elsewhere(site, maya).sign_in()
    copy = maya.device.but(counter=count - 1)
    with record_signals("passkey_failed") as sent:
        for _ in range(2):
            there = Holder(site.app, copy.but())
            there.sign_in().close()  # the audit log is written when it is closed
            assert not there.is_in()
    assert refused_because(sent) == ["sign_count"] * 2
    warnings = [one for one in outbox_of(site.app) if "was refused" in str(one["Subject"])]
    assert len(warnings) == 1
    with site.app.app_context():
        refused = site.db.session.query(site.models.AuditEntry).filter_by(action="auth.passkey")
        assert [entry.outcome for entry in refused] == ["refused"] * 2


def test_pk_9_a_device_that_stops_counting_is_refused(site: Site) -> None:
    maya = owner_of_passkey(site, counter=3)
    there = Holder(site.app, maya.device.but(counter=None))
    there.sign_in()
    assert not there.is_in()


def test_pk_9_nobody_else_can_have_the_owner_warned(site: Site) -> None:
    maya = owner_of_passkey(site, counter=9)
    there = elsewhere(site, maya)
    asked = there.ask_to_sign_in()
    credential = maya.device.get(asked["publicKey"])
    back = forged(credential, "authenticatorData", lambda value: value[:-4] + bytes(4))
    there.send_sign_in(back, asked["ceremony"])
    assert not any("was refused" in str(one["Subject"]) for one in outbox_of(site.app))


def test_pk_10_a_switched_off_account_stays_shut(site: Site) -> None:
    maya = owner_of_passkey(site)
    with site.app.app_context():
        site.user("maya").is_active = False
        site.db.session.commit()
    with record_signals("passkey_failed") as sent:
        there = elsewhere(site, maya)
        there.sign_in()
        assert (
            Visitor(site.app)
            .post_json("/api/auth/passkeys/sign-in/", json_answer(site, maya.device))
            .status_code
            == 401
        )
    assert refused_because(sent) == ["inactive"] * 2
    assert not there.is_in()


def test_pk_10_an_address_that_is_not_confirmed_is_asked_for_as_by_a_password(site: Site) -> None:
    maya = owner_of_passkey(site)
    with site.app.app_context():
        site.user("maya").email_verified_at = None
        site.db.session.commit()
    there = elsewhere(site, maya)
    there.sign_in()
    assert not there.is_in()
    assert "not confirmed yet" in there.visitor.get("/auth/login/").text


def test_pk_10_a_device_that_nobody_knows_opens_nothing(site: Site) -> None:
    owner_of_passkey(site)
    stranger = Holder(site.app)
    asked = {"rp": {"id": "localhost"}, "user": {"id": "AAAA"}, "challenge": "AAAA"}
    stranger.device.create(asked)
    with record_signals("passkey_failed") as sent:
        stranger.sign_in()
    assert refused_because(sent) == ["unknown"]
    assert not stranger.is_in()


def test_pk_11_a_passkey_belongs_to_one_account(site: Site) -> None:
    """Else one's own passkey could be put into a victim's list, or a victim's into one's own."""
    maya = owner_of_passkey(site)
    site.add_user("kofi")
    kofi = Holder(site.app)
    kofi.visitor.sign_in("kofi", PASSWORD)
    asked = kofi.ask("/auth/passkeys/", "/auth/passkeys/options/")
    device = maya.device.but(keys=[])
    made = device.create(asked["publicKey"])
    answer = kofi.send("/auth/passkeys/", "/auth/passkeys/add/", made, asked["ceremony"])
    assert answer.status_code == 302
    again = maya.ask("/auth/passkeys/", "/auth/passkeys/options/")
    for ceremony in (asked["ceremony"], again["ceremony"]):
        answer = maya.send("/auth/passkeys/", "/auth/passkeys/add/", made, ceremony)
        assert answer.status_code == 400
    with site.app.app_context():
        assert len(site.user("maya").lback_passkeys) == len(site.user("kofi").lback_passkeys) == 1


def test_pk_11_a_passkey_made_for_something_else_is_not_kept(site: Site) -> None:
    maya = owner_of_passkey(site)
    lies: tuple[dict[str, Any], ...] = (
        {"origin": "https://evil.example"},
        {"rp_id": "evil.example"},
        {"changes": {"challenge": "AAAA"}},
        {"changes": {"type": "webauthn.get"}},
        {"changes": {"crossOrigin": True}},
        {"flags": VERIFIED},
    )
    for lie in lies:
        assert maya.add("Other", Authenticator(**lie)).status_code == 400, lie
    with site.app.app_context():
        assert len(site.user("maya").lback_passkeys) == 1


def test_pk_11_an_answer_that_added_a_passkey_adds_none_after_its_removal(site: Site) -> None:
    site.add_user("maya")
    maya = Holder(site.app)
    maya.visitor.sign_in("maya", PASSWORD)
    asked = maya.ask("/auth/passkeys/", "/auth/passkeys/options/")
    made = maya.device.create(asked["publicKey"])
    page = "/auth/passkeys/"
    assert maya.send(page, f"{page}add/", made, asked["ceremony"]).status_code == 302
    maya.visitor.submit(page, f"{page}1/remove/")
    assert maya.send(page, f"{page}add/", made, asked["ceremony"]).status_code == 400


def test_pk_12_passkeys_of_others_can_be_neither_seen_nor_changed(site: Site) -> None:
    owner_of_passkey(site)
    kofi = owner_of_passkey(site, "kofi")
    with site.app.app_context():
        key = site.user("maya").lback_passkeys[0].id
    page = "/auth/passkeys/"
    for path in (f"{page}{key}/rename/", f"{page}{key}/remove/"):
        assert kofi.visitor.submit(page, path, name="mine").status_code == 404
    document: Any = json_answer(site, kofi.device)
    tokens: Any = Visitor(site.app).post_json("/api/auth/passkeys/sign-in/", document).json
    options: Any = {"headers": {"Authorization": f"Bearer {tokens['access_token']}"}}
    client = Visitor(site.app).client
    path = f"/api/auth/passkeys/{key}/"
    assert client.patch(path, json={"name": "mine"}, **options).status_code == 404
    assert client.delete(path, **options).status_code == 404
    assert len(client.get("/api/auth/passkeys/", **options).json["passkeys"]) == 1  # type: ignore[index]
    with site.app.app_context():
        assert site.user("maya").lback_passkeys[0].name == "Phone"


def test_pk_13_attempts_from_one_address_are_counted(make_ready: MakeReady) -> None:
    site = make_ready(LBACK_AUTH_PASSKEY_ATTEMPTS_PER_ADDRESS="3 per hour")
    document = {"credential": {"id": "x"}, "ceremony": "x"}
    answers = [
        Visitor(site.app).post_json("/api/auth/passkeys/sign-in/", document).status_code
        for _ in range(5)
    ]
    assert answers == [401, 401, 401, 429, 429]


def test_pk_14_two_removed_at_once_leave_one_way_in(make_ready: MakeReady) -> None:
    site = make_ready()
    maya = owner_of_passkey(site)
    maya.add("Key ring", Authenticator())
    with site.app.app_context():
        site.user("maya").password_hash = None
        site.db.session.commit()
        keys = [row.id for row in site.user("maya").lback_passkeys]
    tokens: Any = (
        Visitor(site.app)
        .post_json("/api/auth/passkeys/sign-in/", json_answer(site, maya.device))
        .json
    )
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}

    def removal(key: int) -> Callable[[], int]:
        path = f"/api/auth/passkeys/{key}/"
        return lambda: Visitor(site.app).client.delete(path, headers=headers).status_code

    assert sorted(at_once([removal(key) for key in keys])) == [204, 409]


def test_pk_15_the_page_and_the_log_tell_no_secret(site: Site) -> None:
    maya = owner_of_passkey(site)
    with site.app.app_context():
        row = site.user("maya").lback_passkeys[0]
        secret = (row.credential_id, row.user_handle)
        written = json.dumps(
            [entry.details for entry in site.db.session.query(site.models.AuditEntry)]
        )
    page = maya.visitor.get("/auth/passkeys/").text
    assert not any(text in page or text in written for text in secret)
