"""The columns of a file to import: what each name stands for."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa
from flask import request

from ...core.translation import gettext
from ..attributes import find
from ..secrets import is_secret_name
from ..views import record_form
from .fields import Field, default_names, exported, field, key_names

if TYPE_CHECKING:
    from ..views.records import RecordView


@dataclass(frozen=True)
class Heading:
    """One column.

    :ivar said: as the file has it.
    :ivar name: of the attribute.
    :ivar field: how the value of a record is read, None when nobody may read it there.
    """

    said: str
    name: str
    label: str
    field: Field | None
    is_key: bool


class Headings:
    """The columns that a model can be imported by."""

    def __init__(self, view: RecordView) -> None:
        self._view = view
        self._keys = key_names(view.model)
        self._form = record_form.empty(view, None)
        #: Label by name: the key, the fields of the form, then what can only be read.
        self.known = dict(self._known())

    def writable(self) -> list[str]:
        """What an empty file for this model has: the key, and the fields of a new record."""
        wanted = [name for name in self._form._fields if self._is_offered(name)]
        keys = self._keys if self._view.may("change") else []
        return [*keys, *(name for name in wanted if name not in keys)]

    def read(self, names: Sequence[str]) -> tuple[list[Heading], list[str]]:
        """What the names of a file stand for, and what is wrong with them."""
        found: list[Heading] = []
        problems = []
        for said in names:
            name = self._find(said)
            if name is None:
                problems.append(self._refused(said))
            elif any(one.name == name for one in found):
                problems.append(gettext("“%(name)s” stands there twice.", name=said))
            else:
                found.append(self._heading(said, name))
        return found, problems

    def _heading(self, said: str, name: str) -> Heading:
        is_read = name not in self._form.extra or hasattr(self._view.model, name)
        shown = field(self._view, name) if is_read else None
        return Heading(said, name, self.known[name], shown, name in self._keys)

    def _find(self, said: str) -> str | None:
        text = said.strip()
        name = text.replace("__", ".") if not text.startswith("__") else text
        if name in self.known:
            return name
        same = [one for one, label in self.known.items() if label.casefold() == text.casefold()]
        same = [one for one in same if one in self._form._fields] or same
        return same[0] if len(same) == 1 else None

    def _refused(self, said: str) -> str:
        name = said.strip()
        path = find(self._view.model, name)
        if is_secret_name(name) or (path is not None and path.is_secret):
            return gettext("“%(name)s” holds a secret: nobody can import it.", name=said)
        by_word = {label.casefold(): label for label in self.known.values()}
        by_word |= {one.casefold(): one for one in self.known}
        near = difflib.get_close_matches(name.casefold(), list(by_word), n=1)
        if near:
            return gettext(
                "“%(name)s” is no column. Did you mean “%(near)s”?",
                name=said,
                near=by_word[near[0]],
            )
        return gettext("“%(name)s” is no column of %(models)s.", name=said, models=self._view.nouns)

    def _known(self) -> Iterator[tuple[str, str]]:
        names = [
            *self._keys,
            *(name for name in self._form._fields if self._is_offered(name)),
            *default_names(self._view),
            *(one.name for one in exported(self._view, request)),
            *self._columns(),
        ]
        for name in dict.fromkeys(names):
            bound = self._form._fields.get(name)
            text = field(self._view, name).label if bound is None else str(bound.label.text)
            yield name, text

    def _columns(self) -> Iterator[str]:
        """What a record holds beside: such columns can be in a file as long as nothing differs."""
        for name in [*(self._view.form_columns or ()), *sa.inspect(self._view.model).attrs.keys()]:
            path = find(self._view.model, name)
            if path is not None and not path.is_secret and not name.startswith(("_", "lback_")):
                yield name

    def _is_offered(self, name: str) -> bool:
        path = find(self._view.model, name)
        if name == "csrf_token" or (path is not None and path.is_secret):
            return False
        return path is not None or not is_secret_name(name)
