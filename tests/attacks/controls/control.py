"""What a control is, and how it is switched off."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple


class Edit(NamedTuple):
    """Lines of a file of the package, and what they become.

    :ivar file: below ``flask_lback``.
    :ivar lines: what it holds exactly once; short, so that it seldom has to follow the source.
    :ivar without: what stands there instead; nothing when it is left out.
    """

    file: str
    lines: str
    without: str = ""


@dataclass(frozen=True)
class Control:
    """Some lines that refuse something.

    :ivar name: what they do, in words.
    :ivar cases: the attacks that succeed without them.
    :ivar edits: how they are switched off; several, where one guard stands behind another.
    """

    name: str
    cases: tuple[str, ...]
    edits: tuple[Edit, ...]


class OutdatedControlError(Exception):
    """The source has changed: the lines of a control are not there exactly once."""


def edited(control: Control, tree: Path) -> dict[Path, str]:
    """The files that the control is in, as they are without it.

    :param tree: the folder that holds ``flask_lback``.
    :raises OutdatedControlError: its lines are not there exactly once.
    """
    texts: dict[Path, str] = {}
    for file, lines, without in control.edits:
        path = tree / "flask_lback" / file
        text = texts.get(path) or path.read_text("utf-8")
        if text.count(lines) != 1:
            raise OutdatedControlError(
                f"{control.name}: {file} holds {text.count(lines)} times: {lines!r}"
            )
        texts[path] = text.replace(lines, without)
    return texts


@contextmanager
def switched_off(control: Control, tree: Path) -> Iterator[None]:
    """Leave the control out of a copy of the package for a while.

    :raises OutdatedControlError: as :func:`edited`.
    """
    texts = edited(control, tree)
    before = {path: path.read_text("utf-8") for path in texts}
    try:
        for path, text in texts.items():
            path.write_text(text, "utf-8")
        yield
    finally:
        for path, text in before.items():
            path.write_text(text, "utf-8")
