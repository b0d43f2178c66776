"""The first page of the panel."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, ClassVar

import sqlalchemy as sa
from flask_admin.base import expose

from ...auth.current import resolve
from ...core import clock
from ...core.translation import gettext
from ..access import PREFIX
from ..chart import Chart, draw
from ..counting import spoken
from .panel import PanelView

if TYPE_CHECKING:
    from ..site import Site

_DAYS, _DAYS_ON_PHONE = 28, 14
_MOST_RECENT = 6
_MOST_CARDS = 4
_WEEK = "joined this week"
_SIGNED_IN = "signed in today"
_UNVERIFIED = "not verified"


class DashboardView(PanelView):
    """Counts, sign-ups per day, who came last, and everything that can be managed."""

    HANDLERS: ClassVar[dict[str, Any]] = {"index": ()}

    def __init__(self, site: Site) -> None:
        self.site = site
        super().__init__(name=gettext("Dashboard"), endpoint=PREFIX, url=site.prefix)

    @expose("/")
    def index(self) -> str:
        """The dashboard, in a handful of statements however many models there are."""
        users = self.site.view_of(self.site.models.User)
        sees_users = users is not None and users.is_accessible()
        counts = self.site.count(self._extra() if sees_users else None)
        user = resolve()
        return self.render(
            "lback/admin/dashboard.html",
            counts=counts,
            greeting=gettext("Hello, %(name)s", name=getattr(user, "first_name", "") or str(user)),
            today=clock.now().date(),
            cards=self._cards(counts, sees_users),
            charts=self._charts() if sees_users else None,
            recent=self._recent() if sees_users else None,
            users_view=users,
            unverified=counts.get(_UNVERIFIED, 0),
            models=self._models(counts),
            adds=[view for view in self.site.visible() if view.may("add")][:2],
        )

    def _extra(self) -> dict[str, tuple[type[Any], sa.Select[Any]]]:
        """What is counted of accounts beside their number."""
        user: Any = self.site.models.User
        session: Any = self.site.models.UserSession
        now = clock.now()
        week = now - dt.timedelta(days=7)
        seen = session.last_seen_at >= _midnight(now)
        extra = {
            _WEEK: (user, sa.select(user).where(user.date_joined >= week)),
            _SIGNED_IN: (user, sa.select(user).where(user.lback_sessions.any(seen))),
        }
        if hasattr(user, "email_verified_at"):
            waiting = sa.select(user).where(user.email_verified_at.is_(None), user.is_active)
            extra[_UNVERIFIED] = (user, waiting)
        return extra

    def _cards(self, counts: dict[str, int], sees_users: bool) -> list[dict[str, str]]:
        limit = self.site.settings.count_limit
        user = self.site.models.User
        cards = []
        for view in self.site.visible():
            note = ""
            if view.model is user and sees_users:
                note = gettext("%(n)s joined this week", n=spoken(counts[_WEEK], limit))
            cards.append(
                {"title": view.title, "value": spoken(counts[view.endpoint], limit), "note": note}
            )
        # Accounts come last in the sidebar, and first here.
        cards.sort(key=lambda card: not card["note"])
        if sees_users:
            seen = {"title": gettext("Here today"), "value": spoken(counts[_SIGNED_IN], limit)}
            cards.insert(1, {**seen, "note": gettext("accounts signed in")})
        return cards[:_MOST_CARDS]

    def _charts(self) -> tuple[Chart, Chart]:
        """Sign-ups per day, long and short."""
        user: Any = self.site.models.User
        today = clock.now().date()
        first = _midnight(clock.now()) - dt.timedelta(days=_DAYS - 1)
        day = sa.func.date(user.date_joined)
        statement = sa.select(day, sa.func.count()).where(user.date_joined >= first).group_by(day)
        rows = self.site.db.session.execute(statement, bind_arguments={"mapper": sa.inspect(user)})
        values = {dt.date.fromisoformat(str(found)[:10]): number for found, number in rows}
        return draw(values, today, _DAYS), draw(values, today, _DAYS_ON_PHONE)

    def _recent(self) -> list[dict[str, Any]]:
        """The last sign-ups and sign-ins, newest first."""
        user: Any = self.site.models.User
        session: Any = self.site.models.UserSession
        db = self.site.db
        joined = sa.select(user).order_by(user.date_joined.desc()).limit(_MOST_RECENT)
        came = (
            sa.select(session, user)
            .join(user, session.owner)
            .order_by(session.id.desc())
            .limit(_MOST_RECENT)
        )
        events = [
            {"user": one, "when": one.date_joined, "what": gettext("joined")}
            for one in db.session.scalars(joined)
        ]
        events += [
            {"user": one, "when": login.created_at, "what": gettext("signed in")}
            for login, one in db.session.execute(came)
        ]
        events.sort(key=lambda event: event["when"], reverse=True)
        return events[:_MOST_RECENT]

    def _models(self, counts: dict[str, int]) -> list[dict[str, Any]]:
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


def _midnight(moment: dt.datetime) -> dt.datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)
