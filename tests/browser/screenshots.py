"""``python -m tests.browser.screenshots [--panel] [FOLDER]``: the pictures in the documentation.

The example with its demo content is served in this process, and its pages are taken in Chromium,
light and dark, wide and as a phone shows them; with ``--panel``, those of the admin panel alone.
The pages of the accounts and the mails come from a site that has every part of the accounts
switched on: light on a wide screen, dark on a phone.
"""

from __future__ import annotations

import html
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from example_app import serve
from tests.support.browser import launched_chromium, open_tab

from .furnished import Furnished, furnished
from .mails import html_of, send_all, text_of
from .panel import CHIEF, PANEL, Example, example, work
from .views import VIEWS, View

if TYPE_CHECKING:
    from email.message import EmailMessage

    from playwright.sync_api import Browser, BrowserContext, Page

FOLDER = Path(__file__).parents[2] / "docs" / "images"
SIZES = {"": (1440, 900), "-phone": (390, 844)}
SCHEMES = ("light", "dark")
#: Name of the picture, who looks, and where.
PAGES = (
    ("home", None, "/"),
    ("error-404", None, "/no/such/page/"),
    ("error-403", "member", "/moderation/"),
)
#: In all four: these pages are shown in the README and in the tutorial.
SHOWN_IN_ALL = ("login", "register", "account", "admin-dashboard", "admin-list", "admin-form")
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


def take(browser: Browser, site: Example, folder: Path) -> None:
    """Take every page of the example in every scheme and size."""
    for suffix, scheme in [(suffix, scheme) for suffix in SIZES for scheme in SCHEMES]:
        for name, who, path in PAGES:
            context, page = tab(browser, site, suffix, scheme)
            if who is not None:
                site.sign_in(page, who)
            page.goto(path)
            page.screenshot(path=folder / f"{name}{suffix}-{scheme}.png")
            context.close()


def take_panel(browser: Browser, site: Example, folder: Path) -> None:
    """Take every page of the panel after some work; of most, a phone's in the dark is left out."""
    context, page = tab(browser, site)
    work(site, page)
    context.close()
    for suffix, scheme in [(suffix, scheme) for suffix in SIZES for scheme in SCHEMES]:
        context, page = tab(browser, site, suffix, scheme)
        site.sign_in(page, CHIEF)
        page.on("dialog", lambda dialog: dialog.accept())  # what was typed is left behind
        for view in PANEL:
            view.open(site, page)
            if suffix and scheme == "dark" and view.name not in SHOWN_IN_ALL:
                continue
            page.screenshot(path=folder / f"{view.name}{suffix}-{scheme}.png")
        context.close()


def tab(
    browser: Browser, site: Example, suffix: str = "", scheme: str = "light"
) -> tuple[BrowserContext, Page]:
    """A browser that nobody has used."""
    width, height = SIZES[suffix]
    context, (page, _) = open_tab(
        browser,
        base_url=site.url,
        color_scheme=scheme,  # type: ignore[arg-type]
        viewport={"width": width, "height": height},
    )
    return context, page


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


def main() -> None:
    """Make the pictures."""
    wanted = [argument for argument in sys.argv[1:] if argument != "--panel"]
    folder = Path(wanted[0]) if wanted else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place, launched_chromium() as browser:
        app = serve.make_app(Path(place))
        serve.prepare(app)
        with example(app) as site:
            take_panel(browser, site, folder)
            if "--panel" not in sys.argv:
                take(browser, site, folder)
        if "--panel" not in sys.argv:
            with furnished(Path(place)) as served:
                take_account_pages(browser, served, folder)
            with furnished(Path(place) / "mails") as served:
                take_mails(browser, send_all(served), folder)
    print(f"{len(list(folder.glob('*.png')))} pictures in {folder}")


if __name__ == "__main__":
    main()
