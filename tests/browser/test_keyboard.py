"""The second step, without a mouse."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.second_step import app_code

from .furnished import PASSWORD, Furnished, furnished
from .test_passkeys import give_device

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.service]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Furnished]:
    """A site with every part on, and people in it."""
    with furnished(tmp_path_factory.mktemp("keyboard")) as served:
        yield served


def tab_to(page: Page, name: str) -> None:
    """Press Tab until something of that name has the focus, and can be seen to have it."""
    for _ in range(30):
        page.keyboard.press("Tab")
        told = page.evaluate(
            """() => {
              const one = document.activeElement;
              const name = one.getAttribute("aria-label") ?? one.labels?.[0]?.textContent
                ?? one.textContent;
              return [name.trim(), getComputedStyle(one).outlineStyle];
            }"""
        )
        if told[0] == name:
            assert told[1] == "solid"
            return
    raise AssertionError(f"Tab does not come to {name!r}.")


def press(page: Page, key: str) -> None:
    """Press a key that leads to another page."""
    with page.expect_navigation():
        page.keyboard.press(key)


def test_an_app_is_set_up_and_asked_for(site: Furnished, new_page: Callable[..., Any]) -> None:
    page, log = new_page(base_url=site.url)
    site.enter(page.context, "sana")
    page.goto("/auth/two-factor/")
    tab_to(page, "Set up Authenticator app")
    press(page, "Enter")
    secret = page.locator("code").inner_text().replace(" ", "")
    tab_to(page, "Code")
    page.keyboard.type(app_code(secret))
    press(page, "Enter")
    tab_to(page, "I have kept them")
    press(page, "Enter")
    assert page.url == f"{site.url}/auth/two-factor/"

    page.context.clear_cookies()
    page.goto("/auth/login/")
    tab_to(page, "Username or email")
    page.keyboard.type("sana")
    tab_to(page, "Password")
    page.keyboard.type(PASSWORD)
    press(page, "Enter")
    tab_to(page, "Code")
    page.keyboard.type("000000")
    press(page, "Enter")
    assert page.evaluate("document.activeElement.id") == "errors", "it begins at what is wrong"
    tab_to(page, "Code")  # the link to what is wrong
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "code"
    page.keyboard.press("Control+A")
    page.keyboard.type(app_code(secret, 1))
    tab_to(page, "Do not ask again in this browser for 30 days")
    page.keyboard.press("Space")
    tab_to(page, "Sign in")
    press(page, "Enter")
    assert page.url == f"{site.url}/"
    log.assert_clean()


def test_a_passkey_is_added_renamed_and_used(site: Furnished, new_page: Callable[..., Any]) -> None:
    page, log = new_page(base_url=site.url)
    tell = give_device(page)
    site.enter(page.context, "kofi")
    page.goto("/auth/passkeys/")
    tab_to(page, "Name (optional)")
    page.keyboard.type("Phone")
    tab_to(page, "Add a passkey")
    press(page, "Enter")
    tab_to(page, "Rename Phone")
    page.keyboard.press("Enter")
    tab_to(page, "New name")
    page.keyboard.press("Control+A")
    page.keyboard.type("Old phone")
    press(page, "Enter")
    page.get_by_text("Old phone", exact=True).wait_for()

    # Refused by the device: it is said, and the place on the page is kept.
    tell("setUserVerified", isUserVerified=False)
    page.goto("/auth/passkeys/reauthenticate/")
    tab_to(page, "Use a passkey")
    page.keyboard.press("Enter")
    page.get_by_role("alert").filter(has_text="Nothing happened").wait_for()
    assert page.evaluate("document.activeElement.textContent").strip() == "Use a passkey"
    tell("setUserVerified", isUserVerified=True)
    press(page, "Enter")
    assert page.url == f"{site.url}/auth/account/"
    log.assert_clean()
