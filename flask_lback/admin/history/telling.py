"""Entries of the audit log, ready for a page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...core.translation import gettext
from .. import words
from ..attributes import find
from ..columns import label_of
from .names import Names, mapped, relation_of, target_of
from .shown import Line, Shown, pair, shown
from .values import MASK
from .wording import sentence, source

if TYPE_CHECKING:
    from ..views.records import RecordView


@dataclass(frozen=True)
class Told:
    """One entry.

    :ivar who: the account that acted.
    :ivar for_whom: the account in whose name, when somebody else stood in its place.
    :ivar lines: what happened to each field.
    :ivar hidden: fields that the reader is not shown.
    :ivar is_folded: whether the fields wait for a click: they are all of a record's.
    """

    key: int
    what: str
    when: dt.datetime
    who: str
    for_whom: str
    sentence: str
    source: str
    lines: list[Line] = field(default_factory=list)
    hidden: int = 0
    is_folded: bool = False


class Teller:
    """Puts the entries of a page into words.

    :param may_see: names of fields that the reader is shown; None for every one.
    """

    def __init__(self, may_see: Collection[str] | None = None) -> None:
        self._may_see = may_see
        self._names = Names()

    def tell(
        self, entries: Iterable[Any], model: type[Any] | None, view: RecordView | None
    ) -> list[Told]:
        """The entries of records of one model, named with one statement for each relation.

        :param model: None for one that the application does not have any longer.
        :param view: its view in the panel, if it has one.
        """
        found, mapper = list(entries), mapped(model)
        for entry in found:
            self._want(entry, mapper)
        self._names.find()
        return [self._told(entry, mapper, view) for entry in found]

    def _want(self, entry: Any, mapper: Any) -> None:
        for name, values in (entry.details.get("changes") or {}).items():
            if (target := target_of(mapper, name)) is not None:
                for value in values:
                    self._names.want(target[1], value)
        for name, members in (entry.details.get("members") or {}).items():
            if (far := relation_of(mapper, name)) is not None:
                for key, kept in (*members.get("joined", ()), *members.get("left", ())):
                    if not kept:
                        self._names.want(far, key)

    def _told(self, entry: Any, mapper: Any, view: RecordView | None) -> Told:
        noun = (view.noun, view.nouns) if view is not None else _nouns(entry.target_kind)
        actions = view.actions if view is not None else {}
        name = str(entry.details.get("action", ""))
        label = actions[name].label if name in actions else words.label(name)
        lines, hidden = self._lines(entry, mapper)
        stands_in = entry.impersonator_name
        return Told(
            key=entry.id,
            what=entry.action,
            when=entry.happened_at,
            who=stands_in or entry.actor_name or gettext("Nobody"),
            for_whom=entry.actor_name if stands_in else "",
            sentence=sentence(entry, noun[0]),
            source=source(entry, label, noun),
            lines=lines,
            hidden=hidden,
            is_folded=entry.action != "admin.changed",
        )

    def _lines(self, entry: Any, mapper: Any) -> tuple[list[Line], int]:
        lines, hidden = [], 0
        what = entry.action.rpartition(".")[2]
        for name, values in (entry.details.get("changes") or {}).items():
            target = target_of(mapper, name)
            known_as = {name, target[0]} if target is not None else {name}
            if self._may_see is not None and not known_as.intersection(self._may_see):
                hidden += 1
            else:
                lines.append(self._line(mapper, name, target, values, what))
        for name, members in (entry.details.get("members") or {}).items():
            if self._may_see is not None and name not in self._may_see:
                hidden += 1
            else:
                lines.append(self._moved(mapper, name, members))
        return lines, hidden

    def _line(self, mapper: Any, name: str, target: Any, values: Any, what: str) -> Line:
        label = _label(mapper, target[0] if target is not None else name)
        if len(values) != 2:
            return Line(label, note=gettext("what the account held is deleted"))
        if MASK in values:
            return Line(label, note=gettext("secret, not kept"))
        old, new = values
        if target is not None:
            first, second = self._named(target[1], old), self._named(target[1], new)
        else:
            column = mapper.column_attrs[name].columns[0] if _has(mapper, name) else None
            first, second = pair(column, old, new)
        return Line(
            label,
            None if what == "added" else first,
            None if what == "deleted" else second,
        )

    def _named(self, model: type[Any], key: Any) -> Shown:
        return shown(None, key) if key is None else Shown(self._names.name(model, key))

    def _moved(self, mapper: Any, name: str, members: Any) -> Line:
        far = relation_of(mapper, name)

        def named(pairs: Any) -> list[str]:
            if far is None:
                return [str(kept or key) for key, kept in pairs]
            return [self._names.name(far, key, kept) for key, kept in pairs]

        more = members.get("more")
        return Line(
            _label(mapper, name),
            joined=named(members.get("joined", ())),
            left=named(members.get("left", ())),
            note=gettext("and %(n)s more", n=f"{more:,}") if more else "",
        )


def _has(mapper: Any, name: str) -> bool:
    return mapper is not None and name in mapper.column_attrs


def _label(mapper: Any, name: str) -> str:
    path = find(mapper.class_, name) if mapper is not None else None
    return label_of(path) if path is not None else words.label(name)


def _nouns(kind: str) -> tuple[str, str]:
    noun = words.spoken(kind.rpartition(".")[2]) or gettext("record")
    return noun, words.plural(noun)
