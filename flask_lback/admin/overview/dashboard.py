"""The first page of the panel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from flask import request
from flask_admin.base import expose

from ...auth.current import resolve
from ...core import clock
from ...core.translation import gettext
from ..access import PREFIX
from ..counting import spoken
from ..views.panel import PanelView
from . import recent, search
from .chart import MONTH, PERIODS
from .figures import Figures

if TYPE_CHECKING:
    from ..sites import Site


class DashboardView(PanelView):
    """Numbers, charts, what was changed and who came last, and everything that can be managed.

    However many models there are it costs seven statements at most, beside those of own widgets.
    """

    HANDLERS: ClassVar[dict[str, Any]] = {"index": (), "search_view": (), "found_view": ()}

    def __init__(self, site: Site) -> None:
        self.site = site
        super().__init__(name=gettext("Dashboard"), endpoint=PREFIX, url=site.prefix)

    @expose("/")
    def index(self) -> str:
        """The dashboard."""
        user = resolve()
        greeting = gettext("Hello, %(name)s", name=getattr(user, "first_name", "") or str(user))
        figures = Figures(self.site)
        overview = figures.overview()
        period = PERIODS.get(request.args.get("period", ""), MONTH)
        charts, changes = figures.charts(period), recent.changes(self.site)
        arrivals = recent.arrivals(self.site)
        # Last: a widget that fails takes the transaction with it.
        shown = self.site.board.show()
        return self.render(
            "lback/admin/dashboard.html",
            counts=overview.counts,
            greeting=greeting,
            today=clock.now().date(),
            overview=overview,
            charts=charts,
            period=period,
            periods=PERIODS.values(),
            changes=changes,
            arrivals=arrivals,
            failures_url=figures.failures_url(),
            changes_url=recent.log_of_changes(self.site),
            users_view=self.site.view_of(self.site.models.User),
            cards=[one for one in shown if one.kind == "card"],
            widgets=[one for one in shown if one.kind != "card"],
            models=self._models(overview.counts),
            adds=[view for view in self.site.visible() if view.may("add")][:2],
        )

    @expose("/search/")
    def search_view(self) -> str:
        """Pages and records that hold some words."""
        return search.show(self)

    @expose("/search/records/")
    def found_view(self) -> Any:
        """The same records for the script of the panel, as JSON."""
        return search.search(self.site).document()

    def _models(self, counts: dict[str, Any]) -> list[dict[str, Any]]:
        limit = self.site.settings.count_limit
        return [
            {
                "view": view,
                "count": spoken(counts[view.endpoint], limit),
                "group": view.group,
                "can_add": view.may("add"),
            }
            for view in self.site.visible()
        ]
