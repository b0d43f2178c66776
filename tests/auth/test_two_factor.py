"""The second step: an app, a code by mail or by the application's own sender, recovery codes."""

from __future__ import annotations

import datetime as dt
import importlib.util
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from flask_lback import Lback
from flask_lback.auth.entrance import Entrance, SecondStepRequired
from flask_lback.auth.second_factors import SecondFactors, Way
from flask_lback.auth.two_factor.service import TwoFactor
from flask_lback.core import clock
from flask_lback.core.state import state_of
from flask_lback.exceptions import ConfigError, MissingExtraError
from flask_lback.testing import record_signals
from flask_lback.testing.kit import outbox_of
from tests.attacks.support import COOKIE, is_in, thief_of
from tests.support.apps import PASSWORD, SECRET_KEY, USER_KINDS, Site, make_site
from tests.support.databases import DATABASES
from tests.support.second_step import (
    SETUP,
    VERIFY,
    app_code,
    mailed_code,
    second_step,
    set_up_app,
    set_up_mail,
    shown_codes,
    shown_key,
    text_of,
    with_app,
)
from tests.support.visitor import Visitor, errors_of

STATUS = "/auth/two-factor/"
CODES = "/auth/two-factor/recovery-codes/"
MINUTE = dt.timedelta(minutes=1)
Ready = Callable[..., Site]


def signed_in(site: Site, name: str = "maya") -> Visitor:
    """Somebody who has no second step yet, and has signed in."""
    visitor = Visitor(site.app)
    assert visitor.sign_in(f"{name}@example.org", PASSWORD).status_code == 302
    assert is_in(visitor)
    return visitor


def half_in(site: Site, name: str = "maya", **fields: Any) -> Visitor:
    """Somebody who has given the password, and waits before the second step."""
    visitor = Visitor(site.app)
    answer = visitor.sign_in(f"{name}@example.org", PASSWORD, **fields)
    assert answer.location in (VERIFY, SETUP), answer.location
    assert not is_in(visitor)
    return visitor


def subjects(site: Site) -> list[str]:
    """What the mails were about."""
    return [str(mail["Subject"]).partition(" - ")[0] for mail in outbox_of(site.app)]


def entries(site: Site, action: str) -> list[Any]:
    """Entries of the audit log."""
    with site.app.app_context():
        return list(site.db.session.query(site.models.AuditEntry).filter_by(action=action))


def test_an_app_is_set_up_by_its_first_code(site: Site) -> None:
    site.add_user("maya")
    visitor, elsewhere = signed_in(site), signed_in(site)
    thief = thief_of(site, visitor)
    page = visitor.get(SETUP)
    assert "otpauth://totp/" in page.text
    assert "<svg role=" in page.text
    answer = visitor.submit(SETUP, code="000 00", method="totp")
    assert answer.status_code == 400
    key = shown_key(answer)
    with record_signals("two_factor_enabled", "recovery_codes_made") as sent:
        page = visitor.client.post(
            SETUP,
            data={"csrf_token": csrf(answer.text), "method": "totp", "code": app_code(key)},
        )
    assert len(set(shown_codes(page))) == 10
    assert [name for name, _ in sent] == ["two_factor_enabled", "recovery_codes_made"]
    assert sent[0][1]["method"] == "totp"
    assert is_in(visitor)
    assert not is_in(elsewhere)
    assert not is_in(thief)
    assert subjects(site)[-1] == "A second step was added to your account"
    assert len(entries(site, "auth.two_factor_enabled")) == 1
    assert "Authenticator app" in visitor.get(STATUS).text


def csrf(html: str) -> str:
    """The token of a page that was answered to a form."""
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', html)
    assert found is not None
    return found[1]


def test_nothing_counts_before_the_first_code_was_right(site: Site) -> None:
    site.add_user("maya")
    signed_in(site).get(SETUP)
    assert is_in(signed_in(site))


def test_the_code_of_the_app_finishes_a_sign_in(site: Site) -> None:
    secret, _ = with_app(site)
    visitor = half_in(site, next="/ten/")
    answer = second_step(visitor, app_code(secret, 1))
    assert answer.location == "/ten/"
    assert is_in(visitor)
    with site.app.app_context():
        row = site.db.session.query(site.models.UserSession).one()
        assert row.method == "password+totp"
        assert not row.is_remembered


def test_keep_me_signed_in_is_kept_over_the_second_step(site: Site) -> None:
    secret, _ = with_app(site)
    visitor = half_in(site, remember="y")
    second_step(visitor, app_code(secret, 1))
    with site.app.app_context():
        assert site.db.session.query(site.models.UserSession).one().is_remembered


@pytest.mark.parametrize("kind", USER_KINDS)
@pytest.mark.parametrize("database", DATABASES)
def test_every_kind_of_account_on_every_database(
    make_ready: Ready, kind: str, database: str
) -> None:
    site = make_ready(kind, database)
    secret, codes = with_app(site)
    visitor = half_in(site)
    assert second_step(visitor, "123").status_code == 401
    assert second_step(visitor, app_code(secret, 1)).status_code == 302
    assert is_in(visitor)
    visitor = half_in(site)
    assert second_step(visitor, codes[0], "recovery").status_code == 302
    set_up_mail(site)
    visitor = half_in(site)
    visitor.submit(f"{VERIFY}?method=email", to="/auth/two-factor/send/", method="email")
    assert second_step(visitor, mailed_code(site), "email").status_code == 302
    assert is_in(visitor)
    with site.app.test_request_context():
        state_of(site.app)[TwoFactor].reset(site.user("maya"))
    signed_in(site)


@pytest.mark.parametrize(
    ("window", "ahead", "right"),
    [(1, -2, False), (1, -1, True), (1, 0, True), (1, 1, True), (1, 2, False), (0, 1, False)],
)
def test_a_clock_may_be_wrong_by_as_many_steps_as_the_window(
    make_ready: Ready, window: int, ahead: int, right: bool
) -> None:
    site = make_ready(LBACK_AUTH_TWO_FACTOR_WINDOW=window)
    secret, _ = with_app(site)
    with clock.turned(5 * MINUTE):
        visitor = half_in(site)
        assert (second_step(visitor, app_code(secret, ahead)).status_code == 302) is right


def test_codes_may_be_typed_with_blanks(site: Site) -> None:
    secret, codes = with_app(site)
    code = app_code(secret, 1)
    assert second_step(half_in(site), f" {code[:3]} {code[3:]} ").status_code == 302
    typed = codes[0].lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert second_step(half_in(site), typed, "recovery").status_code == 302


def test_the_secret_is_encrypted_and_follows_a_new_secret_key(make_ready: Ready) -> None:
    site = make_ready()
    secret, codes = with_app(site)

    def stored() -> str:
        with site.app.app_context():
            return str(site.db.session.query(site.models.TotpDevice).one().secret)

    first = stored()
    assert secret not in first
    site.app.config.update(SECRET_KEY="b" * 40, SECRET_KEY_FALLBACKS=[SECRET_KEY])
    assert second_step(half_in(site), codes[0], "recovery").status_code == 302
    assert second_step(half_in(site), app_code(secret, 1)).status_code == 302
    assert stored() != first
    site.app.config["SECRET_KEY_FALLBACKS"] = []
    with clock.turned(2 * MINUTE):
        assert second_step(half_in(site), app_code(secret)).status_code == 302
        site.app.config["SECRET_KEY"] = "c" * 40
    with clock.turned(4 * MINUTE):
        visitor = half_in(site)
        assert second_step(visitor, app_code(secret)).status_code == 401
        assert not is_in(visitor)


def test_recovery_codes_work_once_and_their_owner_is_told(site: Site) -> None:
    _, codes = with_app(site)
    assert all(re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}", c) for c in codes)
    with record_signals("recovery_code_used") as sent:
        assert second_step(half_in(site), codes[3], "recovery").status_code == 302
    assert sent[0][1]["left"] == 9
    mail = next(m for m in outbox_of(site.app) if "recovery code" in str(m["Subject"]))
    assert "Codes that are left: 9" in text_of(mail)
    assert second_step(half_in(site), codes[3], "recovery").status_code == 401
    with site.app.app_context():
        rows = site.db.session.query(site.models.RecoveryCode).all()
        assert not {row.code_hash for row in rows} & {code.replace("-", "") for code in codes}


def test_new_recovery_codes_end_the_former_ones(site: Site) -> None:
    secret, codes = with_app(site)
    visitor = half_in(site)
    second_step(visitor, app_code(secret, 1))
    page = visitor.get(CODES)
    assert "10 codes can still be used" in errors_of(page.text)
    made = shown_codes(visitor.submit(CODES))
    assert len(made) == 10
    assert not shown_codes(visitor.get(CODES))
    assert second_step(half_in(site), codes[0], "recovery").status_code == 401
    assert second_step(half_in(site), made[0], "recovery").status_code == 302


def test_a_code_by_mail(site: Site) -> None:
    site.add_user("maya")
    visitor = signed_in(site)
    visitor.submit(f"{SETUP}?method=email", send="1", method="email")
    assert "works once, for 10 minutes" in text_of(outbox_of(site.app)[-1])
    answer = visitor.submit(f"{SETUP}?method=email", code=mailed_code(site), method="email")
    assert len(shown_codes(answer)) == 10
    visitor = half_in(site)
    assert "Send a code" in visitor.get(VERIFY).text
    visitor.submit(VERIFY, to="/auth/two-factor/send/", method="email")
    first = mailed_code(site)
    visitor.submit(VERIFY, to="/auth/two-factor/send/", method="email")
    second = mailed_code(site)
    if first != second:
        assert second_step(visitor, first, "email").status_code == 401
    assert second_step(visitor, second, "email").status_code == 302
    assert is_in(visitor)
    assert second_step(half_in(site), second, "email").status_code == 401


def test_a_code_by_mail_is_good_for_ten_minutes(site: Site) -> None:
    site.add_user("maya")
    set_up_mail(site)
    half_in(site).submit(VERIFY, to="/auth/two-factor/send/", method="email")
    code = mailed_code(site)
    with clock.turned(11 * MINUTE):
        assert second_step(half_in(site), code, "email").status_code == 401
    with clock.turned(9 * MINUTE):
        assert second_step(half_in(site), code, "email").status_code == 302


def test_an_address_that_is_not_confirmed_is_no_second_step(make_ready: Ready) -> None:
    site = make_ready(LBACK_AUTH_VERIFY_EMAIL=False)
    site.add_user("maya", verified=False)
    visitor = signed_in(site)
    assert "Code by mail" not in visitor.get(STATUS).text
    visitor.submit(f"{SETUP}?method=email", send="1", method="email")
    assert not any("Your code" in subject for subject in subjects(site))


def test_a_way_that_is_not_among_the_methods_is_not_offered(make_ready: Ready) -> None:
    site = make_ready(LBACK_AUTH_TWO_FACTOR_METHODS=["totp"])
    site.add_user("maya")
    assert "Code by mail" not in signed_in(site).get(STATUS).text
    assert set_up_app(site)[1] == []


class Phone:
    """Where the text messages of a site arrive."""

    messages: list[tuple[str, str]]


@pytest.fixture
def phone() -> Phone:
    """A phone without messages."""
    Phone.messages = []
    return Phone()


def send_to_phone(user: Any, code: str) -> None:
    """A sender that is named by its dotted path."""
    Phone.messages.append((user.username, code))


def test_an_application_sends_codes_its_own_way(make_ready: Ready, phone: Phone) -> None:
    site = make_ready(
        LBACK_AUTH_TWO_FACTOR_METHODS=["sms", "recovery"],
        LBACK_AUTH_TWO_FACTOR_SENDERS={"sms": f"{__name__}.send_to_phone"},
    )
    site.add_user("maya")
    visitor = signed_in(site)
    assert "Code by text message" in visitor.get(STATUS).text
    visitor.submit(f"{SETUP}?method=sms", send="1", method="sms")
    (name, code), *_ = phone.messages
    assert name == "maya"
    assert shown_codes(visitor.submit(f"{SETUP}?method=sms", code=code, method="sms"))
    visitor = half_in(site)
    visitor.submit(VERIFY, to="/auth/two-factor/send/", method="sms")
    assert second_step(visitor, phone.messages[-1][1], "sms").status_code == 302
    assert is_in(visitor)


def test_removing_the_last_way_removes_the_recovery_codes(site: Site) -> None:
    secret, _ = with_app(site)
    visitor, elsewhere = half_in(site), half_in(site)
    second_step(visitor, app_code(secret, 1))
    with clock.turned(2 * MINUTE):
        second_step(elsewhere, app_code(secret))
        with record_signals("two_factor_disabled") as sent:
            visitor.submit(STATUS, to="/auth/two-factor/disable/", method="totp")
        assert [values["method"] for _, values in sent] == ["totp"]
        assert is_in(visitor)
        assert not is_in(elsewhere)
        assert subjects(site)[-1] == "A second step was removed from your account"
        signed_in(site)
    with site.app.app_context():
        assert site.db.session.query(site.models.RecoveryCode).count() == 0


def test_an_app_is_moved_to_another_phone_without_a_gap(site: Site) -> None:
    secret, _ = with_app(site)
    visitor = half_in(site)
    second_step(visitor, app_code(secret, 1))
    key = shown_key(visitor.get(SETUP))
    assert key != secret
    half_in(site)  # until the new one is confirmed the old one counts
    page = visitor.get(STATUS)
    answer = visitor.client.post(
        SETUP, data={"csrf_token": csrf(page.text), "method": "totp", "code": app_code(key)}
    )
    assert answer.location == STATUS
    with clock.turned(2 * MINUTE):
        assert second_step(half_in(site), app_code(secret)).status_code == 401
        assert second_step(half_in(site), app_code(key)).status_code == 302


@pytest.mark.parametrize("path", [SETUP, CODES])
def test_changes_ask_for_a_fresh_login(site: Site, path: str) -> None:
    site.add_user("maya")
    visitor = signed_in(site)
    with clock.turned(16 * MINUTE):
        answer = visitor.get(path)
        assert answer.status_code == 302
        assert answer.location.startswith("/auth/reauthenticate/")
        page = visitor.get(STATUS)
        assert "Prove that it is you" in page.text
        assert "two-factor/setup" not in page.text


def test_a_stale_login_removes_nothing(site: Site) -> None:
    secret, _ = with_app(site)
    visitor = half_in(site)
    second_step(visitor, app_code(secret, 1))
    with clock.turned(16 * MINUTE):
        visitor.submit("/auth/account/", to="/auth/two-factor/disable/", method="totp")
        half_in(site)


def test_who_is_not_signed_in_sees_none_of_the_pages(site: Site) -> None:
    for path in (STATUS, SETUP, VERIFY, CODES):
        answer = Visitor(site.app).get(path)
        assert answer.status_code == 302
        assert answer.location.startswith("/auth/login/")


@pytest.mark.parametrize(
    ("config", "who"),
    [
        ({"REQUIRED": "staff"}, "chief"),
        ({"REQUIRED": lambda user: user.email.startswith("chief")}, "chief"),
        ({"REQUIRED_GROUPS": ["Editors"]}, "chief"),
    ],
    ids=["staff", "function", "groups"],
)
def test_who_must_have_one_sets_it_up_before_anything_opens(
    make_ready: Ready, config: dict[str, Any], who: str
) -> None:
    site = make_ready(**{f"LBACK_AUTH_TWO_FACTOR_{key}": value for key, value in config.items()})
    site.add_user("maya")
    site.add_user(who, is_staff=True)
    with site.app.app_context():
        chief = site.user(who)
        chief.groups.append(site.models.Group(name="Editors"))
        site.db.session.commit()
    signed_in(site)
    visitor = half_in(site, who, next="/ten/")
    assert visitor.get(VERIFY).location == SETUP
    page = visitor.get(SETUP)
    assert not is_in(visitor)
    data = {"csrf_token": csrf(page.text), "method": "totp", "code": app_code(shown_key(page))}
    answer = visitor.client.post(SETUP, data=data)
    assert len(shown_codes(answer)) == 10
    assert 'href="/ten/"' in answer.text
    assert is_in(visitor)
    visitor.submit(STATUS, to="/auth/two-factor/disable/", method="totp")
    half_in(site, who)


def test_everybody_may_be_asked_for_a_code_by_mail(make_ready: Ready) -> None:
    site = make_ready(
        LBACK_AUTH_TWO_FACTOR_REQUIRED="everybody", LBACK_AUTH_TWO_FACTOR_REQUIRED_BY_EMAIL=True
    )
    site.add_user("maya")
    visitor = half_in(site)
    visitor.submit(VERIFY, to="/auth/two-factor/send/", method="email")
    assert second_step(visitor, mailed_code(site), "email").status_code == 302
    assert is_in(visitor)


def test_a_trusted_browser_is_not_asked_again(site: Site) -> None:
    secret, _ = with_app(site)
    visitor = half_in(site)
    assert "for 30 days" in visitor.get(VERIFY).text
    second_step(visitor, app_code(secret, 1), trust="y")
    assert is_in(visitor)
    visitor.submit("/auth/logout/")
    visitor.sign_in("maya", PASSWORD)
    assert is_in(visitor)
    half_in(site)  # other browsers are asked
    visitor.submit("/auth/logout/")
    with clock.turned(dt.timedelta(days=31)):
        assert visitor.sign_in("maya", PASSWORD).location == VERIFY


def test_a_further_way_ends_the_trust_in_every_browser(site: Site) -> None:
    secret, _ = with_app(site)
    visitor = half_in(site)
    second_step(visitor, app_code(secret, 1), trust="y")
    set_up_mail(site)
    assert not is_in(visitor)
    assert visitor.sign_in("maya", PASSWORD).location == VERIFY


def test_trust_can_be_switched_off(make_ready: Ready) -> None:
    site = make_ready(LBACK_AUTH_TWO_FACTOR_TRUST_DAYS=0)
    secret, _ = with_app(site)
    visitor = half_in(site)
    assert "Do not ask again" not in visitor.get(VERIFY).text
    second_step(visitor, app_code(secret, 1), trust="y")
    assert is_in(visitor)
    visitor.submit("/auth/logout/")
    assert visitor.sign_in("maya", PASSWORD).location == VERIFY


def test_other_parts_offer_ways_of_their_own(site: Site) -> None:
    site.add_user("maya")
    state = state_of(site.app)
    forgotten: list[Any] = []
    way = Way("drum", "Drum", "lback_auth.account", lambda user: True, forget=forgotten.append)
    state[SecondFactors].offer(way)
    with site.app.test_request_context():
        user = site.user("maya")
        with pytest.raises(SecondStepRequired) as refused:
            state[Entrance].check(user, method="password")
        assert refused.value.code == "two_factor_required"
        state[Entrance].check(user, method="password+drum")
        state[Entrance].check(user, method="passkey")
        state[TwoFactor].reset(user)
    assert len(forgotten) == 1


def test_what_only_stands_in_for_a_way_asks_for_nothing(site: Site) -> None:
    site.add_user("maya")
    way = Way("paper", "Paper", "lback_auth.account", lambda user: True, counts=False)
    state_of(site.app)[SecondFactors].offer(way)
    signed_in(site)


def test_the_command_resets_an_account(site: Site) -> None:
    secret, _ = with_app(site)
    visitor = half_in(site)
    second_step(visitor, app_code(secret, 1))
    runner = site.app.test_cli_runner()
    result = runner.invoke(args=["lback", "reset-two-factor", "maya"])
    assert result.exit_code == 0, result.output
    assert not is_in(visitor)
    signed_in(site)
    assert subjects(site)[-1] != "A second step was added to your account"
    assert len(entries(site, "auth.two_factor_reset")) == 1
    assert runner.invoke(args=["lback", "reset-two-factor", "nobody"]).exit_code == 1


def test_switched_off_it_has_no_pages_and_asks_nobody(make_ready: Ready) -> None:
    site = make_ready(LBACK_AUTH_TWO_FACTOR_ENABLED=False)
    site.add_user("maya")
    visitor = signed_in(site)
    for path in (STATUS, SETUP, VERIFY, CODES):
        assert visitor.get(path).status_code == 404
    assert visitor.post_json("/api/auth/two-factor/verify/", {}).status_code == 404
    assert "two-factor" not in visitor.get("/auth/account/").text
    result = site.app.test_cli_runner().invoke(args=["lback", "reset-two-factor", "maya"])
    assert result.exit_code == 1


def test_the_account_page_leads_to_it(site: Site) -> None:
    site.add_user("maya")
    assert f'href="{STATUS}"' in signed_in(site).get("/auth/account/").text


@pytest.fixture
def without_pyotp(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the library were not installed."""
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == "pyotp" else find(name, *a)
    )


@pytest.mark.usefixtures("without_pyotp")
def test_a_missing_library_is_named_when_the_part_is_wanted() -> None:
    make_site()
    for config in ({"ENABLED": True}, {"REQUIRED": "staff"}):
        options: dict[str, Any] = {f"LBACK_AUTH_TWO_FACTOR_{k}": v for k, v in config.items()}
        with pytest.raises(MissingExtraError, match="pyotp is not installed") as error:
            make_site(**options)
        assert "flask-lback[two-factor]" in error.value.hint


def test_a_library_that_is_gone_opens_no_account(
    make_ready: Ready, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = make_ready()
    with_app(site)
    site.add_user("kofi")
    url = site.app.config["SQLALCHEMY_DATABASE_URI"]
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == "segno" else find(name, *a)
    )
    later = make_site(url=url)
    visitor = Visitor(later.app)
    assert visitor.sign_in("maya", PASSWORD).status_code == 503
    assert visitor.client.get_cookie(COOKIE) is None
    signed_in(later, "kofi")
    with later.app.app_context():
        for engine in later.db.engines.values():
            engine.dispose()


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"METHODS": ["totp", "pigeon"]}, "METHODS names 'pigeon'"),
        ({"METHODS": ["recovery"]}, "no way that counts"),
        ({"SENDERS": {"totp": print}}, "SENDERS has 'totp'"),
        ({"SENDERS": {"sms": "no.such.module"}}, "cannot be imported"),
        ({"REQUIRED": 7}, "REQUIRED is 7"),
        ({"REQUIRED": "no.such.function"}, "cannot be imported"),
        ({"REQUIRED": "staff", "ENABLED": False}, "is off"),
    ],
)
def test_what_cannot_work_stops_the_start(config: dict[str, Any], message: str) -> None:
    app = Flask("broken")
    app.config.update(SECRET_KEY=SECRET_KEY, SQLALCHEMY_DATABASE_URI="sqlite://")
    app.config.update({f"LBACK_AUTH_TWO_FACTOR_{key}": value for key, value in config.items()})
    with pytest.raises(ConfigError, match=message):
        Lback(app)


def test_the_pages_carry_nothing_that_the_csp_refuses(site: Site) -> None:
    secret, _ = with_app(site)
    visitor = half_in(site)
    pages = [visitor.get(VERIFY)]
    second_step(visitor, app_code(secret, 1))
    pages += [visitor.get(path) for path in (STATUS, SETUP, CODES)]
    pages.append(visitor.submit(CODES))
    for page in pages:
        assert page.status_code == 200
        assert not re.search(r"<style|<script(?![^>]* src=)|\sstyle=|\son[a-z]+=", page.text)
        assert page.headers["Cache-Control"] == "no-store"
