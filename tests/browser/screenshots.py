"""``python -m tests.browser.screenshots [FOLDER]``: the pictures in the documentation, made again.

The example with its demo content is served in this process, and its pages are taken in Chromium,
light and dark, wide and as a phone shows them. The pages of the accounts and the mails come from a
site that has every part of the accounts switched on: light on a wide screen, dark on a phone.
"""

from __future__ import annotations

import html
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from werkzeug.serving import make_server

from example_app import serve
from example_app.demo.accounts import Account, renew_accounts
from tests.support.browser import launched_chromium, open_tab

from .furnished import Furnished, furnished
from .mails import html_of, send_all, text_of
from .views import VIEWS, View

if TYPE_CHECKING:
    from email.message import EmailMessage

    from flask import Flask
    from playwright.sync_api import Browser, Page

FOLDER = Path(__file__).parents[2] / "docs" / "images"
SIZES = {"": (1440, 900), "-phone": (390, 844)}
SCHEMES = ("light", "dark")
#: Name of the picture, who looks, and where; a post is found by the admin's first row.
PAGES = (
    ("home", None, "/"),
    ("error-404", None, "/no/such/page/"),
    ("error-403", "member", "/moderation/"),
    ("admin-dashboard", "administrator", "/admin/"),
    ("admin-list", "administrator", "/admin/blog/post/"),
    ("admin-users", "administrator", "/admin/blog/user/"),
    ("admin-form", "administrator", "/admin/blog/post/edit/?id=7"),
    ("admin-delete", "administrator", "/admin/blog/user/delete/?id=3"),
)
#: Of the accounts in all four: these pages are shown in the README and in the tutorial.
SHOWN_IN_ALL = ("login", "register", "account")
#: Of the other states one picture says enough; the tests see them all.
STATES = ("message:verify-email-expired", "429:login", "two_factor_verify:wrong")
#: Text and HTML of a mail, side by side.
MAIL = """<!doctype html><html lang="en"><title>{subject}</title>
<style>
  body {{ margin: 0; display: grid; grid-template-columns: 600px 600px; }}
  iframe {{ border: 0; width: 600px; height: {height}px; }}
  pre {{ margin: 0; padding: 32px; font: 13px/20px monospace; white-space: pre-wrap;
        overflow-wrap: anywhere; background: #fff; color: #17201f; }}
</style><iframe srcdoc="{html}"></iframe><pre>Subject: {subject}

{text}</pre>"""


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """The application on a free port, in a thread."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()


def take(browser: Browser, url: str, accounts: dict[str, Account], folder: Path) -> None:
    """Take every page of the example in every scheme and size."""
    for suffix, (width, height) in SIZES.items():
        for scheme in SCHEMES:
            for who in (None, *accounts):
                context, (page, _) = open_tab(
                    browser,
                    base_url=url,
                    color_scheme=scheme,  # type: ignore[arg-type]
                    viewport={"width": width, "height": height},
                )
                if who is not None:
                    sign_in(page, accounts[who])
                for name, viewer, path in PAGES:
                    if viewer == who:
                        page.goto(path)
                        page.screenshot(path=folder / f"{name}{suffix}-{scheme}.png")
                context.close()


def take_account_pages(browser: Browser, site: Furnished, folder: Path) -> None:
    """Take the pages of the accounts, whole."""
    for view in VIEWS:
        if ":" not in view.name or view.name in STATES:
            context, (page, _) = open_tab(browser, viewport={"width": 1280, "height": 800})
            view.open(site, page)
            for suffix, scheme in pictures_of(view):
                width, height = SIZES["-phone"] if suffix else (1280, 800)
                page.set_viewport_size({"width": width, "height": height})
                page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                page.screenshot(
                    path=folder / f"{view.picture}{suffix}-{scheme}.png", full_page=True
                )
            context.close()


def pictures_of(view: View) -> list[tuple[str, str]]:
    """The sizes and schemes in which a page is shown."""
    if view.name in SHOWN_IN_ALL:
        return [(suffix, scheme) for suffix in SIZES for scheme in SCHEMES]
    return [("", "light"), ("-phone", "dark")]


def take_mails(browser: Browser, mails: dict[str, EmailMessage], folder: Path) -> None:
    """Take every mail, HTML at the left and text at the right."""
    context, (page, _) = open_tab(browser, viewport={"width": 1200, "height": 400})
    for name, mail in mails.items():
        page.set_viewport_size({"width": 600, "height": 400})
        page.set_content(html_of(mail))
        height = page.evaluate("document.documentElement.scrollHeight")
        page.set_viewport_size({"width": 1200, "height": 400})
        words = {"subject": str(mail["Subject"]), "html": html_of(mail), "text": text_of(mail)}
        escaped = {key: html.escape(word) for key, word in words.items()}
        page.set_content(MAIL.format(height=height, **escaped))
        path = folder / f"mail-{name.replace('_', '-')}.png"
        page.screenshot(path=path, full_page=True)
    context.close()


def sign_in(page: Page, account: Account) -> None:
    """Fill the sign-in form."""
    page.goto("/auth/login/")
    page.get_by_label("Username or email").fill(account.username)
    page.get_by_label("Password", exact=True).fill(account.password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/")


def main() -> None:
    """Make the pictures."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place, launched_chromium() as browser:
        app = serve.make_app(Path(place))
        serve.prepare(app)
        with app.app_context():
            accounts = {account.username: account for account in renew_accounts()}
        chosen = {name: accounts[name] for name in ("member", "administrator")}
        with served(app) as url:
            take(browser, url, chosen, folder)
        with furnished(Path(place)) as site:
            take_account_pages(browser, site, folder)
        with furnished(Path(place) / "mails") as site:
            take_mails(browser, send_all(site), folder)
    print(f"{len(list(folder.glob('*.png')))} pictures in {folder}")


if __name__ == "__main__":
    main()
