"""The words of the demo: twenty topics, fifty people, and the talk below any post.

A topic is a Markdown file with the parts ``posts`` (``title | first paragraph``), ``openings``,
``sections`` (each begins with ``###``), ``closings`` and ``comments``.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

HERE = files(__name__)


@dataclass(frozen=True)
class Person:
    """Somebody who writes here."""

    username: str
    first_name: str
    last_name: str
    location: str
    about_me: str

    @property
    def email(self) -> str:
        """An address that can never receive mail (RFC 2606)."""
        return f"{self.username}@tidewater.example"


@dataclass(frozen=True)
class Topic:
    """What can be said about one subject."""

    name: str
    tags: tuple[str, ...]
    posts: tuple[tuple[str, str], ...]
    openings: tuple[str, ...]
    sections: tuple[str, ...]
    closings: tuple[str, ...]
    comments: tuple[str, ...]


@cache
def people() -> tuple[Person, ...]:
    """The fifty."""
    return tuple(Person(*row) for row in _toml("people.toml")["people"])


@cache
def words() -> dict[str, Any]:
    """What the braces in a text may become, comments that fit anywhere, who writes about what."""
    return _toml("words.toml")


@cache
def topics() -> tuple[Topic, ...]:
    """The topics, by name."""
    found = (one for one in HERE.joinpath("topics").iterdir() if one.name.endswith(".md"))
    return tuple(
        _topic(one.name.removesuffix(".md"), one.read_text("utf-8"))
        for one in sorted(found, key=lambda one: one.name)
    )


def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads(HERE.joinpath(name).read_text("utf-8"))


def _topic(name: str, text: str) -> Topic:
    head, *parts = re.split(r"^# (posts|openings|sections|closings|comments)\n", text, flags=re.M)
    part = dict(zip(parts[::2], parts[1::2], strict=True))

    def lines(of: str) -> tuple[str, ...]:
        return tuple(line.strip() for line in part[of].splitlines() if line.strip())

    return Topic(
        name=name,
        tags=tuple(tag.strip() for tag in head.partition(":")[2].split(",")),
        posts=tuple(_pair(line) for line in lines("posts")),
        openings=lines("openings"),
        sections=tuple(
            f"## {section.strip()}"
            for section in re.split(r"^### ", part["sections"], flags=re.M)[1:]
        ),
        closings=lines("closings"),
        comments=lines("comments"),
    )


def _pair(line: str) -> tuple[str, str]:
    title, first_paragraph = line.split(" | ", 1)
    return title, first_paragraph
