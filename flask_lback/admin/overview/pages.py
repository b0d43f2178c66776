"""The pages that a person can go to by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import request

from ...core.pages import url_or_none
from ...core.translation import gettext

if TYPE_CHECKING:
    from ..sites import Site


@dataclass(frozen=True)
class Page:
    """One page.

    :ivar note: where it belongs.
    """

    label: str
    note: str
    icon: str
    url: str

    @property
    def words(self) -> str:
        """What it is found by."""
        return f"{self.label} {self.note}".lower()


def pages(site: Site) -> list[Page]:
    """Those of the panel that the present account may open, its own ones, and the site.

    Every page of the panel has this list, so addresses are put together: working each of them out
    took a tenth of the page.
    """
    root, views = request.root_path, site.visible()
    found = [Page(gettext("Dashboard"), site.title, "home", f"{root}{site.prefix}/")]
    found += [Page(one.title, one.group, one.icon, f"{root}{one.url}/") for one in views]
    found += [
        Page(gettext("Add %(model)s", model=one.noun), one.group, "plus", f"{root}{one.url}/new/")
        for one in views
        if one.may("add")
    ]
    if account := url_or_none("lback_auth.account"):
        found.append(Page(gettext("Your account"), "", "user", account))
    found.append(Page(gettext("View site"), "", "out", f"{root}/"))
    return found


def matching(found: list[Page], question: str) -> list[Page]:
    """The pages whose names hold every word."""
    words = question.lower().split()
    return [page for page in found if words and all(word in page.words for word in words)]
