"""The pages of the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from flask_admin.base import expose
from flask_sqlalchemy import SQLAlchemy

from ...auth.models import Models
from ...core.state import current_state
from ...core.translation import gettext
from .. import words
from ..filters import Choice, TextFilter
from ..views.records import RecordView
from .kinds import Kinds
from .telling import Teller
from .wording import EVENTS

#: The handlers that change nothing.
_READING = ("index_view", "details_view", "export_view")
#: What the filters are called, as the columns of the list are.
_LABELS: Mapping[str, str] = {
    "action": gettext("Event"),
    "actor_name": gettext("By whom"),
    "target_kind": gettext("To what kind"),
    "happened_at": gettext("When"),
}
#: What an entry says beside what its page shows as differences.
_SHOWN_APART = ("changes", "members", "page", "action", "others")


class _WordFilter(TextFilter):
    """Some words to choose from, and any other that is typed."""

    offered: ClassVar[Mapping[str, str]] = {}

    def choices(self) -> list[Choice]:
        """The words."""
        return [Choice(value, label) for value, label in self.offered.items()]

    def shown(self, value: str) -> str | None:
        """The words of a choice, or the text."""
        return self.offered.get(value) or super().shown(value)

    def _test(self, attribute: Any, value: str) -> Any:
        return attribute == value if value in self.offered else super()._test(attribute, value)


class ActionFilter(_WordFilter):
    """What was done."""

    offered: ClassVar[Mapping[str, str]] = {
        name: words.heading(said) for name, said in EVENTS.items()
    }


class OutcomeFilter(_WordFilter):
    """How it ended."""

    is_typed = False
    offered: ClassVar[Mapping[str, str]] = {"ok": gettext("Done"), "refused": gettext("Refused")}

    def shown(self, value: str) -> str | None:
        """The words of a choice."""
        return self.offered.get(value)


class EntryView(RecordView):
    """The pages of the audit log: its list, and one for each entry."""

    def _refresh_cache(self) -> None:
        super()._refresh_cache()
        own: dict[str, Any] = {"action": ActionFilter, "outcome": OutcomeFilter}
        self.listing.filters = [
            own[one.path.name](one.path) if one.path.name in own else one
            for one in self.listing.filters
        ]
        for one in self.listing.filters:
            one.label = _LABELS.get(one.path.name, one.label)

    def needed(self, handler: str) -> tuple[str, ...] | None:
        """What reads, whatever a subclass of the ModelAdmin says; the rest is closed to all."""
        return super().needed(handler) if handler in _READING else None

    @expose("/details/")
    def details_view(self) -> Any:
        """Read an entry."""
        entry = self.requested()
        model = _model_of(entry)
        view = self.site.view_of(model) if model is not None else None
        [told] = Teller().tell([entry], model, view)
        return self.render(
            "lback/admin/entry.html",
            view=self,
            entry=entry,
            told=told,
            title=words.heading(told.sentence),
            noun=words.spoken(entry.target_kind.rpartition(".")[2]),
            facts=_facts(entry),
            links=self._links(entry, view),
        )

    def _links(self, entry: Any, view: RecordView | None) -> dict[str, str]:
        """The addresses of the record and of its history, as far as there are any."""
        links: dict[str, str] = {}
        if view is None or not entry.target_id or not view.needed("history_view"):
            return links
        if not (view.may("view") or view.may("change")):
            return links
        links["history"] = view.get_url(".history_view", id=entry.target_id)
        if view.get_one(entry.target_id) is not None and view.may("view"):
            links["record"] = view.get_url(".details_view", id=entry.target_id)
        return links


def _model_of(entry: Any) -> type[Any] | None:
    """The model that an entry speaks of, None when the application does not have it any longer."""
    state = current_state()
    return Kinds(state[SQLAlchemy], state[Models]).model(entry.target_kind)


def _facts(entry: Any) -> list[tuple[str, str]]:
    """The rest of the details, as text."""
    rest = {name: value for name, value in entry.details.items() if name not in _SHOWN_APART}
    return [(words.label(name), _text(value)) for name, value in rest.items()]


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} = {_text(one)}" for name, one in value.items())
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    return gettext("empty") if value is None else str(value)
