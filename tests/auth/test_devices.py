"""Browsers that have signed in before are known again, and strangers are reported."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from flask_lback.auth import UserManager
from flask_lback.auth.devices.names import device_name
from flask_lback.auth.devices.service import COOKIE, Devices
from flask_lback.auth.sessions.cleaning import remove_dead
from flask_lback.auth.sessions.loading import digest
from flask_lback.core import clock
from flask_lback.core.state import state_of
from flask_lback.testing import record_signals
from flask_lback.testing.kit import outbox_of
from tests.attacks.support import NEW_PASSWORD, at_once, signed_in
from tests.support.apps import PASSWORD, USER_KINDS, Site
from tests.support.databases import DATABASES
from tests.support.visitor import Visitor

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def key_of(visitor: Visitor) -> str | None:
    """What the browser's cookie holds."""
    cookie = visitor.client.get_cookie(COOKIE)
    return None if cookie is None else cookie.value


def rows(site: Site) -> list[tuple[str, str]]:
    """Whose devices there are, and their hashes."""
    with site.app.app_context():
        found = site.db.session.scalars(sa.select(site.models.Device)).all()
        return sorted((row.owner.email.partition("@")[0], row.key_hash) for row in found)


def asked(site: Site, visitor: Visitor, question: Callable[[Devices, Any], Any]) -> Any:
    """What the service answers about maya in a request of that browser."""
    headers = {"Cookie": f"{COOKIE}={key_of(visitor)}"}
    with site.app.test_request_context(headers=headers):
        answer = question(state_of(site.app)[Devices], site.user("maya"))
        site.db.session.commit()
        return answer


def key_in(row: Any) -> int:
    """The number of a device's row."""
    return int(row.id)


def known(site: Site, visitor: Visitor) -> bool:
    return bool(asked(site, visitor, lambda devices, user: devices.recognise(user) is not None))


def trusted(site: Site, visitor: Visitor) -> bool:
    return bool(asked(site, visitor, lambda devices, user: devices.is_trusted(user)))


def trust(site: Site, visitor: Visitor) -> bool:
    return bool(asked(site, visitor, lambda devices, user: devices.trust(user, 30)))


# --- knowing ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", USER_KINDS)
@pytest.mark.parametrize("database", DATABASES)
def test_a_browser_that_has_signed_in_is_known(
    make_ready: Callable[..., Site], kind: str, database: str
) -> None:
    site = make_ready(kind, database)
    site.add_user("maya")
    visitor = signed_in(site)
    key = key_of(visitor)
    assert key is not None
    assert len(key) >= 43
    assert rows(site) == [("maya", digest(key))]
    visitor.submit("/auth/logout/")
    assert (known(site, visitor), known(site, Visitor(site.app))) == (True, False)
    visitor.sign_in("maya@example.org", PASSWORD)
    assert (key_of(visitor), len(rows(site))) == (key, 1)


def test_anonymous_visitors_and_wrong_passwords_make_no_device(site: Site) -> None:
    site.add_user("maya")
    visitor = Visitor(site.app)
    visitor.sign_in("maya", "a wrong sentence")
    assert (key_of(visitor), rows(site)) == (None, [])


def test_the_cookie_is_out_of_reach(make_ready: Callable[..., Site]) -> None:
    for config, name in (({}, COOKIE), ({"SESSION_COOKIE_SECURE": True}, f"__Host-{COOKIE}")):
        site = make_ready(**config)
        site.add_user("maya")
        visitor = Visitor(site.app, scheme="https")
        answer = visitor.sign_in("maya", PASSWORD)
        [line] = [text for text in answer.headers.getlist("Set-Cookie") if COOKIE in text]
        assert line.startswith(f"{name}=")
        words = {word.strip() for word in line.split(";")[1:]}
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= words
        assert "Max-Age=31536000" in words
        assert not any(word.startswith("Domain") for word in words)


def test_a_browser_has_one_key_for_all_its_accounts(site: Site) -> None:
    for name in ("maya", "kofi"):
        site.add_user(name)
    visitor = signed_in(site)
    visitor.submit("/auth/logout/")
    visitor.sign_in("kofi", PASSWORD)
    key = digest(key_of(visitor) or "")
    assert rows(site) == [("kofi", key), ("maya", key)]
    visitor.submit("/auth/logout/")
    outbox = outbox_of(site.app)
    visitor.sign_in("maya", PASSWORD)
    assert outbox == []


def test_a_planted_key_is_worth_nothing_once_its_victim_has_signed_in(site: Site) -> None:
    for name in ("maya", "mallory"):
        site.add_user(name)
    mallory = signed_in(site, "mallory")
    planted = key_of(mallory) or ""
    victim = Visitor(site.app)
    victim.client.set_cookie(COOKIE, planted)
    victim.sign_in("maya", PASSWORD)
    assert key_of(victim) != planted
    assert known(site, victim)
    assert trust(site, victim)
    assert not known(site, mallory)
    assert not trusted(site, mallory)


def test_a_made_up_key_is_replaced(site: Site) -> None:
    site.add_user("maya")
    visitor = Visitor(site.app)
    visitor.client.set_cookie(COOKIE, "x" * 43)
    visitor.sign_in("maya", PASSWORD)
    assert key_of(visitor) != "x" * 43
    assert known(site, visitor)


def test_a_device_that_was_not_used_for_a_year_is_forgotten(site: Site) -> None:
    site.add_user("maya")
    visitor = signed_in(site)
    old = key_of(visitor)
    with clock.turned(dt.timedelta(days=364)):
        assert known(site, visitor)
    with clock.turned(dt.timedelta(days=366)):
        assert not known(site, visitor)
        again = Visitor(site.app)
        again.client.set_cookie(COOKIE, old or "")
        again.sign_in("maya", PASSWORD)
        assert key_of(again) != old
        assert (known(site, again), len(rows(site))) == (True, 1)


@pytest.mark.parametrize("database", DATABASES)
def test_unused_devices_are_cleaned_away_in_batches(
    make_ready: Callable[..., Site], database: str
) -> None:
    site = make_ready("default", database)
    site.add_user("maya")
    for _ in range(5):
        signed_in(site)
    with clock.turned(dt.timedelta(days=300)):
        fresh = signed_in(site)
    with clock.turned(dt.timedelta(days=366)):
        with site.app.app_context():
            remove_dead(state_of(site.app), 2)
        assert rows(site) == [("maya", digest(key_of(fresh) or ""))]


@pytest.mark.parametrize("database", DATABASES)
def test_sign_ins_of_one_browser_at_the_same_moment(
    make_ready: Callable[..., Site], database: str
) -> None:
    site = make_ready("default", database)
    names = ["maya", "kofi", "lena"]
    for name in names:
        site.add_user(name)
    first = signed_in(site)

    def job(name: str) -> Callable[[], int]:
        visitor = Visitor(site.app)
        visitor.client.set_cookie(COOKIE, key_of(first) or "")
        document = {"identifier": name, "password": PASSWORD, "session": True}
        return lambda: visitor.post_json("/api/auth/login/", document).status_code

    assert at_once([job(name) for name in names]) == [200] * 3
    assert {name for name, _ in rows(site)} == set(names)


# --- trust ------------------------------------------------------------------------------------


def test_trust_lasts_for_its_days_in_its_browser_alone(site: Site) -> None:
    site.add_user("maya")
    visitor, other = signed_in(site), signed_in(site)
    assert not trusted(site, visitor)
    assert trust(site, visitor)
    assert (trusted(site, visitor), trusted(site, other)) == (True, False)
    with clock.turned(dt.timedelta(days=31)):
        assert not trusted(site, visitor)


def test_an_unknown_browser_cannot_be_trusted(site: Site) -> None:
    site.add_user("maya")
    assert not trust(site, Visitor(site.app))


def _change(site: Site, visitor: Visitor) -> None:
    fields = {"new_password": NEW_PASSWORD, "password_confirm": NEW_PASSWORD}
    answer = visitor.submit("/auth/change-password/", current_password=PASSWORD, **fields)
    assert answer.status_code == 302


def _reset(site: Site, visitor: Visitor) -> None:
    with site.app.app_context():
        UserManager().set_password(site.user("maya"), NEW_PASSWORD)
        site.db.session.commit()


def _switch_off(site: Site, visitor: Visitor) -> None:
    with site.app.app_context():
        UserManager().deactivate(site.user("maya"))
        site.db.session.commit()


@pytest.mark.parametrize("event", [_change, _reset, _switch_off])
def test_a_new_password_and_a_deactivation_end_all_trust(
    site: Site, event: Callable[[Site, Visitor], None]
) -> None:
    for name in ("maya", "kofi"):
        site.add_user(name)
    visitor, other = signed_in(site), signed_in(site)
    for one in (visitor, other):
        trust(site, one)
    event(site, visitor)
    assert not trusted(site, visitor)
    assert not trusted(site, other)
    assert known(site, visitor)


def test_a_forgotten_device_is_not_known(site: Site) -> None:
    site.add_user("maya")
    visitor, other, third = signed_in(site), signed_in(site), signed_in(site)
    device_id = asked(site, visitor, lambda devices, user: key_in(devices.recognise(user)))
    assert asked(site, other, lambda devices, user: devices.forget(user, device_id)) == 1
    assert (known(site, visitor), known(site, other)) == (False, True)
    assert asked(site, other, lambda devices, user: devices.forget(user)) == 2
    assert (known(site, other), known(site, third), rows(site)) == (False, False, [])


def test_nobody_forgets_the_device_of_somebody_else(site: Site) -> None:
    for name in ("maya", "kofi"):
        site.add_user(name)
    kofi = signed_in(site, "kofi")
    [(_, _)] = rows(site)
    assert asked(site, kofi, lambda devices, user: devices.forget(user, 1)) == 0
    assert len(rows(site)) == 1


# --- mails ------------------------------------------------------------------------------------


def test_a_sign_in_from_a_new_browser_is_mailed_to_the_owner(site: Site) -> None:
    site.add_user("maya")
    outbox = outbox_of(site.app)
    first = signed_in(site)
    first.submit("/auth/logout/")
    first.sign_in("maya", PASSWORD)
    assert outbox == []  # the first of all, and one that is known
    with record_signals("new_device_seen") as sent:
        other = Visitor(site.app)
        other.client.environ_base.update(HTTP_USER_AGENT=FIREFOX, REMOTE_ADDR="192.0.2.7")
        assert other.sign_in("maya", PASSWORD).status_code == 302
    assert [values["device"].ip_address for _, values in sent] == ["192.0.2.7"]
    [mail] = outbox
    assert mail["To"] == "maya@example.org"
    assert mail["Subject"].startswith("A new sign-in to your account - ")
    for kind in ("plain", "html"):
        part = mail.get_body((kind,))
        assert part is not None
        text = part.get_content()
        assert "Firefox on Linux" in text
        assert "192.0.2.7" in text
        assert f"{clock.now():%Y-%m-%d}" in text
        assert "http://localhost/auth/request-reset-password/" in text


def test_the_mail_can_be_switched_off(make_ready: Callable[..., Site]) -> None:
    site = make_ready(LBACK_AUTH_DEVICE_NEW_MAIL=False)
    site.add_user("maya")
    outbox = outbox_of(site.app)
    with record_signals("new_device_seen") as sent:
        signed_in(site)
        signed_in(site)
    assert (outbox, len(sent)) == ([], 1)


def test_a_site_that_cannot_write_links_lets_people_in(site: Site) -> None:
    site.add_user("maya")
    signed_in(site)
    outbox, document = outbox_of(site.app), {"identifier": "maya", "password": PASSWORD}
    answer = site.app.test_client().post(
        "/api/auth/login/", json={**document, "session": True}, base_url="http://shop.example"
    )
    assert answer.status_code == 200
    assert len(outbox) == 1


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (FIREFOX, "Firefox on Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0",
            "Edge on Windows",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like "
            "Gecko) Version/17.4 Safari/605.1.15",
            "Safari on macOS",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, "
            "like Gecko) CriOS/126.0 Mobile/15E148 Safari/604.1",
            "Chrome on iPhone",
        ),
        (
            "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/126.0.0.0 Mobile Safari/537.36",
            "Chrome on Android",
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/126.0.0.0 Safari/537.36 OPR/112.0.0.0",
            "Opera on Linux",
        ),
        ("curl/8.5.0", "curl"),
        ("python-requests/2.32.3", "python-requests"),
        ("Mozilla/5.0 (X11; Linux x86_64)", "Linux"),
        ("", "An unknown device"),
        ("<script>alert(1)</script>", "An unknown device"),
        ("Mozilla/5.0", "An unknown device"),
    ],
)
def test_a_browser_is_called_by_what_people_know(site: Site, user_agent: str, name: str) -> None:
    with site.app.test_request_context():
        assert device_name(user_agent) == name


def tokens_from(site: Site, address: str, agent: str) -> int:
    """Sign in by JSON for tokens alone, as a phone does; no cookie is kept."""
    client = site.app.test_client()
    client.environ_base.update(HTTP_USER_AGENT=agent, REMOTE_ADDR=address)
    document = {"identifier": "maya", "password": PASSWORD}
    answer = client.post("/api/auth/login/", json=document)
    assert "Set-Cookie" not in answer.headers
    return answer.status_code


def test_a_client_without_cookies_is_known_by_its_address_and_its_name(site: Site) -> None:
    site.add_user("maya")
    outbox = outbox_of(site.app)
    for address, agent, mails in (
        ("192.0.2.7", "Shop/1.0 (Android 16)", 0),  # the first sign-in of all
        ("192.0.2.7", "Shop/1.0 (Android 16)", 0),
        ("192.0.2.8", "Shop/1.0 (Android 16)", 1),
        ("192.0.2.8", "Shop/1.0 (Android 16)", 1),
        ("192.0.2.8", FIREFOX, 2),
    ):
        assert tokens_from(site, address, agent) == 200
        assert len(outbox) == mails
    assert "192.0.2.8" in str(outbox[0].get_body(("plain",)))


def test_a_sign_in_for_tokens_is_noted_as_any_other(site: Site) -> None:
    site.add_user("maya")
    with record_signals("user_logged_in") as sent:
        assert tokens_from(site, "192.0.2.7", FIREFOX) == 200
    assert len(sent) == 1
    with site.app.app_context():
        assert site.user("maya").last_login_at is not None
        [entry] = site.db.session.scalars(sa.select(site.models.AuditEntry)).all()
        assert (entry.action, entry.ip_address) == ("auth.login", "192.0.2.7")
