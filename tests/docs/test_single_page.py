"""The scripts of the page about single-page applications, in a real browser."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.second_step import app_code
from tests.support.server import Gunicorn
from tests.support.services import ROOT

from .folder import Folder
from .samples import samples_of

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.support.browser import Tab

pytestmark = [pytest.mark.browser, pytest.mark.service]

PAGE = ROOT / "docs" / "how-to" / "single-page-application.md"
PASSWORD = "a plain long sentence"
SIGN_IN = f"""async () => {{
  const {{ Client }} = await import("/with-header.js");
  window.client = new Client(base);
  return await client.signIn("ada", "{PASSWORD}");
}}"""


class Quiet(SimpleHTTPRequestHandler):
    """Serves files, and prints nothing."""

    def log_message(self, *args: Any) -> None:
        """Leave it out."""


@dataclass
class Sites:
    """The application, a page of an origin that it knows, and one of an origin that it does not."""

    api: str
    known: str
    unknown: str


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sites]:
    """Whatever the page tells its reader to write, behind gunicorn; no grace for used tokens."""
    place = tmp_path_factory.mktemp("single-page")
    wanted = [one for one in samples_of(PAGE) if one.file or one.language == "console"]
    with Folder(place) as folder:
        folder.follow(wanted)
    handler = partial(Quiet, directory=str(place / "static"))
    pages = [ThreadingHTTPServer(("127.0.0.1", 0), handler) for _ in range(2)]
    for page in pages:
        threading.Thread(target=page.serve_forever, daemon=True).start()
    known, unknown = (f"http://127.0.0.1:{page.server_port}" for page in pages)
    env = {
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(place)]),
        "LBACK_ENV": "local",
        "FLASK_PAGE_ORIGIN": known,
        "FLASK_LBACK_AUTH_JWT_REFRESH_GRACE_SECONDS": "0",
    }
    try:
        with Gunicorn("app:app", log=place / "log", workers=1, env=env) as server:
            yield Sites(server.url, known, unknown)
    finally:
        for page in pages:
            page.shutdown()
            page.server_close()


def opened(page: Page, origin: str, api: str) -> Page:
    """An empty page of an origin, where scripts find the address of the routes as ``base``."""
    page.add_init_script(f"window.base = '{api}'")
    page.goto(f"{origin}/with-header.js")
    return page


def test_requests_that_come_too_late_together_refresh_once(
    sites: Sites, new_page: Callable[..., Tab]
) -> None:
    page = opened(new_page().page, sites.known, sites.api)
    assert page.evaluate(SIGN_IN)["user"]["username"] == "ada"
    page.reload()  # the access token is gone with the old page
    sent: list[str] = []
    page.on("request", lambda one: sent.append(f"{one.method} {one.url.removeprefix(sites.api)}"))
    found = page.evaluate("""async () => {
      const { Client } = await import("/with-header.js");
      const client = window.client = new Client(base);
      const answers = await Promise.all([1, 2, 3].map(() => client.fetch("/api/notes/")));
      return Promise.all(answers.map(async (one) => [one.status, (await one.json()).asked_by]));
    }""")
    assert found == [[200, "ada"]] * 3
    assert sent.count("POST /api/auth/refresh/") == 1
    added = page.evaluate("""async () =>
      (await client.fetch("/api/notes/", { method: "POST" })).status""")
    assert added == 201, "no CSRF token is asked for"


def test_tabs_that_refresh_in_turn_stay_signed_in(
    sites: Sites, new_page: Callable[..., Tab]
) -> None:
    one = opened(new_page().page, sites.known, sites.api)
    one.evaluate(SIGN_IN)
    other = opened(one.context.new_page(), sites.known, sites.api)
    for page in (one, other):
        page.reload()
        page.evaluate("""async () => {
          const { Client } = await import("/with-header.js");
          window.clients = [1, 2].map(() => new Client(base));
        }""")
    kept = "() => localStorage.getItem('refresh_token')"
    ask = "async (turn) => (await clients[turn].fetch('/api/notes/')).status"
    for turn, page, idle in ((0, one, other), (0, other, one), (1, one, other)):
        before = page.evaluate(kept)
        assert page.evaluate(ask, turn) == 200
        idle.wait_for_function(f"(before) => ({kept})() !== before", arg=before)


def test_signing_out_ends_the_tokens_on_the_server(
    sites: Sites, new_page: Callable[..., Tab]
) -> None:
    page = opened(new_page().page, sites.known, sites.api)
    page.evaluate(SIGN_IN)
    kept = page.evaluate("() => localStorage.getItem('refresh_token')")
    page.evaluate("() => client.signOut()")
    assert page.evaluate("() => localStorage.getItem('refresh_token')") is None
    assert page.evaluate("async () => (await client.fetch('/api/notes/')).status") == 401
    page.evaluate("(kept) => localStorage.setItem('refresh_token', kept)", kept)
    assert page.evaluate("async () => (await client.fetch('/api/notes/')).status") == 401


def test_a_page_of_an_origin_that_is_not_named_reads_nothing(
    sites: Sites, new_page: Callable[..., Tab]
) -> None:
    page = opened(new_page().page, sites.unknown, sites.api)
    refused = page.evaluate(f"() => ({SIGN_IN})().catch((error) => error.name)")
    assert refused == "TypeError"
    assert page.evaluate("() => localStorage.getItem('refresh_token')") is None


def test_a_wrong_password_is_told_with_its_code(sites: Sites, new_page: Callable[..., Tab]) -> None:
    page = opened(new_page().page, sites.known, sites.api)
    page.evaluate(SIGN_IN)
    code = page.evaluate("() => client.signIn('ada', 'no').catch((error) => error.code)")
    assert code == "invalid_credentials"


def test_the_cookie_needs_the_token_and_the_script_brings_it(
    sites: Sites, new_page: Callable[..., Tab]
) -> None:
    tab = new_page()
    page = tab.page
    page.goto(f"{sites.api}/")
    tab.log.assert_clean()
    sign_in = f"""async () => (await fetch("/api/auth/login/", {{
      method: "POST", headers: {{ "Content-Type": "application/json" }},
      body: JSON.stringify({{ identifier: "ada", password: "{PASSWORD}", session: true }}),
    }})).status"""
    add = """async () => {
      const { call } = await import("/static/with-cookie.js");
      return (await call("/api/notes/", { method: "POST", json: {} })).status;
    }"""
    assert page.evaluate(sign_in) == 200
    bare = """async () => (await fetch("/api/notes/", { method: "POST" })).status"""
    assert page.evaluate(bare) == 400
    assert page.evaluate(add) == 201
    assert page.evaluate(sign_in) == 200, "which changes the CSRF token"
    assert page.evaluate(add) == 201


def test_the_second_step_is_asked_for_and_taken(sites: Sites, new_page: Callable[..., Tab]) -> None:
    page = opened(new_page().page, sites.known, sites.api)
    page.evaluate(SIGN_IN)
    secret = _sent(page, "enable/", {})["secret"]
    assert _sent(page, "confirm/", {"code": app_code(secret)})["recovery_codes"]
    try:
        page.evaluate("() => client.signOut()")
        found = page.evaluate(SIGN_IN)
        assert list(found) == ["challenge"]
        assert page.evaluate("async () => (await client.fetch('/api/notes/')).status") == 401
        values = [found["challenge"], app_code(secret, 1)]
        taken = page.evaluate("(values) => client.verify(...values)", values)
        assert taken["user"]["username"] == "ada"
        assert page.evaluate("async () => (await client.fetch('/api/notes/')).status") == 200
    finally:
        _sent(page, "disable/", {})


def _sent(page: Page, path: str, values: dict[str, str]) -> Any:
    return page.evaluate(
        """async ([path, values]) => {
          const answer = await client.fetch(`/api/auth/two-factor/${path}`, {
            method: "POST",
            headers: { "Content-Type": "application/json" },
            body: JSON.stringify(values),
          });
          if (!answer.ok) throw new Error(await answer.text());
          return answer.status === 204 ? null : answer.json();
        }""",
        [path, values],
    )
