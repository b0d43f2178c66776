"""The samples of a page: fenced blocks, and what HTML comments say about them.

What a reader sees decides what runs, as far as possible:

- a block whose first line is a comment with a path (``# app.py``, ``// x.js``,
  ``{# templates/x.html #}``) is that file; ``# app.py, continued`` is added to its end;
- ``console`` blocks hold commands after ``$``, and the output of those that show one;
- ``python`` and ``pycon`` blocks run one after another in one process;
- an ``http`` block is a request, and the one after it the response.

A comment before a block changes that: ``<!-- not run: reason -->``, ``<!-- typed: a | b -->`` (what
the reader types at the prompts), ``<!-- status: 1 -->``. A comment that starts with a language is a
block that readers do not see: it does what the words around it tell them to do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

#: Languages that must run; others are shown only, unless they are a file.
RUN = ("console", "python", "pycon", "http")

_FENCE = re.compile(r"^(?P<ticks>`{3,})(?P<language>\S*)\s*$")
_NOTE = re.compile(r"^<!--\s*(?P<name>not run|typed|status):\s*(?P<value>.*?)\s*-->$")
_HIDDEN = re.compile(r"^<!-- (?P<language>python|console|http)$")
_PATH = re.compile(
    r"^(?:#|//|\{#)\s+(?P<path>(?:[\w-]+/)*[\w.-]*\.[a-z]+)(?P<more>, continued)?(?:\s+#\})?$"
)


@dataclass(frozen=True)
class Sample:
    """One block of a page.

    :ivar line: of its first line of content, counted from 1.
    :ivar notes: what the comment before it says.
    """

    page: Path
    line: int
    language: str
    text: str
    notes: dict[str, str] = field(default_factory=dict)

    @property
    def where(self) -> str:
        return f"{self.page.name}:{self.line}"

    @property
    def file(self) -> tuple[str, bool] | None:
        """The path of the file that this is, and whether it is added to its end."""
        found = _PATH.match(self.text.partition("\n")[0])
        return (found["path"], bool(found["more"])) if found else None

    @property
    def reason_not_run(self) -> str | None:
        return self.notes.get("not run")


def samples_of(page: Path) -> list[Sample]:
    """Every block of a page, in order, hidden ones too."""
    return list(_read(page, page.read_text("utf-8").splitlines()))


def _read(page: Path, lines: list[str]) -> Iterator[Sample]:
    notes: dict[str, str] = {}
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if fence := _FENCE.match(line):
            end = lines.index(fence["ticks"], at)
            yield Sample(page, at + 1, fence["language"], _joined(lines[at:end]), notes)
            notes, at = {}, end + 1
        elif hidden := _HIDDEN.match(line):
            end = lines.index("-->", at)
            yield Sample(page, at + 1, hidden["language"], _joined(lines[at:end]), notes)
            notes, at = {}, end + 1
        elif note := _NOTE.match(line):
            notes = {**notes, note["name"]: note["value"]}
        elif line.strip():
            notes = {}


def _joined(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


@dataclass(frozen=True)
class Command:
    """One command of a ``console`` block, and the output that the page shows."""

    line: str
    output: str


def commands_of(sample: Sample) -> list[Command]:
    """The commands of a ``console`` block; a backslash at the end joins lines."""
    found: list[tuple[str, list[str]]] = []
    going_on = False
    for line in sample.text.splitlines():
        if going_on:
            command, output = found.pop()
            found.append((f"{command} {line.strip()}", output))
        elif line.startswith("$ "):
            found.append((line[2:], []))
        elif not found:
            raise ValueError(f"{sample.where}: a console block starts with a command")
        else:
            found[-1][1].append(line)
            continue
        going_on = found[-1][0].endswith("\\")
        if going_on:
            found[-1] = (found[-1][0].rstrip("\\ "), found[-1][1])
    return [Command(command, "\n".join(output).strip()) for command, output in found]
