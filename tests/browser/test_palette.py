"""Finding by a few letters, keys, and the dashboard, in a browser."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.serving import make_server

from flask_lback import admin
from flask_lback.core import clock
from tests.admin.blog import Blog, make_blog
from tests.support.apps import PASSWORD
from tests.support.browser import axe, complaints_about

from .test_journey import sign_in

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.service]

LIST, TAGS = "/admin/blog/post/", "/admin/blog/tag/"
FIELD = "#palette [role=combobox]"


def with_widgets(blog: Blog) -> None:
    """Each kind of widget, and one that fails."""
    widget = blog.lback.admin.widget
    today = clock.now().date()
    widget("Sales", permission=None)(lambda: admin.Card(12_345, "this month", "/"))
    widget("Visits", permission=None)(lambda: admin.Chart({today: 1_200}, url="/"))
    rows = [("Ink for every pen that there is", 1_200), ("Paper", 3)]
    widget("Stock", permission=None)(lambda: admin.Table(("Article", "Pieces"), rows))
    widget("News", permission=None)(lambda: admin.Text("Closed on Monday", url="/"))
    widget("Broken", permission=None)(lambda: admin.Card(1 / 0))


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A blog with a few posts, served from a thread."""
    folder = tmp_path_factory.mktemp("palette")
    blog = make_blog(f"sqlite:///{folder}/blog.sqlite", prepared=with_widgets)
    blog.add_superuser()
    for title in ("By the sea", "Letters", "Seven lighthouses"):
        blog.add_post(title, author="root")
    panel = blog.panel("root")
    panel.post(f"{TAGS}new/", name="harbours")
    panel.delete(TAGS, 1)
    server = make_server("127.0.0.1", 0, blog.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
    with blog.app.app_context():
        blog.db.engine.dispose()


@pytest.fixture
def page(library: str, new_page: Callable[..., Any]) -> Iterator[Page]:
    """A superuser's browser; nothing that it did was unclean."""
    tab, log = new_page(base_url=library, viewport={"width": 1440, "height": 900})
    sign_in(tab, "root", PASSWORD)
    yield tab
    log.assert_clean()


def focused(page: Page) -> str:
    found = "(one) => one.getAttribute('aria-label') ?? one.textContent.trim()"
    return str(page.evaluate(f"({found})(document.activeElement)"))


def chosen(page: Page) -> str:
    """The option that a screen reader is on."""
    return str(
        page.evaluate(
            f"""() => {{
              const id = document.querySelector("{FIELD}").getAttribute("aria-activedescendant");
              const option = document.getElementById(id);
              return option.getAttribute("aria-selected") + " " + option.textContent.trim();
            }}"""
        )
    )


def adds(page: Page) -> Callable[[], int]:
    """How often “Add” is pressed from now on; it leads nowhere."""
    page.evaluate(
        """() => {
          window.presses = 0;
          document.querySelector("[data-new]").addEventListener("click", (event) => {
            event.preventDefault();
            window.presses += 1;
          });
        }"""
    )
    return lambda: int(page.evaluate("window.presses"))


def test_a_page_is_found_and_opened_by_keys_alone(page: Page) -> None:
    page.goto("/admin/")
    page.keyboard.press("Control+k")
    assert focused(page) == "Find a page or record"
    page.keyboard.type("tags")
    assert chosen(page).startswith("true Tags")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.url.endswith(TAGS)


def test_a_record_is_found_while_one_types(page: Page) -> None:
    page.goto("/admin/")
    page.keyboard.press("Control+k")
    page.keyboard.type("seven")
    page.locator("#palette [role=option]", has_text="Seven lighthouses").wait_for()
    assert page.locator("#palette [role=status]").inner_text() == "1 result"
    assert chosen(page) == "true Seven lighthouses"
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.url.endswith(f"{LIST}edit/?id=3")


def test_arrows_go_round_and_escape_gives_the_focus_back(page: Page) -> None:
    page.goto(LIST)
    page.locator(".rowlink").first.focus()
    before = focused(page)
    page.keyboard.press("Control+k")
    page.keyboard.type("post")
    page.locator("#palette [data-palette-note]").wait_for(state="hidden")
    assert chosen(page).startswith("true Posts")
    page.keyboard.press("ArrowDown")
    assert chosen(page).startswith("true Add post")
    page.keyboard.press("ArrowUp")
    assert chosen(page).startswith("true Posts")
    page.keyboard.press("ArrowUp")
    assert not chosen(page).startswith("true Posts")
    page.keyboard.press("Escape")
    assert not page.locator("#palette").is_visible()
    assert focused(page) == before


def test_nothing_found_is_said(page: Page) -> None:
    page.goto("/admin/")
    page.keyboard.press("Control+k")
    with page.expect_response("**/search/records/?q=zeppelin"):
        page.keyboard.type("zeppelin")
    page.get_by_text("Nothing found.").first.wait_for()
    assert page.locator("#palette [role=status]").inner_text() == "Nothing found."
    assert page.locator(FIELD).get_attribute("aria-expanded") == "false"


def test_the_button_opens_it_and_what_was_typed_is_gone(page: Page) -> None:
    page.goto("/admin/")
    page.get_by_role("button", name="Find a page or record").click()
    page.keyboard.type("tags")
    page.keyboard.press("Control+k")
    assert not page.locator("#palette").is_visible()
    page.get_by_role("button", name="Find a page or record").press("Space")
    assert page.locator(FIELD).input_value() == ""
    page.mouse.click(5, 5)
    assert not page.locator("#palette").is_visible()


def test_an_answer_that_does_not_come_is_said(page: Page) -> None:
    page.goto("/admin/")
    page.route("**/search/records/**", lambda route: route.fulfill(status=200, body="no JSON"))
    page.keyboard.press("Control+k")
    page.keyboard.type("seven")
    page.get_by_text("Records could not be looked through.").first.wait_for()


def test_without_script_the_button_leads_to_the_page(
    library: str, new_page: Callable[..., Any]
) -> None:
    page, log = new_page(base_url=library, java_script_enabled=False)
    sign_in(page, "root", PASSWORD)
    page.goto("/admin/")
    page.get_by_role("link", name="Find a page or record").click()
    page.get_by_role("searchbox").fill("lighthouses")
    page.get_by_role("button", name="Find", exact=True).click()
    page.get_by_role("link", name="Seven lighthouses").click()
    assert page.url.endswith(f"{LIST}edit/?id=3")
    log.assert_clean()


def test_a_list_is_walked_through_by_keys(page: Page) -> None:
    page.goto(LIST)
    page.keyboard.press("j")
    assert focused(page) == "By the sea"
    page.keyboard.press("j")
    page.keyboard.press("x")
    assert page.locator(".sel").nth(1).is_checked()
    page.keyboard.press("k")
    assert focused(page) == "By the sea"
    page.keyboard.press("/")
    page.keyboard.type("jnx")
    assert page.locator("[data-search]").input_value() == "jnx"
    page.locator(".rowlink").first.focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "/edit/?id=1" in page.url
    page.goto(LIST)
    with page.expect_navigation():
        page.keyboard.press("n")
    assert page.url.partition("?")[0].endswith(f"{LIST}new/")
    page.get_by_label("Title").fill("")
    with page.expect_navigation():
        page.keyboard.press("Control+s")


def test_single_keys_are_switched_off_for_good(page: Page) -> None:
    page.goto(LIST)
    page.keyboard.press("?")
    switch = page.get_by_role("switch", name="Single keys")
    assert page.locator("#keys").is_visible()
    assert switch.is_checked()
    switch.uncheck()
    page.keyboard.press("Escape")
    assert not page.locator("#keys").is_visible()
    page.goto(TAGS)
    presses = adds(page)
    page.keyboard.press("n")
    page.keyboard.press("?")
    assert presses() == 0
    assert not page.locator("#keys").is_visible()
    page.keyboard.press("Control+k")
    assert page.locator("#palette").is_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Keys").click()
    page.get_by_role("switch", name="Single keys").check()
    page.keyboard.press("Escape")
    page.goto(LIST)
    page.keyboard.press("j")
    assert focused(page) == "By the sea"


def test_letters_are_typed_and_do_nothing_else_in_the_palette(page: Page) -> None:
    page.goto(LIST)
    presses = adds(page)
    page.keyboard.press("Control+k")
    page.keyboard.press("n")
    page.get_by_role("button", name="Close").focus()
    page.keyboard.press("n")
    assert presses() == 0
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    assert presses() == 1


def test_everybody_can_use_them(page: Page) -> None:
    page.goto("/admin/")
    assert complaints_about(page, (390, 320)) == []
    page.locator("summary").first.click()
    assert complaints_about(page, (390, 320)) == []
    page.goto("/admin/search/?q=se")
    assert complaints_about(page, (390, 320)) == []
    page.goto("/admin/")
    page.keyboard.press("?")
    assert axe(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.keyboard.type("se")
    page.locator("#palette [data-palette-found]").first.wait_for()
    assert complaints_about(page, (390, 320)) == []


def test_a_phone_has_the_whole_of_it(library: str, new_page: Callable[..., Any]) -> None:
    page, log = new_page(
        base_url=library, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    sign_in(page, "root", PASSWORD)
    page.goto("/admin/")
    button = page.get_by_role("button", name="Find a page or record")
    box = button.bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= 44
    button.tap()
    page.locator(FIELD).fill("seven")
    page.locator("#palette [role=option]", has_text="Seven lighthouses").tap()
    page.wait_for_url("**/edit/?id=3")
    log.assert_clean()
