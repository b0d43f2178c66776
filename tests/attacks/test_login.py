"""Signing in: nothing but the right password tells anything about an account."""

from __future__ import annotations

import re
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from flask_lback.auth import login_required
from flask_lback.auth.passwords.hasher import PasswordHasher
from flask_lback.core.state import state_of
from flask_lback.limits.service import RateLimits
from flask_lback.tasks.runner import TaskRunner
from flask_lback.testing import count_queries, record_signals
from flask_lback.testing.kit import outbox_of
from tests.support.apps import PASSWORD, Site
from tests.support.visitor import Visitor, errors_of, hidden_fields

from .support import NEW_PASSWORD, is_in, signed_in


def attempts(
    site: Site,
    name: str,
    times: int,
    password: str = "a wrong sentence",
    *,
    address: str = "127.0.0.1",
) -> list[int]:
    """What that many attempts from an address are answered."""
    visitor = Visitor(site.app)
    visitor.client.environ_base["REMOTE_ADDR"] = address
    document = {"identifier": name, "password": password}
    return [visitor.post_json("/api/auth/login/", document).status_code for _ in range(times)]


def body_of(message: EmailMessage) -> str:
    """The plain text of a mail."""
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def test_en_3_counters_do_not_tell_which_address_belongs_to_a_username(site: Site) -> None:
    site.add_user("maya")
    for known, unknown in (("maya", "nobody"), ("maya@example.org", "nobody@example.org")):
        assert attempts(site, known, 8) == attempts(site, unknown, 8) == [401] * 5 + [429] * 3


def test_bf_5_the_other_name_of_an_account_gives_no_further_guesses(site: Site) -> None:
    site.add_user("maya")
    attempts(site, "maya", 5)
    with record_signals("user_authentication_failed") as sent:
        assert attempts(site, "maya@example.org", 1, PASSWORD) == [401]
    assert [values["reason"] for _, values in sent] == ["too_many_attempts"]


def test_bf_7_a_right_password_forgives_both_names(site: Site) -> None:
    site.add_user("maya")
    for _ in range(3):
        attempts(site, "maya", 2)
        attempts(site, "maya@example.org", 2)
        assert attempts(site, "maya", 1, PASSWORD) == [200]


def test_bf_4_changing_the_password_forgives_both_names(site: Site) -> None:
    site.add_user("maya")
    visitor = signed_in(site)
    attempts(site, "maya", 5)
    attempts(site, "maya", 5, address="198.51.100.7")
    fields = {"new_password": NEW_PASSWORD, "password_confirm": NEW_PASSWORD}
    answer = visitor.submit("/auth/change-password/", current_password=PASSWORD, **fields)
    assert answer.status_code == 302
    assert attempts(site, "maya", 5) == [401] * 5


@pytest.mark.parametrize(
    ("addresses", "stopped"),
    [
        ([f"2001:db8:1:2::{number:x}" for number in range(8)], True),
        ([f"2001:db8:{number:x}::1" for number in range(8)], False),
        ([f"192.0.2.{number}" for number in range(8)], False),
        (["::ffff:192.0.2.1"] * 8, True),
    ],
    ids=["one /64", "many networks", "IPv4", "mapped"],
)
def test_bf_3_an_ipv6_network_is_one_address(
    make_ready: Callable[..., Site], addresses: list[str], stopped: bool
) -> None:
    site = make_ready(LBACK_AUTH_LIMIT_PASSWORD_PER_ADDRESS="5 per hour")
    answers = []
    for number, address in enumerate(addresses):
        client = site.app.test_client()
        client.environ_base["REMOTE_ADDR"] = address
        document = {"identifier": f"user{number}", "password": "a wrong sentence"}
        answers.append(client.post("/api/auth/login/", json=document).status_code)
    assert answers == [401] * 5 + [429 if stopped else 401] * 3


def test_bf_1_who_goes_on_is_told_to_wait_longer_each_time(site: Site) -> None:
    site.add_user("maya")
    limits, waits = state_of(site.app)[RateLimits], []
    for times in (5, 5):
        assert attempts(site, "maya", times) == [401] * times
        refused = Visitor(site.app).post_json(
            "/api/auth/login/", {"identifier": "maya", "password": PASSWORD}
        )
        assert (refused.status_code, refused.get_json()["code"]) == (429, "throttled")
        waits.append(int(refused.headers["Retry-After"]))
        with site.app.app_context():  # a minute later
            user = site.user("maya")
            generation = f"{user.password_hash}:0"
            for kind, who in (("name", "maya"), ("account", f"user:{user.id}")):
                key = (f"password-{kind}-address", who, "127.0.0.1", generation)
                limits.clear("5 per minute", *key)
                limits.clear("10 per minute", f"password-{kind}", who)
    assert 50 <= waits[0] <= 61
    assert 890 <= waits[1] <= 901
    assert attempts(site, "maya", 1, PASSWORD) == [429]


def test_bf_2_addresses_by_the_dozen_share_the_account_s_budget(site: Site) -> None:
    site.add_user("maya")
    answers = []
    for number in range(20):
        client = site.app.test_client()
        client.environ_base["REMOTE_ADDR"] = f"198.51.100.{number}"
        document = {"identifier": "maya", "password": "a wrong sentence"}
        answers.append(client.post("/api/auth/login/", json=document).status_code)
    assert answers == [401] * 10 + [429] * 10


def test_bf_4_one_address_keeps_the_owner_out_of_no_other(site: Site) -> None:
    site.add_user("maya")
    assert attempts(site, "maya", 30)[5:] == [429] * 25
    assert attempts(site, "maya", 1, address="198.51.100.7") == [401]
    assert attempts(site, "maya", 1, PASSWORD, address="198.51.100.7") == [200]
    # Her success buys no guesses at the other address.
    assert attempts(site, "maya", 1, PASSWORD) == [429]


def test_bf_7_a_success_of_one_s_own_buys_no_guesses_at_others(
    make_ready: Callable[..., Site],
) -> None:
    site = make_ready(LBACK_AUTH_LIMIT_PASSWORD_PER_ADDRESS="6 per hour")
    site.add_user("mallory")
    answers = []
    for number in range(4):
        answers += attempts(site, f"user{number}", 2)
        answers += attempts(site, "mallory", 1, PASSWORD)
    assert answers == [401, 401, 200, 401, 401, 200, 401, 401, 429, 429, 429, 429]


def test_bf_3_one_password_for_hundreds_of_accounts_is_stopped_by_the_address(site: Site) -> None:
    client, answers = site.app.test_client(), []
    for number in range(100):
        document = {"identifier": f"user{number}@example.org", "password": "a wrong sentence"}
        answers.append(client.post("/api/auth/login/", json=document).status_code)
    assert answers == [401] * 60 + [429] * 40


def test_bf_3_right_passwords_use_up_no_address(make_ready: Callable[..., Site]) -> None:
    site = make_ready(LBACK_AUTH_LIMIT_PASSWORD_PER_ADDRESS="3 per hour")
    site.add_user("maya")
    assert attempts(site, "maya", 8, PASSWORD) == [200] * 8


def test_bf_4_a_known_browser_gets_in_while_others_keep_the_account_busy(site: Site) -> None:
    site.add_user("maya")
    owner, stranger = signed_in(site), Visitor(site.app)
    assert owner.submit("/auth/logout/").status_code == 302
    attempts(site, "maya", 7)
    assert stranger.sign_in("maya", PASSWORD).status_code == 429
    assert owner.sign_in("maya", PASSWORD).status_code == 302
    assert is_in(owner)


def test_bf_4_a_known_browser_gets_in_by_the_name_that_was_not_attacked(site: Site) -> None:
    site.add_user("maya")
    owner = signed_in(site)
    owner.submit("/auth/logout/")
    attempts(site, "maya", 7)
    assert owner.sign_in("maya@example.org", PASSWORD).status_code == 302


def test_bf_4_a_known_browser_has_a_small_budget_and_none_for_other_accounts(site: Site) -> None:
    for name in ("maya", "mallory"):
        site.add_user(name)
    mallory, owner = signed_in(site, "mallory"), signed_in(site)
    for visitor, more in ((mallory, 0), (owner, 5)):
        visitor.submit("/auth/logout/")
        attempts(site, "maya", 5)
        answers = [visitor.sign_in("maya", "a wrong sentence").status_code for _ in range(7)]
        assert answers == [401] * more + [429] * (7 - more)


def test_bf_4_a_mailed_link_lets_the_owner_in_at_once(site: Site) -> None:
    site.add_user("maya")
    outbox = outbox_of(site.app)
    attempts(site, "maya", 7)
    outbox.clear()
    owner = Visitor(site.app)
    owner.submit("/auth/request-reset-password/", email="maya@example.org")
    [link] = re.findall(r"http://localhost(/\S+)", body_of(outbox[0]))
    fields = {"new_password": NEW_PASSWORD, "password_confirm": NEW_PASSWORD}
    assert owner.submit(link, to="/auth/reset-password/", **fields).status_code == 302
    assert Visitor(site.app).sign_in("maya", NEW_PASSWORD).status_code == 302


def test_bf_5_every_way_to_write_an_address_is_one_account(site: Site) -> None:
    site.add_user("maya")
    forms = ["maya@example.org", "MAYA@Example.ORG", " maya@example.org ", "maya@EXAMPLE.org"]
    forms.append("\uff4daya@example.org")
    assert [attempts(site, form, 1) for form in forms] == [[401]] * 5
    assert attempts(site, "Maya@example.org", 1) == [429]


STATES = ("known", "unknown", "inactive", "unverified", "no password")


def add_account_in(site: Site, state: str, name: str = "maya") -> None:
    """An account of that state, if there is to be one."""
    fields = {"password": None} if state == "no password" else {}
    if state != "unknown":
        site.add_user(name, verified=state != "unverified", **fields)
    if state == "inactive":
        with site.app.app_context():
            site.user(name).is_active = False
            site.db.session.commit()


def shown_by(answer: TestResponse, name: str) -> tuple[Any, ...]:
    """All that an answer tells: status, text, headers and cookies, but for what is random."""
    cookies = [text.partition("=")[0] for text in answer.headers.getlist("Set-Cookie")]
    text = errors_of(answer.text) if answer.mimetype == "text/html" else answer.text
    text = re.sub(r"\d+ seconds|\d+|[0-9a-f]{8,}", "", text.replace(name, "…"))
    return answer.status_code, text, sorted(answer.headers.keys()), cookies, answer.location


@pytest.mark.parametrize("way", ["page", "admin", "json", "json with a cookie"])
def test_lg_1_nothing_in_an_answer_tells_one_kind_of_account_from_another(
    site: Site, way: str
) -> None:
    shown, cookie = [], way == "json with a cookie"
    for number, state in enumerate(STATES):
        name = f"member{number}"
        add_account_in(site, state, name)
        for _ in range(7):
            visitor = Visitor(site.app)
            if way == "page":
                answer = visitor.sign_in(name, "a wrong sentence")
            elif way == "admin":
                page = visitor.get("/admin/").location
                fields = {"identifier": name, "password": "a wrong sentence"}
                answer = visitor.submit(page, to=page, **fields)
            else:
                document = {"identifier": name, "password": "a wrong sentence", "session": cookie}
                answer = visitor.post_json("/api/auth/login/", document)
            shown.append(shown_by(answer, name))
    assert [one[0] for one in shown] == ([401] * 5 + [429] * 2) * len(STATES)
    assert [one for one in shown if one not in (shown[0], shown[5])] == []


@pytest.mark.parametrize("state", STATES)
def test_lg_1_every_kind_of_account_is_answered_alike(
    site: Site, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    add_account_in(site, state)
    hasher, hashed = state_of(site.app)[PasswordHasher], []
    verify = hasher.verify

    def counted(password: str, stored: str | None) -> bool:
        hashed.append(stored)
        return verify(password, stored)

    monkeypatch.setattr(hasher, "verify", counted)
    answers = []
    for _ in range(7):
        answer = Visitor(site.app).sign_in("maya", "a wrong sentence")
        waits = "Retry-After" in answer.headers
        cookies = tuple(text.partition("=")[0] for text in answer.headers.getlist("Set-Cookie"))
        text = re.sub(r"\d+ seconds", "", errors_of(answer.text))
        answers.append((answer.status_code, waits, cookies, text))
    assert [answer[:2] for answer in answers] == [(401, False)] * 5 + [(429, True)] * 2
    assert len(hashed) == 5
    assert len(set(answers[:5])) == len(set(answers[5:])) == 1
    assert "The name or the password is wrong." in answers[0][3]
    assert "Too many attempts." in answers[6][3]
    assert "maya@" not in answers[6][3]


def test_lg_1_a_lockout_takes_as_many_statements_for_unknown_names(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The owner's mail is written in the background, after which nothing is counted."""
    site.add_user("maya")
    site.app.config["SERVER_NAME"] = "localhost"
    monkeypatch.setattr(state_of(site.app)[TaskRunner], "run_later", lambda *args: None)
    counts = {}
    visitor = signed_in(site)
    visitor.submit("/auth/logout/")
    for name in ("maya", "nobody"):
        answers = [visitor.sign_in(name, "a wrong sentence") for _ in range(5)]
        assert {answer.status_code for answer in answers} == {401}
        stranger = Visitor(site.app)
        stranger.client.set_cookie("lback_device", "planted")
        stranger.get("/auth/login/")
        with count_queries(site.app) as statements:
            assert stranger.sign_in(name, PASSWORD).status_code == 429
        counts[name] = len(statements)
    assert counts["maya"] == counts["nobody"] >= 2


def test_lg_1_known_and_unknown_names_take_as_many_statements(site: Site) -> None:
    site.add_user("maya")
    counts = set()
    for name in ("maya", "nobody", "maya@example.org", "nobody@example.org"):
        with count_queries(site.app) as statements:
            attempts(site, name, 1)
        counts.add(len(statements))
    assert len(counts) == 1


@pytest.mark.parametrize(
    ("names", "status"), [(("maya", "nobody"), 302), (("nobody", "maya"), 401)]
)
def test_lg_2_of_two_names_in_a_form_the_first_is_tried_and_counted(
    site: Site, names: tuple[str, str], status: int
) -> None:
    site.add_user("maya")
    visitor = Visitor(site.app)
    hidden = hidden_fields(visitor.get("/auth/login/").text)
    with record_signals("user_authenticated", "user_authentication_failed") as sent:
        fields = MultiDict([*hidden.items(), *(("identifier", name) for name in names)])
        fields.add("password", PASSWORD)
        assert visitor.client.post("/auth/login/", data=fields).status_code == status
    assert is_in(visitor) is (status == 302)
    assert [values.get("username") for _, values in sent if "username" in values] == (
        [] if status == 302 else ["nobody"]
    )


@pytest.mark.parametrize(
    ("names", "status"), [(("nobody", "maya"), 200), (("maya", "nobody"), 401)]
)
def test_lg_2_of_two_names_in_a_document_the_last_is_tried_and_counted(
    site: Site, names: tuple[str, str], status: int
) -> None:
    site.add_user("maya")
    text = "".join(f'"identifier": "{name}", ' for name in names)
    body = f'{{{text}"password": "{PASSWORD}"}}'
    client = site.app.test_client()
    answer = client.post("/api/auth/login/", data=body, content_type="application/json")
    assert answer.status_code == status


def test_lg_2_a_name_and_a_password_in_the_address_are_not_looked_at(site: Site) -> None:
    site.add_user("maya")
    query = urlencode({"identifier": "maya", "password": PASSWORD, "session": "true"})
    visitor = Visitor(site.app)
    assert visitor.get(f"/auth/login/?{query}").status_code == 200
    assert visitor.submit(f"/auth/login/?{query}", to=f"/auth/login/?{query}").status_code == 400
    half = {"identifier": "maya"}
    answer = visitor.submit("/auth/login/", to=f"/auth/login/?{query}", **half)
    assert answer.status_code == 400
    for document in ({}, half, {"password": PASSWORD}):
        assert visitor.post_json(f"/api/auth/login/?{query}", document).status_code == 400
    assert visitor.client.post(f"/api/auth/login/?{query}").status_code in (400, 415)
    assert not is_in(visitor)


@pytest.mark.parametrize("key", ["9" * 30, "-" + "9" * 30, "1_0", " 1", "+1", "\uff11", "", "x"])
def test_a_key_in_another_spelling_finds_nobody_and_is_no_error(site: Site, key: str) -> None:
    from flask_lback.auth import UserManager

    site.add_user("maya")
    with site.app.app_context():
        assert UserManager().get_user_by_id("1") is not None
        assert UserManager().get_user_by_id(key) is None


def guarded_by_options(app: Flask) -> None:
    """A view that answers OPTIONS by itself."""

    @app.route("/papers/", methods=["GET", "OPTIONS"])
    @login_required
    def papers() -> Any:
        return "the papers"


def test_rb_10_options_is_no_way_round_a_login(site: Site) -> None:
    guarded_by_options(site.app)
    client = site.app.test_client()
    assert client.get("/papers/").status_code == client.options("/papers/").status_code == 302


def test_rb_10_no_leftover_of_a_test_suite_switches_logins_off(site: Site) -> None:
    guarded_by_options(site.app)
    site.app.config["LOGIN_DISABLED"] = True
    assert site.app.test_client().get("/papers/").status_code == 302
    site.add_user("maya")
    assert is_in(signed_in(site))
