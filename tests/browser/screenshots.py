"""``python -m tests.browser.screenshots [FOLDER]``: the pictures in the documentation, made again.

The example with its demo content is served in this process, and its pages are taken in Chromium,
light and dark, wide and as a phone shows them.
"""

from __future__ import annotations

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

if TYPE_CHECKING:
    from flask import Flask
    from playwright.sync_api import Browser, Page

FOLDER = Path(__file__).parents[2] / "docs" / "images"
SIZES = {"": (1440, 900), "-phone": (390, 844)}
SCHEMES = ("light", "dark")
#: Name of the picture, who looks, and where; a post is found by the admin's first row.
PAGES = (
    ("home", None, "/"),
    ("login", None, "/auth/login/"),
    ("register", None, "/auth/register/"),
    ("error-404", None, "/no/such/page/"),
    ("account", "member", "/auth/account/"),
    ("error-403", "member", "/moderation/"),
    ("admin-dashboard", "administrator", "/admin/"),
    ("admin-list", "administrator", "/admin/blog/post/"),
    ("admin-users", "administrator", "/admin/blog/user/"),
    ("admin-form", "administrator", "/admin/blog/post/edit/?id=7"),
    ("admin-delete", "administrator", "/admin/blog/user/delete/?id=3"),
)


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
    """Take every page in every scheme and size."""
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


def sign_in(page: Page, account: Account) -> None:
    """Fill the sign-in form."""
    page.goto("/auth/login/")
    page.get_by_label("Username or email").fill(account.username)
    page.get_by_label("Password", exact=True).fill(account.password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/")


def main() -> None:
    """Make the pictures."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        app = serve.make_app(Path(place))
        serve.prepare(app)
        with app.app_context():
            accounts = {account.username: account for account in renew_accounts()}
        chosen = {name: accounts[name] for name in ("member", "administrator")}
        with served(app) as url, launched_chromium() as browser:
            take(browser, url, chosen, folder)
    print(f"{len(list(folder.glob('*.png')))} pictures in {folder}")


if __name__ == "__main__":
    main()
