"""The table of the documentation that says who may open which route, as the tests compare it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from tests.support.services import ROOT

PAGE = ROOT / "docs" / "reference" / "access.md"
REST = "<any other>"
#: What the columns are called that name addresses.
_BELOW, _ROUTE = "below `/admin/<app>/<model>/`", "route"


@dataclass(frozen=True)
class Row:
    """What the table says of some methods of a route.

    :ivar opened_by: words and names of permissions; of several, one is enough. Two that are wanted
        together are one.
    """

    route: str
    methods: frozenset[str]
    opened_by: frozenset[str]
    unconfirmed: bool = False

    def of_app(self, app: str) -> Row:
        """The same with the name of an application in place of ``<app>``."""
        names = frozenset(name.replace("<app>", app) for name in self.opened_by)
        return replace(self, route=self.route.replace("<app>", app), opened_by=names)


@dataclass
class Table:
    """Everything that the page says.

    :ivar accounts: pages and JSON of the accounts, and files.
    :ivar panel: single routes of the panel.
    :ivar model: what the pages of any model share, by the end of their addresses.
    """

    accounts: list[Row] = field(default_factory=list)
    panel: list[Row] = field(default_factory=list)
    model: list[Row] = field(default_factory=list)

    def of_account(self, route: str, method: str) -> Row | None:
        """What it says of a route of the accounts."""
        return _one(self.accounts, route, method)

    def of_panel(self, route: str, method: str, app: str) -> Row | None:
        """What it says of a route of the panel; the most exact line counts.

        :param app: which of the panel's applications the accounts belong to.
        """
        panel = [row.of_app(app) for row in self.panel]
        rest = re.sub(r"[^/]*/$", REST, route)
        model = re.match(r"/admin/(\w+)/(\w+)/(.*)$", route)
        found = _one(panel, route, method) or _one(panel, rest, method)
        if found is not None or model is None:
            return found
        row = _one(self.model, model[3], method)
        names = {f"{model[1]}.{one}_{model[2]}" for one in row.opened_by} if row else set()
        return row and Row(route, row.methods, frozenset(names))


def _one(rows: Iterable[Row], route: str, method: str) -> Row | None:
    return next((row for row in rows if row.route == route and method in row.methods), None)


def table() -> Table:
    """The page as it is."""
    found = Table()
    for heading, cells in _lines(PAGE.read_text("utf-8")):
        route, methods, opened_by = cells[0], frozenset(cells[1].split(", ")), _words(cells[2])
        if heading[0] == _BELOW:
            found.model.append(Row(route, methods, opened_by))
        elif heading[0] == _ROUTE and len(cells) == 4:
            found.accounts.append(Row(route, methods, opened_by, cells[3] == "yes"))
        elif heading[0] == _ROUTE:
            found.panel.append(Row(route, methods, opened_by))
    return found


def _words(cell: str) -> frozenset[str]:
    """The names in backticks, those that are wanted together as one; or the word without them."""
    said = (" and ".join(re.findall(r"`([^`]+)`", part)) for part in re.split(", | or ", cell))
    return frozenset(filter(None, said)) or frozenset([cell])


def _lines(text: str) -> Iterator[tuple[list[str], list[str]]]:
    """Each line of each table, with the heads of its columns."""
    heads: list[str] = []
    for line in text.splitlines():
        if not line.startswith("|"):
            heads = []
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not heads:
            heads = cells
        elif not set(line) <= set("|-"):
            yield heads, [cells[0].strip("`"), *cells[1:]]


def route_of(rule: str) -> str:
    """A rule as the page writes it, without the kinds of its parts."""
    return re.sub(r"<(?:[^:<>]*:)?(\w+)>", r"<\1>", rule)
