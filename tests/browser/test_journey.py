"""A person's first day: register, verify, be refused, be let in, be refused again, reset."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.smtp import links_in

from .conftest import ADMIN, ADMIN_PASSWORD, Served

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.service]

PASSWORD = "small boats leave early"
NEW_PASSWORD = "small boats return late"


def sign_in(page: Page, name: str, password: str) -> None:
    """Fill the sign-in form."""
    page.goto("/auth/login/")
    page.get_by_label("Username or email").fill(name)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()


def status_of(page: Page, url: str) -> int:
    """The status of a page."""
    response = page.goto(url)
    assert response is not None
    return response.status


def every_worker(page: Page, served: Served, path: str) -> set[int]:
    """What the workers answer on the next requests: both of one server, and another one."""
    two = {status_of(page, served.url + path) for _ in range(6)}
    return two | {status_of(page, served.other_worker + path)}


def test_from_sign_up_to_being_let_in_and_out(served: Served, new_page: Callable[..., Any]) -> None:
    name, group = f"maya{secrets.token_hex(3)}", f"Pilots {secrets.token_hex(3)}"
    email = f"{name}@example.org"
    maya, maya_log = new_page(base_url=served.url)
    admin, admin_log = new_page(base_url=served.url)

    # She registers and opens the link in the mail.
    maya.goto("/auth/register/")
    maya.get_by_label("Username", exact=True).fill(name)
    maya.get_by_label("Email", exact=True).fill(email)
    maya.get_by_label("Password", exact=True).fill(PASSWORD)
    maya.get_by_label("Password again", exact=True).fill(PASSWORD)
    maya.get_by_role("button", name="Create account").click()
    maya.get_by_role("heading", name="Open your mail").wait_for()
    message = served.mail.wait_for(to=email, subject_contains="Confirm")
    maya.goto(links_in(message, "verify-email")[0])
    maya.locator("main form button[type=submit]").click()
    maya.wait_for_url("**/auth/login/")

    # She signs in, and the log is not for her.
    sign_in(maya, name, PASSWORD)
    maya.wait_for_url(served.url + "/")
    assert every_worker(maya, served, "/log/") == {403}
    assert served.right in maya.content()

    # The administrator makes a group with the right, and puts her into it.
    sign_in(admin, ADMIN, ADMIN_PASSWORD)
    admin.wait_for_url(served.url + "/")
    add_group(admin, group, served.right)
    set_membership(admin, name, group, member=True)
    assert every_worker(maya, served, "/log/") == {200}
    assert f"{name} holds it 10 times" in maya.content()

    # She is taken out again.
    set_membership(admin, name, group, member=False)
    assert every_worker(maya, served, "/log/") == {403}

    # She forgot the password; a second browser of hers is signed out by the reset.
    second, second_log = new_page(base_url=served.url)
    sign_in(second, name, PASSWORD)
    second.wait_for_url(served.url + "/")
    assert status_of(second, "/auth/account/") == 200
    third, third_log = new_page(base_url=served.url)
    third.goto("/auth/request-reset-password/")
    third.get_by_label("Email", exact=True).fill(email)
    third.locator("main form button[type=submit]").click()
    third.get_by_role("heading", name="Open your mail").wait_for()
    message = served.mail.wait_for(to=email, subject_contains="new password")
    third.goto(links_in(message, "reset-password")[0])
    third.get_by_label("New password", exact=True).fill(NEW_PASSWORD)
    third.get_by_label("Password again", exact=True).fill(NEW_PASSWORD)
    third.locator("main form button[type=submit]").click()
    third.wait_for_url("**/auth/login/")
    for page in (maya, second):
        page.goto("/auth/account/")
        assert "/auth/login/" in page.url, "every browser is signed out"
    sign_in(third, name, NEW_PASSWORD)
    third.wait_for_url(served.url + "/")

    for log in (maya_log, admin_log, second_log, third_log):
        log.assert_clean()


def add_group(page: Page, name: str, right: str) -> None:
    """Make a group with one permission in the admin panel."""
    page.goto("/admin/")
    page.get_by_role("link", name=re.compile("^Groups")).first.click()
    page.get_by_role("link", name=re.compile("^Add group")).first.click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("checkbox", name=right.partition(".")[2]).check()
    page.locator("[data-save]").click()
    page.get_by_role("status").filter(has_text=name).wait_for()


def set_membership(page: Page, user: str, group: str, *, member: bool) -> None:
    """Put an account into a group, or take it out, in the admin panel."""
    page.goto("/admin/")
    page.get_by_role("link", name=re.compile("^(Users|Accounts)")).first.click()
    page.locator("[data-search]").fill(user)
    page.locator("[data-search]").press("Enter")
    page.get_by_role("link", name=user).first.click()
    page.get_by_label(group).set_checked(member)
    page.locator("[data-save]").click()
    page.get_by_role("status").filter(has_text=user).wait_for()
