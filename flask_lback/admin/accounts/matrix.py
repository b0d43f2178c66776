"""Permissions as a matrix: models by actions, then the other rights by their names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from flask import current_app

from ...auth.models import Models
from ...core.state import current_state
from ...core.translation import gettext
from ...permissions.names import app_label
from ...permissions.sync import models_with_permissions
from .. import words
from ..relation_field import MOST_CHOSEN, Offer

#: The columns, in their order.
SHOWN = ("view", "add", "change", "delete", "export")


@dataclass(frozen=True)
class Box:
    """One permission.

    :ivar key: of its row in the database.
    :ivar name: such as ``blog.change_post``.
    :ivar short: what it is called in its row.
    :ivar label: what a screen reader calls it, such as “blog post: change”.
    :ivar is_locked: whether the present account does not hold it, and so leaves it as it is.
    """

    key: str
    name: str
    short: str
    label: str
    is_chosen: bool
    is_locked: bool


@dataclass
class Line:
    """The permissions of one model; those of an application as such are a line of their own."""

    title: str
    boxes: dict[str, Box] = field(default_factory=dict)
    others: list[Box] = field(default_factory=list)


@dataclass
class Section:
    """The models of one application."""

    title: str
    lines: dict[str, Line] = field(default_factory=dict)


@dataclass
class Matrix:
    """What the page draws.

    :ivar actions: the columns with their headings.
    """

    actions: list[tuple[str, str]]
    sections: list[Section]

    @property
    def boxes(self) -> list[Box]:
        """Every permission."""
        lines = [line for one in self.sections for line in one.lines.values()]
        return [box for line in lines for box in (*line.boxes.values(), *line.others)]

    @property
    def has_locked(self) -> bool:
        """Whether the present account must leave any of them as they are."""
        return any(box.is_locked for box in self.boxes)

    @property
    def has_others(self) -> bool:
        """Whether any stands outside of the columns."""
        return any(line.others for one in self.sections for line in one.lines.values())


def show_as_matrix(relation: Any) -> None:
    """Draw a relation to permissions as a matrix; what is written stays the relation's business.

    There are as many permissions as the code declares: all of them are listed.
    """
    relation.offer = Offer(relation.target, MOST_CHOSEN)
    relation.matrix = partial(_matrix, relation)


def _matrix(relation: Any) -> Matrix:
    place, sections = _places(), dict[str, Section]()
    for key, name, is_chosen, is_locked in sorted(relation.options(), key=lambda one: str(one[1])):
        app, model, action = place(name)
        section = sections.setdefault(app, Section(words.label(app) or gettext("Other")))
        title = words.heading(words.plural(model)) if model else gettext("Other rights")
        line = section.lines.setdefault(model, Line(title))
        is_column = bool(model) and action in SHOWN
        short = action if is_column else name.partition(".")[2] or name
        label = f"{model or app}: {short}"
        box = Box(key, name, short, label, is_chosen, is_locked)
        if is_column:
            line.boxes[action] = box
        else:
            line.others.append(box)
    for section in sections.values():
        section.lines = dict(sorted(section.lines.items(), key=lambda item: (not item[0], item[0])))
    return Matrix(_headings(), sorted(sections.values(), key=lambda one: one.title))


def _places() -> Callable[[str], tuple[str, str, str]]:
    """A function that takes a permission and gives its application, its model and its action.

    The model is a name in words, "" for a right of the application as such.
    """
    app: Any = current_app
    models: dict[str, dict[str, str]] = {}
    own = [kind for kind in vars(current_state()[Models]).values() if isinstance(kind, type)]
    for model in {*models_with_permissions(app), *own}:
        known = models.setdefault(app_label(model), {})
        known[model.__name__.lower()] = words.spoken(model.__name__)

    def place(name: str) -> tuple[str, str, str]:
        label, _, what = name.partition(".")
        known = models.get(label, {})
        for model in sorted(known, key=len, reverse=True):
            action = what.removesuffix(f"_{model}")
            if action and action != what:
                return label, known[model], action
        action, _, model = what.partition("_")
        if action in SHOWN and model:  # of a model that the code has no longer, or another app's
            return label, model.replace("_", " "), action
        return label, "", what

    return place


def _headings() -> list[tuple[str, str]]:
    spoken = {
        "view": gettext("View"),
        "add": gettext("Add"),
        "change": gettext("Change"),
        "delete": gettext("Delete"),
        "export": gettext("Export"),
    }
    return [(action, spoken[action]) for action in SHOWN]
