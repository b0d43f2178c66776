"""What models and columns are called on the pages."""

from __future__ import annotations

import re
from typing import Any

from ..core.translation import gettext

#: Icons by a word in the name of a model.
_ICONS = {
    "user": "users",
    "account": "users",
    "group": "shield",
    "role": "shield",
    "permission": "key",
    "token": "key",  # nosec B105 - a heading
    "key": "key",
    "session": "laptop",
    "device": "laptop",
    "comment": "chat",
    "message": "chat",
    "mail": "mail",
    "tag": "tag",
    "category": "tag",
    "post": "post",
    "article": "post",
    "page": "post",
    "like": "heart",
    "event": "clock",
    "log": "clock",
}
_STATES = {
    "ok": {"active", "approved", "confirmed", "done", "live", "open", "paid", "published", "sent"},
    "warn": {"flagged", "hidden", "pending", "review", "unpublished", "waiting"},
    "info": {"new", "planned", "scheduled"},
    "danger": {"blocked", "failed", "overdue", "refused", "rejected", "spam"},
}


def spoken(name: str) -> str:
    """A class name in words: ``BlogPost`` is a blog post."""
    if name == "UserSession":
        return "session"
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name).lower()


def plural(word: str) -> str:
    """More than one of it, by the rules of English."""
    if re.search(r"[^aeiou]y$", word):
        return word[:-1] + "ies"
    return word + ("es" if re.search(r"(s|x|z|ch|sh)$", word) else "s")


def heading(text: str) -> str:
    """The text with a capital first letter; the others stay."""
    return text[:1].upper() + text[1:]


def label(name: str) -> str:
    """A column in words: ``is_active`` is Active, ``last_seen_at`` is Last seen."""
    words = name.replace("__", ".").replace(".", " ").replace("_", " ").strip().split()
    if len(words) > 1 and words[0] in ("is", "has"):
        words = words[1:]
    if len(words) > 1 and words[-1] == "at":
        words = words[:-1]
    return heading(" ".join(words))


def month(number: int) -> str:
    """The short name of a month, from 1."""
    return (
        gettext("Jan"),
        gettext("Feb"),
        gettext("Mar"),
        gettext("Apr"),
        gettext("May"),
        gettext("Jun"),
        gettext("Jul"),
        gettext("Aug"),
        gettext("Sep"),
        gettext("Oct"),
        gettext("Nov"),
        gettext("Dec"),
    )[number - 1]


def enumerated(kind: Any) -> dict[str, Any]:
    """The words of an Enum column, and what stands for each in Python.

    They are the names of the members, or what ``values_callable`` makes of the class.
    """
    kind = getattr(kind, "impl", kind)
    if kind.enum_class is None:
        return {word: word for word in kind.enums}
    return dict(zip(kind.enums, kind.enum_class.__members__.values(), strict=False))


def icon(model: type[Any]) -> str:
    """An icon that suits a model."""
    words = spoken(model.__name__).split()
    return next((_ICONS[word] for word in reversed(words) if word in _ICONS), "list")


def state_kind(word: str) -> str:
    """The colour of a state, by its word; none when nobody can tell."""
    lowered = word.lower()
    return next((kind for kind, words in _STATES.items() if lowered in words), "")
