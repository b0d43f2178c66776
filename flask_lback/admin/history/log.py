"""The audit log in the panel: to read, and nothing else."""

from __future__ import annotations

from typing import Any, ClassVar

from ...core.translation import gettext
from .. import words
from ..cells import Cell, number
from ..options import ModelAdmin, display
from .wording import event, moment


class AuditEntryAdmin(ModelAdmin):
    """What was done, by whom and to what."""

    list_display = ("event", "target", "actor", "result", "when")
    list_filter = ("action", "outcome", "actor_name", "target_kind", "happened_at")
    search_fields = (
        "target_name",
        "actor_name",
        "impersonator_name",
        "=target_id",
        "action",
        "ip_address",
    )
    without: ClassVar[frozenset[str]] = frozenset({"add", "change", "delete"})
    view_class: ClassVar[str] = "flask_lback.admin.history.log_view.EntryView"
    verbose_name = gettext("audit entry")
    verbose_name_plural = gettext("audit entries")
    icon = "clock"

    @display(description=gettext("Event"), ordering="action")
    def event(self, entry: Any) -> str:
        """What was done, in words."""
        return words.heading(event(entry.action))

    @display(description=gettext("To what"), ordering="target_name")
    def target(self, entry: Any) -> str:
        """What it was done to."""
        noun = words.spoken(entry.target_kind.rpartition(".")[2])
        if rows := entry.details.get("rows"):
            return f"{number(rows)} {noun if rows == 1 else words.plural(noun)}"
        return f"{noun} {entry.target_name or entry.target_id}".strip()

    @display(description=gettext("By whom"), ordering="actor_name")
    def actor(self, entry: Any) -> Cell:
        """Who did it, and in whose name."""
        if entry.impersonator_name:
            names = {"name": entry.impersonator_name, "other": entry.actor_name}
            return Cell("text", gettext("%(name)s as %(other)s", **names))
        if not entry.actor_name:
            return Cell("none", self.empty_value_display)
        return Cell("person", entry.actor_name)

    @display(description=gettext("Outcome"), ordering="outcome")
    def result(self, entry: Any) -> Cell:
        """Whether it was done or refused."""
        if entry.outcome == "ok":
            return Cell("badge", gettext("Done"), badge="ok")
        return Cell("badge", gettext("Refused"), badge="danger")

    @display(description=gettext("When"), ordering="happened_at")
    def when(self, entry: Any) -> str:
        """The moment, to the minute."""
        return moment(entry.happened_at)
