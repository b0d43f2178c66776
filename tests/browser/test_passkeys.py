"""Passkeys in a real browser with its own virtual device (WebAuthn 11)."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from flask_lback.auth import UserManager
from tests.support.browser import axe
from tests.support.databases import DatabaseFactory
from tests.support.server import Gunicorn

from .conftest import SECRET_KEY, prepared

if TYPE_CHECKING:
    from playwright.sync_api import Page

PASSWORD = "the tide comes twice a day"
PEOPLE = ("maya", "kofi", "lena")
pytestmark = [pytest.mark.browser, pytest.mark.service]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A site under its name: passkeys do not work at a number."""
    folder = tmp_path_factory.mktemp("passkeys")
    with DatabaseFactory(folder) as database:
        env = {
            "SITE_SECRET_KEY": SECRET_KEY,
            "SITE_SQLALCHEMY_DATABASE_URI": database("sqlite"),
            "SITE_RIGHT": f"harbour.read_log_{secrets.token_hex(3)}",
            "LBACK_ENV": "local",
        }
        app = prepared(env)
        with app.app_context():
            for name in PEOPLE:
                UserManager().create_user(
                    username=name, email=f"{name}@example.org", password=PASSWORD, verified=True
                )
            app.extensions["sqlalchemy"].session.commit()
            app.extensions["sqlalchemy"].session.remove()
            app.extensions["sqlalchemy"].engine.dispose()
        target = "tests.browser.served:create_app()"
        with Gunicorn(target, log=folder / "log", workers=2, env=env) as server:
            yield server.url.replace("127.0.0.1", "localhost")


def give_device(page: Page) -> Callable[..., Any]:
    """Plug a device in that knows its owner; the function talks to the browser about it."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    device = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})

    def tell(command: str, **values: Any) -> Any:
        identity = {"authenticatorId": device["authenticatorId"]}
        return session.send(f"WebAuthn.{command}", {**identity, **values})

    return tell


def sign_in(page: Page, name: str) -> None:
    """By name and password."""
    page.goto("/auth/login/")
    page.get_by_label("Username or email").fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def sign_out(page: Page) -> None:
    """By the button of the account page."""
    page.goto("/auth/account/")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/auth/login/")


def add_passkey(page: Page, name: str) -> None:
    """On the page of passkeys."""
    page.goto("/auth/passkeys/")
    page.get_by_label("Name", exact=False).last.fill(name)
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_role("status").filter(has_text=f"{name} is ready to use").wait_for()


def test_from_adding_a_passkey_to_removing_it(address: str, new_page: Callable[..., Any]) -> None:
    page, log = new_page(base_url=address)
    tell = give_device(page)

    # Added, while signed in by the password.
    sign_in(page, "maya")
    page.wait_for_url(address + "/")
    add_passkey(page, "Work laptop")
    assert len(tell("getCredentials")["credentials"]) == 1

    # The same device makes no second one.
    page.get_by_label("Name", exact=False).last.fill("Again")
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_role("alert").filter(has_text="has a passkey for your account already").wait_for()

    # As the second step after the password. Without a touch, nothing happens unasked.
    tell("setAutomaticPresenceSimulation", enabled=False)
    sign_out(page)
    sign_in(page, "maya")
    page.wait_for_url("**/auth/passkeys/verify/")
    tell("setAutomaticPresenceSimulation", enabled=True)
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(address + "/")

    # Alone, by the button; a device that does not know its owner opens nothing.
    tell("setAutomaticPresenceSimulation", enabled=False)
    with page.expect_response("**/passkeys/sign-in/options/"):
        sign_out(page)
    tell("setAutomaticPresenceSimulation", enabled=True)
    tell("setUserVerified", isUserVerified=False)
    button = page.get_by_role("button", name="Sign in with a passkey")
    button.click()
    page.get_by_role("alert").filter(has_text="Nothing happened").wait_for()
    tell("setUserVerified", isUserVerified=True)
    button.click()
    page.wait_for_url(address + "/")

    # Alone, from the list below the field: this device answers by itself.
    sign_out(page)
    page.wait_for_url(address + "/")

    # Removed: the password alone is enough again.
    page.goto("/auth/passkeys/")
    page.get_by_role("button", name="Remove Work laptop").click()
    page.get_by_role("status").filter(has_text="no longer opens your account").wait_for()
    tell("clearCredentials")
    sign_out(page)
    sign_in(page, "maya")
    page.wait_for_url(address + "/")
    log.assert_clean()


def test_without_script_the_pages_say_what_is_missing(
    address: str, new_page: Callable[..., Any]
) -> None:
    page, log = new_page(base_url=address, java_script_enabled=False)
    sign_in(page, "kofi")
    page.wait_for_url(address + "/")
    page.goto("/auth/passkeys/")
    page.get_by_text("Passkeys need JavaScript").wait_for()
    assert page.get_by_role("button", name="Add a passkey").count() == 0
    log.assert_clean()


def test_everybody_can_use_the_pages(address: str, new_page: Callable[..., Any]) -> None:
    page, log = new_page(base_url=address)
    tell = give_device(page)
    tell("setAutomaticPresenceSimulation", enabled=False)  # nobody is signed in unasked
    page.goto("/auth/login/")
    page.get_by_role("button", name="Sign in with a passkey").wait_for()
    assert axe(page) == []
    sign_in(page, "lena")
    page.wait_for_url(address + "/")
    tell("setAutomaticPresenceSimulation", enabled=True)
    add_passkey(page, "Phone")
    assert axe(page) == []
    page.goto("/auth/passkeys/reauthenticate/")
    assert axe(page) == []
    log.assert_clean()
