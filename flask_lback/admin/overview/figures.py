"""The numbers of the dashboard: what is counted, and which charts there are."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...core import clock
from ...core.translation import gettext
from ..attributes import find
from ..counting import spoken
from ..moments import midnight
from .chart import Drawn, Period, draw_both
from .days import Series, column_of, per_day

if TYPE_CHECKING:
    from ..sites import Site
    from ..views.records import RecordView

_MOST_CARDS, _MOST_CHARTS = 4, 3
_HERE, _UNVERIFIED, _FAILED = "here today", "not verified", "failed this hour"
_WEEK = "in the last week"
#: So many failed sign-ins in an hour are worth a word.
_MANY_FAILED = 10
_REFUSALS = ("auth.login", "auth.two_factor", "auth.passkey", "auth.magic_link", "auth.basic")


@dataclass(frozen=True)
class Figure:
    """A number of the first row."""

    title: str
    text: str
    note: str = ""
    url: str = ""


@dataclass(frozen=True)
class Overview:
    """What the dashboard says in numbers.

    :ivar counts: rows of every visible model, by endpoint.
    :ivar unverified: accounts that have not confirmed their address.
    :ivar failed: failed sign-ins of the last hour, when they are many.
    """

    counts: dict[str, Any]
    figures: list[Figure] = field(default_factory=list)
    unverified: int = 0
    failed: str = ""


class Figures:
    """Counts for the present account: nothing of a model that it may not view."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._today = clock.now().date()
        models = site.models
        self._users = _seen(site, models.User)
        self._log = _seen(site, models.AuditEntry)
        own = {models.User, models.Group, models.Permission, models.AuditEntry}
        visible = site.visible()
        self._content = [view for view in visible if view.model not in own]
        self._others = [view for view in visible if view.model in own - {models.User}]

    def overview(self) -> Overview:
        """Everything that is counted, with one statement for each database."""
        counts = self._site.count(self._extra())
        limit = self._site.settings.count_limit
        failed = counts.get(_FAILED, 0)
        return Overview(
            counts,
            self._figures(counts),
            counts.get(_UNVERIFIED, 0),
            spoken(failed, limit) if failed >= _MANY_FAILED else "",
        )

    def charts(self, period: Period) -> list[Drawn]:
        """Content, sign-ups and sign-ins, with one statement for each database."""
        series, facts = self._series()
        numbers = per_day(self._site.db, series, period.first(self._today), self._today)
        return [
            draw_both(title, numbers[name], self._today, kind=kind, url=url, period=period)
            for name, (title, kind, url) in facts.items()
        ]

    # --- cards --------------------------------------------------------------------------------

    def _extra(self) -> dict[str, tuple[type[Any], Any]]:
        """What is counted beside the rows of every model."""
        week = self._today - dt.timedelta(days=6)
        extra: dict[str, tuple[type[Any], Any]] = {}
        for view in self._content[:_MOST_CARDS]:
            if (path := column_of(view.options)) is not None:
                series = Series(view.model, view.listing.every(), path)
                extra[_week(view)] = (view.model, series.between(week, self._today))
        if self._users is not None:
            extra |= self._extra_of_users(self._users, week)
        if self._log is not None:
            kind: Any = self._log.model
            statement = self._log.listing.every().where(
                kind.action.in_(_REFUSALS),
                kind.outcome == "refused",
                kind.happened_at >= clock.now() - dt.timedelta(hours=1),
            )
            extra[_FAILED] = (kind, statement)
        return extra

    def _extra_of_users(self, view: RecordView, week: dt.date) -> dict[str, tuple[type[Any], Any]]:
        user: Any = view.model
        session: Any = self._site.models.UserSession
        every, here = view.listing.every(), session.last_seen_at >= midnight(self._today)
        here = here & session.impersonator_id.is_(None)
        extra = {
            _week(view): (user, every.where(user.date_joined >= midnight(week))),
            _HERE: (user, every.where(user.lback_sessions.any(here))),
        }
        if hasattr(user, "email_verified_at"):
            waiting = every.where(user.email_verified_at.is_(None), user.is_active)
            extra[_UNVERIFIED] = (user, waiting)
        return extra

    def _figures(self, counts: dict[str, Any]) -> list[Figure]:
        """What people write first, then the accounts."""
        limit = self._site.settings.count_limit
        found = [self._figure(view, counts) for view in self._content[:2]]
        if self._users is not None:
            url = self._users.get_url(".index_view")
            here = spoken(counts[_HERE], limit)
            found.append(Figure(gettext("Here today"), here, gettext("accounts signed in"), url))
            joined = gettext("%(n)s joined this week", n=spoken(counts[_week(self._users)], limit))
            found.append(self._figure(self._users, counts, joined))
        more = [*self._content[2:], *self._others]
        found += [self._figure(view, counts) for view in more]
        return found[:_MOST_CARDS]

    def _figure(self, view: RecordView, counts: dict[str, Any], note: str = "") -> Figure:
        limit = self._site.settings.count_limit
        new = counts.get(_week(view), 0)
        if not note and new:
            note = gettext("+%(n)s this week", n=spoken(new, limit))
        text = spoken(counts[view.endpoint], limit)
        return Figure(view.title, text, note, view.get_url(".index_view"))

    # --- charts -------------------------------------------------------------------------------

    def _series(self) -> tuple[dict[str, Series], dict[str, tuple[str, str, str]]]:
        """What is drawn: rows by a name, and title, kind and address by the same."""
        series: dict[str, Series] = {}
        facts: dict[str, tuple[str, str, str]] = {}

        def add(name: str, view: RecordView, statement: Any, column: str, fact: Any) -> None:
            path = find(view.model, column)
            if path is not None:
                series[name] = Series(view.model, statement, path)
                facts[name] = fact

        for view in self._charted():
            path = column_of(view.options)
            fact = (view.title, "", view.get_url(".index_view"))
            add(view.endpoint, view, view.listing.every(), path.name if path else "", fact)
        if (users := self._users) is not None:
            fact = (gettext("Sign-ups"), "", users.get_url(".index_view"))
            add("sign-ups", users, users.listing.every(), "date_joined", fact)
        if (log := self._log) is not None:
            kind: Any = log.model
            every = log.listing.every()
            done = every.where(kind.action == "auth.login", kind.outcome == "ok")
            here = log.get_url(".index_view", action="auth.login", outcome="ok")
            add("sign-ins", log, done, "happened_at", (gettext("Sign-ins"), "", here))
            refused = every.where(kind.action.in_(_REFUSALS), kind.outcome == "refused")
            url = self.failures_url()
            fact = (gettext("Failed sign-ins"), "bad", url)
            add("failures", log, refused, "happened_at", fact)
        return series, facts

    def failures_url(self) -> str:
        """Where failed sign-ins are listed; nothing for who may not read the log."""
        if self._log is None:
            return ""
        return self._log.get_url(".index_view", action="auth.login", outcome="refused")

    def _charted(self) -> list[RecordView]:
        """The models that name a column for it; else the first one of an application."""
        named = [view for view in self._content if view.options.chart_by]
        if named:
            return named[:_MOST_CHARTS]
        dated = [view for view in self._content if column_of(view.options) is not None]
        return dated[:1]


def _seen(site: Site, model: type[Any]) -> RecordView | None:
    """The view of a model, None when the present account may not see it."""
    view = site.view_of(model)
    return view if view is not None and view.is_accessible() else None


def _week(view: RecordView) -> str:
    return f"{view.endpoint} {_WEEK}"
