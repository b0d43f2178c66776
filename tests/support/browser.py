"""A real Chromium, with a log of everything that a clean page does not do, and axe-core."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple, TypedDict, Unpack
from urllib.parse import urlsplit

import pytest

from .services import AXE_CORE, chromium, require

if TYPE_CHECKING:
    from playwright.sync_api import (
        Browser,
        BrowserContext,
        ConsoleMessage,
        Page,
        Request,
        ViewportSize,
    )

LAUNCH_ARGUMENTS = (
    "--headless",
    "--no-sandbox",  # CI runs as root, where Chromium's sandbox refuses to start
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

OWN_HOSTS = frozenset({"127.0.0.1", "localhost"})

# An event tells more than the console's line, and comes for report-only policies as well.
_REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) => {
  console.warn(`[csp] ${event.effectiveDirective} blocked ${event.blockedURI || "inline"}` +
    ` at ${event.sourceFile || event.documentURI}:${event.lineNumber} ${event.sample}`);
});
"""


class ContextOptions(TypedDict, total=False):
    """The options of a browser context that tests use; Playwright documents each."""

    base_url: str
    color_scheme: Literal["dark", "light", "no-preference"]
    device_scale_factor: float
    extra_http_headers: dict[str, str]
    has_touch: bool
    is_mobile: bool
    java_script_enabled: bool
    locale: str
    reduced_motion: Literal["no-preference", "reduce"]
    timezone_id: str
    user_agent: str
    viewport: ViewportSize


class Violation(TypedDict):
    """One rule that axe-core found broken."""

    id: str
    impact: Literal["minor", "moderate", "serious", "critical"]
    help: str
    nodes: list[str]


@dataclass
class PageLog:
    """What one tab did that a clean page does not do."""

    console_errors: list[str] = field(default_factory=list)
    page_errors: list[str] = field(default_factory=list)
    csp_violations: list[str] = field(default_factory=list)
    foreign_requests: list[str] = field(default_factory=list)
    _documents: set[str] = field(default_factory=set, repr=False)

    def watch(self, page: Page) -> None:
        """Write down what this page does from now on."""
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.page_errors.append(str(error)))
        page.on("request", self._on_request)

    @property
    def problems(self) -> list[str]:
        """Every entry as one readable line."""
        return [
            f"{kind}: {entry}"
            for kind, entries in {
                "console error": self.console_errors,
                "uncaught error": self.page_errors,
                "CSP violation": self.csp_violations,
                "request to another host": self.foreign_requests,
            }.items()
            for entry in entries
        ]

    def assert_clean(self) -> None:
        """Fail with everything that was written down."""
        assert not self.problems, "\n".join(self.problems)

    def clear(self) -> None:
        """Forget what was written down."""
        for entries in (
            self.console_errors,
            self.page_errors,
            self.csp_violations,
            self.foreign_requests,
        ):
            entries.clear()

    def _on_request(self, request: Request) -> None:
        if request.is_navigation_request():
            self._documents.add(request.url)
        url = urlsplit(request.url)
        if url.scheme not in {"about", "blob", "data"} and url.hostname not in OWN_HOSTS:
            self.foreign_requests.append(request.url)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.text.startswith("[csp]") or "Content Security Policy" in message.text:
            self.csp_violations.append(message.text)
        elif message.type == "error" and not self._is_status_of_document(message):
            self.console_errors.append(f"{message.text} ({message.location.get('url', '')})")

    def _is_status_of_document(self, message: ConsoleMessage) -> bool:
        """Chromium logs the 403 of a visited page as an error; a page may have that status."""
        return (
            message.text.startswith("Failed to load resource: the server responded")
            and message.location.get("url") in self._documents
        )


class Tab(NamedTuple):
    """A page of its own context (own cookies, as another person's browser) and its log."""

    page: Page
    log: PageLog


@contextmanager
def launched_chromium() -> Iterator[Browser]:
    """Run Chromium while the block runs; also for commands that are no tests."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(), args=list(LAUNCH_ARGUMENTS), headless=True
        )
        try:
            yield browser
        finally:
            browser.close()


def open_tab(browser: Browser, **options: Unpack[ContextOptions]) -> tuple[BrowserContext, Tab]:
    """Open a watched page; motion is reduced, so that nothing is caught half-way."""
    options.setdefault("reduced_motion", "reduce")
    context = browser.new_context(**options)
    context.set_default_timeout(10_000)
    context.add_init_script(_REPORT_VIOLATIONS)
    log = PageLog()
    context.on("page", log.watch)
    return context, Tab(context.new_page(), log)


#: What may differ between the light and the dark scheme of one page.
COLOURS = ("color-contrast", "link-in-text-block")


def axe(page: Page, rules: Sequence[str] = ()) -> list[Violation]:
    """Return axe-core's findings of serious or critical impact; skips without axe-core.

    Args:
        page: the page.
        rules: look for these alone; all that axe-core has when left out.
    """
    require("axe-core")
    # Evaluated through the debugger, which a Content-Security-Policy does not bind.
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_CORE.read_text(encoding="utf-8"))
    violations: list[Violation] = page.evaluate(
        """async (rules) => (await axe.run(document, {
          preload: false, resultTypes: ["violations"], ...(rules.length ? {runOnly: rules} : {}),
        }))
        .violations.filter((one) => ["serious", "critical"].includes(one.impact))
        .map(({id, impact, help, nodes}) => ({
          id, impact, help, nodes: nodes.map((node) => `${node.target.join(" ")}: ${node.html}`),
        }))""",
        list(rules),
    )
    return violations


def complaints_about(page: Page, widths: Sequence[int] = (360,)) -> list[str]:
    """What people would meet on a page: axe-core in both schemes, and no scrolling sideways.

    Args:
        page: as it is shown on a wide screen in the light scheme, and is again afterwards.
        widths: of phones, in CSS pixels.
    """
    found = [f"light: {violation}" for violation in axe(page)]
    page.emulate_media(color_scheme="dark")
    found += [f"dark: {violation}" for violation in axe(page, COLOURS)]
    page.emulate_media(color_scheme="light")
    wide = page.viewport_size
    for width in widths:
        page.set_viewport_size({"width": width, "height": 800})
        needed = page.evaluate("document.documentElement.scrollWidth")
        if needed > width:
            found.append(f"{needed} px wide on a phone of {width} px")
    if wide is not None:
        page.set_viewport_size(wide)
    return found


# Module scope, not session: while Playwright's synchronous interface is open, asyncio believes
# that a loop runs in this thread, and tests of `async def` views in the same process would fail.


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium for the tests of a module."""
    require("chromium")
    with launched_chromium() as browser:
        yield browser


@pytest.fixture
def new_page(browser: Browser) -> Iterator[Callable[..., Tab]]:
    """``new_page(base_url=..., color_scheme="dark", ...) -> Tab(page, log)``.

    Closed after the test. Every call is another visitor, without the cookies of the ones before.
    """
    contexts: list[BrowserContext] = []

    def open_one(**options: Unpack[ContextOptions]) -> Tab:
        context, tab = open_tab(browser, **options)
        contexts.append(context)
        return tab

    yield open_one
    for context in contexts:
        context.close()
