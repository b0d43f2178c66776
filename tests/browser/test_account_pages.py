"""Every page of the accounts, in every state: accessible, quiet, and fit for a phone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from flask_lback.core.pages import PACKAGE
from tests.support.browser import complaints_about

from .furnished import Furnished, furnished
from .views import VIEWS, View

pytestmark = [pytest.mark.browser, pytest.mark.service]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Furnished]:
    """A site with every part on, and people in it."""
    with furnished(tmp_path_factory.mktemp("furnished")) as served:
        yield served


def test_no_page_is_left_out() -> None:
    folder = PACKAGE / "templates"
    layouts = {f"lback/auth/{name}.html" for name in ("base", "account_base", "address_base")}
    pages = {
        path.relative_to(folder).as_posix()
        for path in folder.glob("lback/auth/*.html")
        if not path.name.startswith("_")
    }
    assert pages - layouts == {view.template for view in VIEWS if "/auth/" in view.template}


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_everybody_can_use_the_page(
    site: Furnished, new_page: Callable[..., Any], view: View
) -> None:
    page, log = new_page(viewport={"width": 1280, "height": 900})
    view.open(site, page)
    assert site.shown[-1] == view.template
    assert complaints_about(page, (320, 360)) == []
    log.assert_clean()
