"""Every page but the account pages, as people of each kind see it: clean, within reach."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from example_app import create_app
from example_app.config import Config
from example_app.demo import seed
from example_app.extensions import db
from flask_lback.db.schema import initialize
from tests.support.browser import complaints_about

from .conftest import ADMIN, ADMIN_PASSWORD, SECRET_KEY, Served
from .panel import CHIEF, PANEL, Example, PanelView, example, work
from .test_journey import sign_in

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from werkzeug.routing import MapAdapter, Rule

pytestmark = [pytest.mark.browser, pytest.mark.service]

MEMBER, MEMBER_PASSWORD = "member", "nothing but a member here"
ERRORS = [f"/status/{code}/" for code in (400, 401, 403, 404, 405, 409, 413, 429, 500, 503)]
#: Rules that answer with no page of their own, and the account pages, which
#: ``test_account_pages`` looks at in every state.
NOT_PAGES = (
    "static",
    "lback.static",
    "lback_api_auth.",
    "lback_auth.",
    "lback_admin.found_view",
    "worker",
    "status",
)
#: It is asked for by its address.
SEEN_ELSEWHERE = {"broken"}
#: They answer with a file, or with JSON for a script.
FILES = (".export_view", ".search_records_view")


@pytest.fixture(scope="module")
def site(served: Served) -> Served:
    """The served site with a member in it."""
    from flask_lback.auth import UserManager

    with served.app.app_context():
        UserManager().create_user(
            username=MEMBER, email="member@example.org", password=MEMBER_PASSWORD, verified=True
        )
        served.app.extensions["sqlalchemy"].session.commit()
        served.app.extensions["sqlalchemy"].engine.dispose()
    return served


def starting_points(served: Served) -> list[str]:
    """Every address of the URL map that needs no value, and the error pages."""
    rules = [rule for rule in served.app.url_map.iter_rules() if is_page(rule)]
    return [*sorted(rule.rule for rule in rules if not rule.arguments), "/broken/", *ERRORS]


def is_page(rule: Rule) -> bool:
    """Whether a rule answers a person's GET with a page."""
    return "GET" in (rule.methods or ()) and is_shown(rule.endpoint)


def is_shown(endpoint: str) -> bool:
    """Whether an endpoint answers with a page that is looked at here."""
    return not endpoint.startswith(NOT_PAGES) and not endpoint.endswith(FILES)


def leads_to_page(adapter: MapAdapter, path: str) -> bool:
    """Whether a link leads to a page that is looked at here."""
    if not adapter.test(path, "GET"):
        return False
    endpoint, _ = adapter.match(path, "GET")
    return is_shown(str(endpoint))


def walk(page: Page, served: Served) -> Iterator[str]:
    """Visit every page that can be reached, one address for each endpoint and kind of record."""
    adapter = served.app.url_map.bind("127.0.0.1")
    waiting, seen = starting_points(served), set()
    while waiting:
        address = waiting.pop(0)
        key = (urlsplit(address).path, "id=" in address)
        if key in seen:
            continue
        seen.add(key)
        response = page.goto(served.url + address)
        assert response is not None
        landed = urlsplit(page.url).path
        if landed != urlsplit(address).path:
            continue  # led elsewhere, and that page has its own turn
        assert response.status != 500 or address in ("/broken/", "/status/500/"), address
        yield address
        for link in page.eval_on_selector_all("a[href]", "all => all.map(a => a.href)"):
            parts = urlsplit(link)
            if link.startswith(served.url) and leads_to_page(adapter, parts.path):
                waiting.append(parts.path + (f"?{parts.query}" if parts.query else ""))


@pytest.mark.parametrize("who", ["nobody", "member", "administrator"])
def test_every_page_is_clean_accessible_and_fit_for_a_phone(
    site: Served, new_page: Callable[..., Any], who: str
) -> None:
    page, log = new_page(base_url=site.url, color_scheme="light")
    if who == "member":
        sign_in(page, MEMBER, MEMBER_PASSWORD)
    elif who == "administrator":
        sign_in(page, ADMIN, ADMIN_PASSWORD)
    complaints: list[str] = []
    visited: list[str] = []
    for address in walk(page, site):
        visited.append(address)
        complaints += [f"{address}: {found}" for found in complaints_about(page, (320, 360))]
        complaints += [f"{address}: {problem}" for problem in log.problems]
        log.clear()
    assert complaints == []
    if who == "administrator":
        assert unvisited(site, visited) == set()


def unvisited(site: Served, visited: list[str]) -> set[str]:
    """Endpoints with a page that nobody came to, those that are seen on another way apart."""
    adapter = site.app.url_map.bind("127.0.0.1")
    came = {adapter.match(urlsplit(address).path, "GET")[0] for address in visited}
    pages = {rule.endpoint for rule in site.app.url_map.iter_rules() if is_page(rule)}
    return pages - came - SEEN_ELSEWHERE


@pytest.fixture(scope="module")
def blog(tmp_path_factory: pytest.TempPathFactory, browser: Any) -> Iterator[Example]:
    """The example with some people and posts, and changes to look back at."""
    folder: Path = tmp_path_factory.mktemp("blog")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LBACK_ENV", "local")
        url = f"sqlite:///{folder / 'blog.sqlite'}"
        app = create_app(Config, SECRET_KEY=SECRET_KEY, SQLALCHEMY_DATABASE_URI=url)
    with app.app_context():
        initialize(app)
        seed(db.session, users=20, posts=40)
        db.session.commit()
        db.session.remove()
    with example(app) as site:
        context = browser.new_context(base_url=site.url)
        work(site, context.new_page())
        context.close()
        yield site


@pytest.mark.parametrize("view", PANEL, ids=lambda view: view.name)
def test_an_administrator_can_use_every_page_of_the_panel(
    blog: Example, new_page: Callable[..., Any], view: PanelView
) -> None:
    page, log = new_page(base_url=blog.url, viewport={"width": 1440, "height": 900})
    blog.sign_in(page, CHIEF)
    assert view.open(blog, page) == 200
    assert complaints_about(page, (320, 360)) == []
    log.assert_clean()


@pytest.mark.parametrize("who", ["moderator", "member"])
def test_others_find_the_same_pages_clean_or_closed(
    blog: Example, new_page: Callable[..., Any], who: str
) -> None:
    page, log = new_page(base_url=blog.url, viewport={"width": 1440, "height": 900})
    blog.sign_in(page, who)
    opened = set()
    for view in PANEL:
        response = page.goto(view.path.format(**blog.keys))
        assert response is not None
        assert response.status in (200, 403, 404)
        if response.status == 200:
            opened.add(view.name)
        assert complaints_about(page, (320, 360)) == [], view.name
    log.assert_clean()
    posts = {"admin-list", "admin-bulk", "admin-form", "admin-inlines", "admin-palette"}
    shown = {"admin-dashboard", "admin-search", "admin-history", *posts}
    assert opened == (shown if who == "moderator" else set())
