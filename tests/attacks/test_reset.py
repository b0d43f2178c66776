"""Mailed links work once, and asking for one tells nobody anything."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable
from typing import Any

import pytest

from flask_lback.auth import UserManager
from flask_lback.auth.mails.links import CHANGE_EMAIL, RESET, VERIFY, LinkTokens
from flask_lback.core.state import state_of
from flask_lback.mail.service import Mailer
from flask_lback.tasks.runner import TaskRunner
from flask_lback.testing.kit import outbox_of
from tests.support.apps import PASSWORD, SECRET_KEY, Site
from tests.support.databases import DATABASES
from tests.support.visitor import Visitor, errors_of, hidden_fields

from .support import (
    NEW_PASSWORD,
    after,
    at_once,
    flipped,
    is_in,
    log_in_by_json,
    post,
    refresh,
    signed_in,
    token_of,
)

SAME = "This link is no longer good. Ask for a new one."


def reset(site: Site, token: str, password: str = NEW_PASSWORD) -> Any:
    """Use a link by JSON."""
    return post(site, "reset-password", {"token": token, "new_password": password})


def ask(site: Site, email: str = "maya@example.org") -> Any:
    """Ask for a link by JSON."""
    return post(site, "request-reset-password", {"email": email})


def is_dead(site: Site, token: str) -> bool:
    """Whether page and JSON refuse a link in the same words, and the password stays."""
    answer, page = reset(site, token), Visitor(site.app).get(f"/auth/reset-password/?token={token}")
    with site.app.app_context():
        user = site.user("maya")
        kept = user is None or not user.check_password(NEW_PASSWORD)
    told = (answer.status_code, answer.json["code"], answer.json["detail"])
    text = errors_of(page.text)
    is_said = page.status_code == 400 and all(one in text for one in SAME.split(". "))
    return kept and told == (400, "invalid_token", SAME) and is_said


@pytest.fixture
def place(site: Site) -> Site:
    """A site with one account."""
    site.add_user("maya")
    return site


@pytest.mark.parametrize("kind", DATABASES)
def test_cc_1_a_reset_link_used_six_times_at_once_works_once(
    make_ready: Callable[..., Site], kind: str
) -> None:
    site = make_ready("default", kind)
    site.add_user("maya")
    with site.app.app_context():
        token = state_of(site.app)[LinkTokens].make(RESET, site.user("maya"))

    def job(number: int) -> Callable[[], tuple[int, str]]:
        visitor, password = Visitor(site.app), f"a sentence of {number} words"
        page = visitor.get(f"/auth/reset-password/?token={token}")
        fields = {"new_password": password, "password_confirm": password}
        data = {**hidden_fields(page.text), **fields}
        return lambda: (
            visitor.client.post("/auth/reset-password/", data=data).status_code,
            password,
        )

    answers = at_once([job(number) for number in range(6)])
    [winner] = [password for status, password in answers if status == 302]
    assert sorted(status for status, _ in answers) == [302] + [400] * 5
    with site.app.app_context():
        assert site.user("maya").check_password(winner)


@pytest.mark.parametrize("page", ["request-reset-password", "resend-verification", "register"])
def test_pr_8_a_site_that_cannot_write_links_says_so_to_everybody(
    make_ready: Callable[..., Site], page: str
) -> None:
    site = make_ready(PROPAGATE_EXCEPTIONS=False)
    site.add_user("maya", verified=page != "resend-verification")
    site.app.testing = False

    def ask(email: str) -> int:
        client = site.app.test_client()
        shown = client.get(f"/auth/{page}/", base_url="http://shop.example")
        fields = {"username": "kofi", "password": PASSWORD, "password_confirm": PASSWORD}
        data = {**hidden_fields(shown.text), **fields, "email": email}
        return client.post(f"/auth/{page}/", base_url="http://shop.example", data=data).status_code

    assert {ask("maya@example.org"), ask("nobody@example.org")} == {500}


def test_pr_2_a_dead_link_is_refused_with_one_message(place: Site) -> None:
    place.add_user("kofi")
    token = token_of(place, RESET)
    place.app.secret_key = "z" + SECRET_KEY[1:]
    foreign = token_of(place, RESET)
    place.app.secret_key = SECRET_KEY
    user, _, rest = token.partition(".")
    other = token_of(place, RESET, "kofi").partition(".")[0]
    for dead in (
        flipped(token),
        f"{other}.{rest}",
        token_of(place, VERIFY),
        token_of(place, CHANGE_EMAIL, "maya", "x@example.org"),
        foreign,
        user,
        "x" * 5_000,
    ):
        assert is_dead(place, dead), dead[:40]
    with after(minutes=61):
        assert is_dead(place, token)
    with after(minutes=59):
        assert reset(place, token).status_code == 200


def test_pr_2_an_old_key_reads_its_links_as_long_as_it_is_a_fallback(place: Site) -> None:
    token = token_of(place, RESET)
    place.app.secret_key = "z" + SECRET_KEY[1:]
    assert is_dead(place, token)
    place.app.config["SECRET_KEY_FALLBACKS"] = [SECRET_KEY]
    assert reset(place, token).status_code == 200


@pytest.mark.parametrize("used", [0, 1], ids=["the older", "the newer"])
def test_pr_3_of_two_links_either_works_and_then_neither(place: Site, used: int) -> None:
    with after(seconds=-5):
        tokens = [token_of(place, RESET)]
    tokens.append(token_of(place, RESET))
    assert reset(place, tokens[used], "a third long sentence").status_code == 200
    assert all(is_dead(place, token) for token in tokens)


def test_pr_4_a_change_of_password_by_the_owner_kills_the_link(place: Site) -> None:
    token = token_of(place, RESET)
    fields = {"new_password": "a third long sentence", "password_confirm": "a third long sentence"}
    visitor = signed_in(place)
    visitor.submit("/auth/change-password/", current_password=PASSWORD, **fields)
    assert is_dead(place, token)


@pytest.mark.parametrize("event", ["deactivated", "deleted"])
def test_pr_6_an_account_that_is_gone_has_no_good_link(place: Site, event: str) -> None:
    token = token_of(place, RESET)
    with place.app.app_context():
        user = place.user("maya")
        if event == "deactivated":
            UserManager().deactivate(user)
        else:
            place.db.session.delete(user)
        place.db.session.commit()
    assert is_dead(place, token)
    ask(place)
    assert outbox_of(place.app) == []


def test_pr_7_a_poisoned_host_does_not_get_into_the_mail(make_ready: Callable[..., Site]) -> None:
    site = make_ready(LBACK_SITE_URL="https://harbour.example")
    site.add_user("maya")
    client = site.app.test_client()
    for headers in (
        {"Host": "evil.example"},
        {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http"},
        {"Forwarded": "host=evil.example"},
        {"X-Original-URL": "//evil.example/", "X-Forwarded-Prefix": "//evil.example"},
    ):
        client.post(
            "/api/auth/request-reset-password/", json={"email": "maya@example.org"}, headers=headers
        )
    mails = [str(mail) for mail in outbox_of(site.app)]
    assert len(mails) >= 3
    assert all(
        "https://harbour.example/auth/reset-password/?token=3D" in mail
        or "https://harbour.example/auth/reset-password/?token=" in mail
        for mail in mails
    )
    assert not any("evil.example" in mail for mail in mails)


class Broken:
    """A mail server that is away."""

    def send(self, message: Any) -> None:
        raise OSError("no mail server")


@pytest.mark.parametrize("is_up", [True, False], ids=["mail up", "mail down"])
def test_pr_8_known_and_unknown_addresses_get_one_answer(place: Site, is_up: bool) -> None:
    if not is_up:
        state_of(place.app)[Mailer].use_backend(Broken())
    known, unknown = ask(place), ask(place, "nobody@example.org")
    assert known.status_code == unknown.status_code == 202
    assert known.json == unknown.json
    assert {name for name, _ in known.headers} == {name for name, _ in unknown.headers}


def test_pr_8_nobody_waits_for_the_mail_that_only_some_get(make_ready: Callable[..., Site]) -> None:
    site = make_ready(LBACK_TASKS_EAGER=False)
    site.add_user("maya")
    is_answered, sent = threading.Event(), []

    class Slow:
        """A mail server that takes its time."""

        def send(self, message: Any) -> None:
            sent.append(is_answered.wait(5))

    state_of(site.app)[Mailer].use_backend(Slow())
    assert (ask(site).status_code, ask(site, "nobody@example.org").status_code) == (202, 202)
    is_answered.set()
    state_of(site.app)[TaskRunner].drain()
    assert sent == [True], "it was sent, and only after both were answered"


def test_pr_9_only_the_stored_address_is_mailed(place: Site) -> None:
    place.add_user("mike")
    for email in ("MIKE@example.org", "m\u0131ke@example.org", "mi\u0307ke@example.org"):
        assert ask(place, email).status_code == 202
    assert {str(mail["To"]) for mail in outbox_of(place.app)} <= {"mike@example.org"}
    assert len(outbox_of(place.app)) == 1


def test_pr_10_a_token_is_in_no_row_no_log_and_no_later_address(
    place: Site, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        ask(place)
        [mail] = outbox_of(place.app)
        text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        found = re.search(r"token=(\S+)", text)
        assert found is not None
        token = found[1]
        visitor = Visitor(place.app)
        path = f"/auth/reset-password/?token={token}"
        page = visitor.get(path)
        assert page.headers["Referrer-Policy"] == "no-referrer"
        fields = {"new_password": NEW_PASSWORD, "password_confirm": NEW_PASSWORD}
        answer = visitor.submit(path, **fields)
        assert answer.location == "/auth/login/"
    logged = [one for one in caplog.records if not one.name.startswith(("flask_lback.mail",))]
    assert not any(token in one.getMessage() for one in logged)
    with place.app.app_context():
        for table in place.db.metadata.sorted_tables:
            rows = place.db.session.execute(table.select()).all()
            assert not any(token in str(row) for row in rows), table.name


def test_pr_11_a_hundred_requests_are_five_mails(place: Site) -> None:
    answers = [ask(place).status_code for _ in range(100)]
    unknown = [ask(place, "nobody@example.org").status_code for _ in range(3)]
    assert len(outbox_of(place.app)) == 5
    assert (answers[:5], set(answers[5:])) == ([202] * 5, {429})
    assert unknown[0] in (202, 429)


def test_pr_12_a_reset_signs_nobody_in_and_everything_out_and_is_told(place: Site) -> None:
    browser = signed_in(place, remember="y")
    tokens: Any = log_in_by_json(place).json
    with place.app.app_context():
        place.db.session.add(
            place.models.ApiToken(
                owner=place.user("maya"), name="backup", token_hash="x" * 64, prefix="lb_1"
            )
        )
        place.db.session.commit()
    answer = reset(place, token_of(place, RESET))
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert "access_token" not in answer.json
    assert not is_in(browser)
    assert refresh(place, tokens["refresh_token"]).status_code == 401
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert Visitor(place.app).get("/api/auth/me/", headers=bearer).status_code == 401
    with place.app.app_context():
        assert place.db.session.query(place.models.ApiToken).one().revoked_at is not None
    assert "Your password was changed - Site" in [
        str(one["Subject"]) for one in outbox_of(place.app)
    ]


def test_pr_12_a_reset_goes_round_no_other_rule(place: Site) -> None:
    place.add_user("kofi", verified=False)
    assert reset(place, token_of(place, RESET, "kofi")).status_code == 200
    answer: Any = post(place, "login", {"identifier": "kofi", "password": NEW_PASSWORD})
    assert (answer.status_code, answer.json["code"]) == (401, "email_not_verified")


def test_pr_13_a_refused_password_leaves_the_link_good(place: Site) -> None:
    token = token_of(place, RESET)
    for weak in ("short", "password1", "maya@example.org", ""):
        assert reset(place, token, weak).status_code == 400
    assert reset(place, token).status_code == 200
