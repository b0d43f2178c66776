"""Registration tells nobody who has an account, and is no way to send mails to others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import TestResponse

from flask_lback.auth.mails.links import CHANGE_EMAIL, RESET, VERIFY
from flask_lback.auth.passwords.policy import PasswordPolicy
from flask_lback.auth.passwords.validators import common_passwords
from flask_lback.core.state import state_of
from flask_lback.exceptions import ConfigError
from flask_lback.testing import record_signals
from flask_lback.testing.kit import outbox_of
from tests.support.apps import PASSWORD, Site
from tests.support.databases import DATABASES
from tests.support.visitor import Visitor, errors_of, hidden_fields

from .support import (
    COOKIE,
    NEW_PASSWORD,
    after,
    at_once,
    flipped,
    is_in,
    log_in_by_json,
    post,
    register,
    register_by_json,
    signed_in,
    thief_of,
    token_of,
    told,
)

SAME = "This link is no longer good. Ask for a new one."


def users(site: Site) -> list[Any]:
    """Every account, in the order of their making."""
    with site.app.app_context():
        return list(site.db.session.query(site.models.User).order_by("id"))


def header_names(answer: TestResponse) -> list[str]:
    """What an answer says of itself, and which cookies it sets."""
    cookies = [text.partition("=")[0] for text in answer.headers.getlist("Set-Cookie")]
    return sorted([*answer.headers.keys(), *cookies])


def notices(site: Site) -> list[tuple[str, str]]:
    """To whom and about what."""
    return [
        (str(mail["To"]), str(mail["Subject"]).removesuffix(" - Site"))
        for mail in outbox_of(site.app)
    ]


@pytest.mark.parametrize(
    "mistake",
    [
        {"password": "password"},
        {"password": "short"},
        {"username": "maya"},
        {"username": "admin"},
        {"username": "maya", "password": "short"},
    ],
    ids=lambda mistake: "+".join(f"{name}={value}" for name, value in mistake.items()),
)
def test_rg_1_a_second_mistake_does_not_reveal_a_known_address(
    site: Site, mistake: dict[str, str]
) -> None:
    site.add_user("maya")
    fields = {"username": "kofi", **mistake}
    with record_signals("user_registration_failed") as sent:
        known = told(register(site, **fields, email="maya@example.org"), "maya@example.org")
    assert known == told(register(site, **fields, email="new@example.org"), "new@example.org")
    assert known.startswith("400 ")
    assert [values["error_type"] for _, values in sent] == ["duplicate"]


@pytest.mark.parametrize("kind", DATABASES)
@pytest.mark.parametrize(
    ("username", "email"),
    [("ß" * 150, "kofi@example.org"), ("kofi", "ﷺ" * 20 + "@example.org")],
    ids=["username", "email"],
)
def test_rg_9_a_name_that_grows_when_it_is_folded_is_refused_and_no_error(
    make_ready: Callable[..., Site], kind: str, username: str, email: str
) -> None:
    site = make_ready("default", kind)
    assert register(site, username, email=email).status_code == 400


def test_ev_6_registering_again_and_again_fills_nobodys_mailbox(site: Site) -> None:
    site.add_user("maya")
    answers = {
        told(register(site, f"kofi{number}", email="maya@example.org"), f"kofi{number}")
        for number in range(6)
    }
    assert len(answers) == 1
    assert [str(mail["To"]) for mail in outbox_of(site.app)] == ["maya@example.org"]


def test_rg_10_a_stricter_form_under_a_wrong_name_stops_the_start(
    make_ready: Callable[..., Site],
) -> None:
    with pytest.raises(ConfigError, match="Did you mean 'register'"):
        make_ready(LBACK_AUTH_FORMS={"regsiter": "somewhere.InvitedOnlyForm"})


def test_ho_1_a_site_that_cannot_write_links_makes_no_account_that_nobody_can_confirm(
    make_ready: Callable[..., Site],
) -> None:
    site = make_ready(TRUSTED_HOSTS=["localhost", "shop.example"])
    client = site.app.test_client()
    page = client.get("/auth/register/", base_url="http://shop.example")
    fields = {"username": "kofi", "email": "kofi@example.org", "password": NEW_PASSWORD}
    with pytest.raises(ConfigError, match="LBACK_SITE_URL"):
        client.post(
            "/auth/register/",
            base_url="http://shop.example",
            data={**hidden_fields(page.text), **fields, "password_confirm": NEW_PASSWORD},
        )
    with site.app.app_context():
        assert site.user("kofi") is None


@pytest.mark.parametrize("by", [register, register_by_json], ids=["form", "json"])
def test_rg_1_a_known_address_gets_the_answer_of_a_new_one_and_its_owner_a_mail(
    site: Site, by: Callable[..., Any]
) -> None:
    site.add_user("maya")
    known, new = by(site, "ines", email="MAYA@example.org"), by(site, "kofi")
    shown = (told(known, "MAYA@example.org", "ines"), told(new, "kofi@example.org", "kofi"))
    assert shown[0] == shown[1]
    assert header_names(known) == header_names(new)
    assert [user.username for user in users(site)] == ["maya", "kofi"]
    assert notices(site) == [
        ("maya@example.org", "You already have an account"),
        ("kofi@example.org", "Confirm your address"),
    ]


def test_rg_3_names_that_look_like_one_that_is_taken_or_reserved_are_refused(site: Site) -> None:
    site.add_user("maya")
    for number, name in enumerate(
        ["MAYA", "\uff4d\uff41\uff59\uff41", "admin", "Admin", "\u0430dmin", "ad\u200bmin", "Root"]
    ):
        answer = register_by_json(site, name, email=f"x{number}@example.org")
        assert (answer.status_code, answer.json["errors"][0]["field"]) == (400, "username"), name
    assert len(users(site)) == 1


def test_rg_4_fields_that_nobody_asked_for_are_not_taken(site: Site) -> None:
    with site.app.app_context():
        for name, is_default in (("chiefs", False), ("crew", True)):
            site.db.session.add(site.models.Group(name=name, is_default=is_default))
        site.db.session.commit()
    extra: dict[str, Any] = {
        "is_superuser": "1",
        "is_staff": "1",
        "is_active": "0",
        "id": "99",
        "groups": "1",
        "email_verified": "1",
        "email_verified_at": "2020-01-01",
        "password_hash": "x",
    }
    assert register(site, "form", **extra).status_code == 200
    assert register_by_json(site, "json", **extra, **{"roles[]": ["admin"]}).status_code == 202
    query = "&".join(f"{name}={value}" for name, value in extra.items())
    document = {"username": "query", "email": "query@example.org", "password": NEW_PASSWORD}
    client = site.app.test_client()
    assert client.post(f"/api/auth/register/?{query}", json=document).status_code == 202
    visitor = Visitor(site.app)
    hidden = hidden_fields(visitor.get("/auth/register/").text)
    values = {**hidden, **document, **extra, "username": "parts", "email": "parts@example.org"}
    values["password_confirm"] = NEW_PASSWORD
    answer = visitor.client.post("/auth/register/", data=values, content_type="multipart/form-data")
    assert answer.status_code == 200
    made = users(site)
    assert {"form", "json", "query", "parts"} == {user.username for user in made}
    for user in made:
        assert (user.is_superuser, user.is_staff, user.is_active) == (False, False, True)
        assert user.id < 10
        assert user.email_verified_at is None
        assert user.password_hash.startswith("$argon2id$")
    with site.app.app_context():
        groups = site.db.session.query(site.models.Group).order_by("name")
        assert [(group.name, len(group.users)) for group in groups] == [("chiefs", 0), ("crew", 4)]


@pytest.mark.parametrize("kind", DATABASES)
def test_rg_5_one_address_registered_twenty_times_at_once_is_one_account(
    make_ready: Callable[..., Site], kind: str
) -> None:
    site = make_ready("default", kind)

    def job(number: int) -> Callable[[], int]:
        return lambda: register_by_json(site, f"kofi{number}", email="kofi@example.org").status_code

    assert set(at_once([job(number) for number in range(20)])) == {202}
    assert len(users(site)) == 1
    subjects = [subject for _, subject in notices(site)]
    assert subjects.count("Confirm your address") == 1
    assert subjects.count("You already have an account") <= 1


@pytest.mark.parametrize(
    "fields",
    [
        {"email": "kofi@example.org\r\nBcc: eve@example.org"},
        {"email": "kofi@example.org\nSubject: x"},
        {"email": "kofi@example.org, eve@example.org"},
        {"username": "kofi\r\nBcc: eve@example.org"},
    ],
    ids=repr,
)
def test_rg_6_no_line_break_gets_into_a_mail(site: Site, fields: dict[str, str]) -> None:
    document = {"username": "kofi", "email": "kofi@example.org", "password": NEW_PASSWORD}
    assert post(site, "register", {**document, **fields}).status_code == 400
    assert notices(site) == []


def test_rg_7_passwords_are_taken_as_typed_or_refused(make_ready: Callable[..., Site]) -> None:
    site = make_ready(LBACK_AUTH_LIMIT_REGISTER_PER_ADDRESS="1000 per hour")
    common = sorted(word for word in common_passwords() if len(word) >= 8)[:5]
    complain = state_of(site.app)[PasswordPolicy].complaints
    with site.app.test_request_context():
        assert [word for word in common_passwords() if not complain(word)] == []
    assert len(common_passwords()) >= 3_000
    refused = ["seven77", *common, "kofi@example.org", "x" * 129, "x" * 1_000_000, "null\x00byte"]
    for password in refused:
        status = register_by_json(site, password=password).status_code
        assert status == (413 if len(password) == 1_000_000 else 400), password[:20]
        if "\x00" not in password:
            assert register(site, password=password).status_code in (400, 413), password[:20]
    assert users(site) == []
    taken = [
        "x7" * 32,
        "ab" * 36,
        "ab" * 36 + "c",
        "a" * 127 + "b",
        "  spaced out  ",
        "🦊🌊🚲🎻🥖🚂📚🧭",
    ]
    for number, password in enumerate(taken):
        assert register_by_json(site, f"kofi{number}", password=password).status_code == 202
    with site.app.app_context():
        for number, password in enumerate(taken):
            user = site.user(f"kofi{number}")
            assert user.check_password(password)
            assert not user.check_password(password[:-1]), "every character counts, the 73rd too"
            assert not user.check_password(password.strip() + " ")


def test_rg_8_no_kinds_of_characters_are_asked_for(site: Site) -> None:
    assert register_by_json(site, password="onlylowercaselettersx").status_code == 202


@pytest.mark.parametrize("value", [123, 1.5, [], {}, None, True, ["x"], "\ud800"], ids=repr)
@pytest.mark.parametrize("name", ["username", "email", "password"])
def test_rg_9_values_of_other_types_are_refused_and_no_error(
    site: Site, name: str, value: Any
) -> None:
    answer = (
        register_by_json(site, **{name: value})
        if name != "username"
        else post(
            site,
            "register",
            {"username": value, "email": "x@example.org", "password": NEW_PASSWORD},
        )
    )
    assert answer.status_code == 400
    assert name in {error["field"] for error in answer.json["errors"]}


def test_rg_10_closed_registration_is_not_there(make_ready: Callable[..., Site]) -> None:
    site = make_ready(LBACK_AUTH_REGISTRATION=False)
    visitor = Visitor(site.app)
    assert visitor.get("/auth/register/").status_code == 404
    fields = {"username": "kofi", "email": "kofi@example.org", "password": NEW_PASSWORD}
    answer = visitor.submit("/auth/login/", to="/auth/register/", **fields)
    assert (answer.status_code, register_by_json(site).status_code) == (404, 404)
    assert users(site) == []


def test_ev_1_that_an_address_is_not_confirmed_is_said_after_the_right_password(site: Site) -> None:
    site.add_user("maya", verified=False)
    wrong = post(site, "login", {"identifier": "maya", "password": "a wrong sentence"})
    nobody = post(site, "login", {"identifier": "nobody", "password": "a wrong sentence"})
    assert (wrong.status_code, wrong.json) == (nobody.status_code, nobody.json)
    right: Any = log_in_by_json(site)
    assert (right.status_code, right.json["code"]) == (401, "email_not_verified")


def test_ev_2_a_dead_verification_token_is_refused_with_one_message(site: Site) -> None:
    site.add_user("maya", verified=False)
    site.add_user("kofi", verified=False)
    token, used = token_of(site, VERIFY), token_of(site, VERIFY, "kofi")
    assert post(site, "verify-email", {"token": used}).status_code == 200
    cookie = signed_in(site, "kofi", remember="y").client.get_cookie(COOKIE)
    assert cookie is not None
    answers = [
        post(site, "verify-email", {"token": dead})
        for dead in (
            used,
            flipped(token),
            token[:-1],
            token_of(site, RESET),
            token_of(site, CHANGE_EMAIL, "maya", "x@example.org"),
            cookie.value,
            "тайна",
        )
    ]
    with after(hours=24, seconds=2):
        answers.append(post(site, "verify-email", {"token": token}))
    assert {(one.status_code, one.json["code"], one.json["detail"]) for one in answers} == {
        (400, "invalid_token", SAME)
    }
    assert users(site)[0].email_verified_at is None


def test_ev_3_a_link_to_an_old_address_confirms_no_new_one(site: Site) -> None:
    site.add_user("maya", verified=False)
    token = token_of(site, VERIFY)
    with site.app.app_context():
        site.user("maya").email = "new@example.org"
        site.db.session.commit()
    assert post(site, "verify-email", {"token": token}).status_code == 400
    assert users(site)[0].email_verified_at is None


def test_ev_4_a_scanner_that_opens_a_link_changes_nothing(site: Site) -> None:
    site.add_user("maya", verified=False)
    verify, change = token_of(site, VERIFY), token_of(site, CHANGE_EMAIL, "maya", "x@example.org")
    client = site.app.test_client()
    for path in (f"verify-email/?token={verify}", f"confirm-email/?token={change}"):
        for method in ("GET", "HEAD", "OPTIONS"):
            answer = client.open(f"/auth/{path}", method=method)
            assert answer.status_code == 200
            assert "lback_session" not in str(answer.headers)
    [user] = users(site)
    assert (user.email_verified_at, user.email) == (None, "maya@example.org")


def test_ev_5_a_link_opened_by_somebody_else_who_is_signed_in_changes_its_own_account(
    site: Site,
) -> None:
    site.add_user("maya", verified=False)
    site.add_user("kofi")
    kofi = signed_in(site, "kofi")
    kofi.submit(f"/auth/verify-email/?token={token_of(site, VERIFY)}")
    token = token_of(site, CHANGE_EMAIL, "maya", "new@example.org")
    kofi.submit(f"/auth/confirm-email/?token={token}")
    maya, other = users(site)
    assert maya.email_verified_at is not None
    assert (maya.email, other.email) == ("new@example.org", "kofi@example.org")
    assert "kofi@example.org" in kofi.get("/auth/account/").text
    assert not is_in(Visitor(site.app))


def test_ev_6_asking_for_the_link_is_limited_for_known_and_unknown_alike(site: Site) -> None:
    site.add_user("maya", verified=False)

    def ask(name: str) -> list[int]:
        document = {"email": f"{name}@example.org"}
        return [post(site, "resend-verification", document).status_code for _ in range(8)]

    assert ask("maya") == ask("nobody") == [202] * 5 + [429] * 3
    assert len(outbox_of(site.app)) == 5
    assert {
        post(site, "resend-verification", {"email": f"x{n}@example.org"}).status_code
        for n in range(40)
    } == {202, 429}, "and by the network address"


def test_ev_7_a_stolen_session_changes_no_address(site: Site) -> None:
    site.add_user("maya")
    owner = signed_in(site)
    thief = thief_of(site, owner)
    with after(minutes=16):
        for password in ("", "a wrong sentence"):
            answer = thief.submit(
                "/auth/change-email/", email="eve@example.org", current_password=password
            )
            assert answer.status_code == 400
    assert "eve@example.org" not in [to for to, _ in notices(site)]
    # A session that is still fresh may ask; its owner is told, and stops it by a reset.
    assert thief.submit("/auth/change-email/", email="eve@example.org").status_code == 200
    assert ("maya@example.org", "Your address is to be changed") in notices(site)
    token = token_of(site, CHANGE_EMAIL, "maya", "eve@example.org")
    assert users(site)[0].email == "maya@example.org"
    reset = {"token": token_of(site, RESET), "new_password": NEW_PASSWORD}
    assert post(site, "reset-password", reset).status_code == 200
    assert post(site, "confirm-email", {"token": token}).status_code == 400
    assert users(site)[0].email == "maya@example.org"
    assert log_in_by_json(site, password=NEW_PASSWORD).status_code == 200
    assert not is_in(thief)


def test_ev_7_a_change_of_address_is_told_at_the_old_one_and_ends_every_other_session(
    site: Site,
) -> None:
    site.add_user("maya")
    here, there = signed_in(site), signed_in(site)
    thief = thief_of(site, here)
    token = token_of(site, CHANGE_EMAIL, "maya", "new@example.org")
    assert here.submit(f"/auth/confirm-email/?token={token}").status_code == 302
    assert ("maya@example.org", "Your address was changed") in notices(site)
    assert [is_in(one) for one in (here, there, thief)] == [True, False, False]
    answer = here.submit("/auth/change-email/", email="new@example.org")
    assert "This is your address already." in errors_of(answer.text)
    assert PASSWORD not in str(outbox_of(site.app))
