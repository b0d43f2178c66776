"""Find records of every model at once.

Each model is searched as its list is: by its ``search_fields``, among the rows that the present
account reaches. It costs one statement for each model, of :data:`MOST_MODELS` at most; lists that
show relations to many load those with one more each.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from flask import request
from werkzeug.datastructures import MultiDict

from ..keys import encode
from ..scope import permits
from . import pages
from .recent import address

if TYPE_CHECKING:
    from ..sites import Site
    from ..views.records import RecordView

#: So many models are searched, and so many records of each are told.
MOST_MODELS, MOST_FOUND = 8, 5
#: A shorter text is in nearly every record.
SHORTEST = 2


@dataclass(frozen=True)
class Hit:
    """One record."""

    name: str
    url: str


@dataclass(frozen=True)
class Group:
    """The records of one model.

    :ivar more: the list with every record that matches, when these are not all.
    """

    title: str
    icon: str
    hits: list[Hit]
    more: str = ""


@dataclass(frozen=True)
class Answer:
    """What was found.

    :ivar left_out: title and address of the lists of models that were not searched.
    """

    question: str
    groups: list[Group] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)

    @property
    def is_too_short(self) -> bool:
        """Whether no record was looked for."""
        return 0 < len(self.question) < SHORTEST

    def document(self) -> dict[str, Any]:
        """The answer as JSON has it."""
        return {
            "question": self.question,
            "groups": [
                {
                    "title": group.title,
                    "icon": group.icon,
                    "hits": [{"name": hit.name, "url": hit.url} for hit in group.hits],
                    "more": group.more,
                }
                for group in self.groups
            ],
            "left_out": [{"title": title, "url": url} for title, url in self.left_out],
        }


def search(site: Site) -> Answer:
    """The records that hold the words of ``?q=``."""
    question = request.args.get("q", "").replace("\x00", "").strip()
    answer = Answer(question[:200])
    if len(answer.question) < SHORTEST:
        return answer
    searched = [
        view
        for view in site.visible()
        # The log grows without end, and what it tells of stands elsewhere.
        if view.listing.searches and view.model is not site.models.AuditEntry
    ]
    for view in searched[:MOST_MODELS]:
        if (group := _group(site, view, answer.question)) is not None:
            answer.groups.append(group)
    answer.left_out.extend(
        (view.title, view.get_url(".index_view", q=answer.question))
        for view in searched[MOST_MODELS:]
    )
    return answer


def show(view: Any) -> str:
    """The page of the search, for people without script too."""
    answer = search(view.site)
    found = pages.pages(view.site)
    drawn: str = view.render(
        "lback/admin/search.html",
        answer=answer,
        pages=pages.matching(found, answer.question),
        shortest=SHORTEST,
    )
    return drawn


def _group(site: Site, view: RecordView, question: str) -> Group | None:
    query = replace(view.listing.read(MultiDict({"q": question})), size=MOST_FOUND + 1)
    rows = view.listing.page(site.db, query, 0).rows
    hits = [
        Hit(str(row), address(view, encode(row)))
        for row in rows[:MOST_FOUND]
        if permits(view.options, "view", row)
    ]
    if not hits:
        return None
    more = view.get_url(".index_view", q=question) if len(rows) > MOST_FOUND else ""
    return Group(view.title, view.icon, hits, more)
