"""Every page of the accounts, in every state that people meet, for tests and pictures."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask_lback.auth.addresses import Addresses
from flask_lback.auth.invitations.service import Invitations
from flask_lback.auth.magic_links.counting import ask as ask_magic_link
from flask_lback.auth.managers import UserManager
from flask_lback.auth.two_factor.service import TwoFactor
from flask_lback.core.errors import Problem
from flask_lback.core.state import current_state
from flask_lback.exceptions import AuthenticationError
from tests.support.second_step import app_code

from .furnished import PASSWORD, Furnished

if TYPE_CHECKING:
    from playwright.sync_api import Page

    Act = Callable[[Furnished, Page], None]

BAD = "short"
WRONG = "not the password of anybody"


@dataclass(frozen=True)
class View:
    """One page, as one person sees it.

    :ivar name: of its template, and what is special about it after a colon.
    :ivar who: signed in before; None for nobody.
    :ivar path: where it is, or what makes its address.
    :ivar act: what is done on it.
    :ivar is_fresh: whether the person has just proved who they are.
    """

    name: str
    who: str | None
    path: str | Callable[[Furnished], str]
    act: Act | None = None
    is_fresh: bool = True

    @property
    def template(self) -> str:
        """What the page is made of."""
        name = self.name.partition(":")[0]
        folder = "errors" if name.isdecimal() else "auth"
        return f"lback/{folder}/{name}.html"

    @property
    def picture(self) -> str:
        """What a picture of it is called."""
        return self.name.replace(":", "-").replace("_", "-")

    def open(self, site: Furnished, page: Page) -> None:
        """Bring a page there, from a browser that nobody has used."""
        if self.who is not None:
            site.enter(page.context, self.who, is_fresh=self.is_fresh)
        page.goto(site.url + (self.path if isinstance(self.path, str) else self.path(site)))
        if self.act is not None:
            self.act(site, page)


def press(page: Page, name: str) -> None:
    """Press a button and wait for the next page."""
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).click()


def sign_in(page: Page, name: str, password: str = PASSWORD) -> None:
    """Fill the form of the sign-in page."""
    page.get_by_label("Username or email").fill(name)
    page.get_by_label("Password", exact=True).fill(password)
    press(page, "Sign in")


def filled(*fields: tuple[str, str], button: str) -> Act:
    """Fill fields by their labels, and press a button."""

    def act(site: Furnished, page: Page) -> None:
        for label, value in fields:
            page.get_by_label(label, exact=True).fill(value)
        press(page, button)

    return act


def step(name: str, path: str = "", code: str = "") -> Act:
    """Sign in up to the second step, go to one of its ways, and type a code."""

    def act(site: Furnished, page: Page) -> None:
        sign_in(page, name)
        if path:
            page.goto(site.url + path)
        if code:
            page.get_by_label("Code", exact=True).fill(code)
            press(page, "Sign in")

    return act


def wrong_password(site: Furnished, page: Page) -> None:
    """Sign in with a wrong password, after many more."""
    for _ in range(6):
        with site.working(), suppress(AuthenticationError, Problem):
            UserManager().authenticate_user("ines", WRONG)
    sign_in(page, "ines", WRONG)


def wrong_code(site: Furnished, page: Page) -> None:
    """Type a wrong code in the second step, after many more."""
    sign_in(page, "bela")
    for _ in range(11):
        with site.working() as state, suppress(AuthenticationError, Problem):
            state[TwoFactor].verify(UserManager().get_user("bela"), "totp", "000000")
    page.get_by_label("Code", exact=True).fill("000000")
    press(page, "Sign in")


def mailed(ask: Callable[[Furnished], None], path: str) -> Callable[[Furnished], str]:
    """The address in a mail that is asked for first."""

    def address(site: Furnished) -> str:
        with site.working():
            ask(site)
        return site.link(path)

    return address


def asks_address(site: Furnished) -> None:
    """Kofi asks for another address."""
    current_state()[Addresses].request_change(
        UserManager().get_user("kofi"), "kofi.mensah@tidewater.example"
    )


def asks_magic_link(site: Furnished) -> None:
    """Kofi asks for a link to sign in."""
    ask_magic_link("kofi@tidewater.example", "/")


def invites(site: Furnished) -> None:
    """Maya invites somebody."""
    current_state()[Invitations].make(UserManager().get_user("maya"), "sigrid@example.org")


def refuse_at_provider(site: Furnished, page: Page) -> None:
    """Say no at the other site."""
    site.provider.extra = {"code": None, "error": "access_denied"}
    page.get_by_role("button", name="Continue with Acme").click()
    page.get_by_role("heading", name="Not signed in").wait_for()
    site.provider.extra = {}


def set_out_to_provider(site: Furnished, page: Page) -> None:
    """On the way, with a provider that takes its time."""
    page.route(f"{site.provider.issuer}/**", lambda route: route.abort("aborted"))
    page.get_by_role("button", name="Continue with Acme").click()
    page.get_by_role("heading", name="On to Acme").wait_for()


def mail_way(site: Furnished, page: Page) -> None:
    """Have a code sent, to set that way up."""
    press(page, "Send a code")


def finished_setup(site: Furnished, page: Page) -> None:
    """Set an app up: the recovery codes are shown."""
    key = page.locator("code").inner_text().replace(" ", "")
    page.get_by_label("Code", exact=True).fill(app_code(key))
    press(page, "Confirm code")


SIGNED_OUT = (
    View("login", None, "/auth/login/"),
    View(
        "login:refused",
        None,
        "/auth/login/",
        lambda site, page: sign_in(page, "somebody.else", WRONG),
    ),
    View("429:login", None, "/auth/login/", wrong_password),
    View("login:asked", None, "/auth/account/"),
    View(
        "login:after-deletion",
        "ruth",
        "/auth/delete-account/",
        filled(("Password", PASSWORD), button="Delete my account"),
    ),
    View("register", None, "/auth/register/"),
    View(
        "register:refused",
        None,
        "/auth/register/",
        filled(
            ("Username", "admin"),
            ("Email", "nowhere"),
            ("Password", BAD),
            ("Password again", BAD),
            button="Create account",
        ),
    ),
    View(
        "check_mail",
        None,
        "/auth/register/",
        filled(
            ("Username", "freja"),
            ("Email", "freja@example.org"),
            ("Password", PASSWORD),
            ("Password again", PASSWORD),
            button="Create account",
        ),
    ),
    View("resend_verification", None, "/auth/resend-verification/"),
    View("verify_email", None, "/auth/verify-email/?token=from-a-mail"),
    View(
        "message:verify-email-expired",
        None,
        "/auth/verify-email/?token=from-an-old-mail",
        filled(button="Confirm address"),
    ),
    View("request_reset_password", None, "/auth/request-reset-password/"),
    View(
        "reset_password",
        None,
        mailed(
            lambda site: UserManager().request_password_reset("kofi@tidewater.example"),
            "/auth/reset-password/",
        ),
    ),
    View("message:reset-password-expired", None, "/auth/reset-password/?token=from-an-old-mail"),
    View("request_magic_link", None, "/auth/magic-link/request/"),
    View("magic_link", None, mailed(asks_magic_link, "/auth/magic-link/?")),
    View("message:magic-link-expired", None, "/auth/magic-link/?token=from-an-old-mail"),
    View("accept_invitation", None, mailed(invites, "/auth/accept-invitation/")),
    View("message:invitation-expired", None, "/auth/accept-invitation/?token=from-an-old-mail"),
    View("message:oauth-on-the-way", None, "/auth/login/", set_out_to_provider),
    View("message:oauth-refused", None, "/auth/login/", refuse_at_provider),
    View("two_factor_verify", None, "/auth/login/", step("lena")),
    View("two_factor_verify:wrong", None, "/auth/login/", step("lena", code="000 000")),
    View(
        "two_factor_verify:recovery",
        None,
        "/auth/login/",
        step("lena", "/auth/two-factor/verify/?method=recovery"),
    ),
    View(
        "two_factor_verify:email",
        None,
        "/auth/login/",
        step("lena", "/auth/two-factor/verify/?method=email"),
    ),
    View("429:two-factor", None, "/auth/login/", wrong_code),
    View("two_factor_setup:required", None, "/auth/login/", step("tomas")),
    View("passkey_verify", None, "/auth/login/", step("noor")),
)

SIGNED_IN = (
    View("unconfirmed", "ulla", "/auth/unconfirmed/"),
    View("account", "maya", "/auth/account/"),
    View("account:new", "kofi", "/auth/account/"),
    View("change_email", "kofi", "/auth/change-email/"),
    View("change_email:not-fresh", "kofi", "/auth/change-email/", is_fresh=False),
    View(
        "change_email:refused",
        "kofi",
        "/auth/change-email/",
        filled(("New email", "nowhere"), button="Send the link"),
    ),
    View("confirm_email", "kofi", mailed(asks_address, "/auth/confirm-email/")),
    View(
        "message:confirm-email-expired",
        "kofi",
        "/auth/confirm-email/?token=from-an-old-mail",
        filled(button="Change address"),
    ),
    View("change_password", "kofi", "/auth/change-password/"),
    View(
        "change_password:refused",
        "kofi",
        "/auth/change-password/",
        filled(
            ("Current password", WRONG),
            ("New password", BAD),
            ("Password again", BAD),
            button="Save new password",
        ),
    ),
    View("change_password:first", "oskar", "/auth/change-password/"),
    View("passkeys", "maya", "/auth/passkeys/"),
    View("passkeys:none", "kofi", "/auth/passkeys/"),
    View("passkeys:not-fresh", "maya", "/auth/passkeys/", is_fresh=False),
    View("connections", "maya", "/auth/connections/"),
    View("connections:none", "kofi", "/auth/connections/", is_fresh=False),
    View("connections:only-way", "oskar", "/auth/connections/"),
    View("two_factor", "maya", "/auth/two-factor/"),
    View("two_factor:off", "kofi", "/auth/two-factor/"),
    View("two_factor:not-fresh", "maya", "/auth/two-factor/", is_fresh=False),
    View("two_factor:needed", "tomas", "/auth/two-factor/"),
    View("two_factor_setup", "kofi", "/auth/two-factor/setup/"),
    View(
        "two_factor_setup:wrong",
        "kofi",
        "/auth/two-factor/setup/",
        filled(("Code", "000000"), button="Confirm code"),
    ),
    View("two_factor_setup:email", "kofi", "/auth/two-factor/setup/?method=email", mail_way),
    View("recovery_codes:new", "sana", "/auth/two-factor/setup/", finished_setup),
    View("recovery_codes", "maya", "/auth/two-factor/recovery-codes/"),
    View(
        "recovery_codes:shown",
        "lena",
        "/auth/two-factor/recovery-codes/",
        filled(button="Make new codes"),
    ),
    View("sessions", "maya", "/auth/sessions/"),
    View("sessions:one", "noor", "/auth/sessions/"),
    View("tokens", "maya", "/auth/tokens/"),
    View("tokens:none", "kofi", "/auth/tokens/", is_fresh=False),
    View(
        "tokens:shown",
        "noor",
        "/auth/tokens/",
        filled(("Name", "Weather station"), button="Make token"),
    ),
    View("tokens:refused", "maya", "/auth/tokens/", filled(("Name", ""), button="Make token")),
    View("export_data", "maya", "/auth/export-data/"),
    View("delete_account", "maya", "/auth/delete-account/"),
    View(
        "delete_account:refused",
        "maya",
        "/auth/delete-account/",
        filled(("Password", WRONG), button="Delete my account"),
    ),
    View("delete_account:without-password", "oskar", "/auth/delete-account/"),
    View("invitations", "maya", "/auth/invitations/"),
    View(
        "invitations:refused",
        "maya",
        "/auth/invitations/",
        filled(("Email", "nowhere"), button="Send invitation"),
    ),
    View("reauthenticate", "maya", "/auth/reauthenticate/", is_fresh=False),
    View(
        "reauthenticate:refused",
        "maya",
        "/auth/reauthenticate/",
        filled(("Password", WRONG), button="Continue"),
        is_fresh=False,
    ),
    View("passkey_verify:once-more", "maya", "/auth/passkeys/reauthenticate/", is_fresh=False),
    View("reauthenticate:no-password", "oskar", "/auth/reauthenticate/", is_fresh=False),
    View("logout", "maya", "/auth/logout/"),
)

VIEWS = SIGNED_OUT + SIGNED_IN
