"""A file that somebody sends, as lines of cells: CSV, a JSON array, or JSON lines."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...core.translation import gettext
from ...exceptions import LbackError
from ..cells import number
from . import values

#: What stands between the cells of a CSV file.
_DELIMITERS = ",;\t"
#: Longer cells are refused.
_LONGEST_CELL = 1_000_000
#: More columns are refused before they are looked at.
_MOST_COLUMNS = 500
#: What other programs put first, and how they call it.
_OTHERS = ((b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"), (b"PK\x03\x04", "XLSX"))


class FileRefused(LbackError):
    """A file that cannot be read; the message is for the person who sent it."""


@dataclass
class Line:
    """One row of a file.

    :ivar number: where it stands: a row of the sheet, a line, or a place in the array.
    :ivar cells: by name of the column; what a document leaves out is not there.
    :ivar problem: what is wrong with the row as such.
    """

    number: int
    cells: dict[str, Any] = field(default_factory=dict)
    problem: str = ""


@dataclass
class Table:
    """A file.

    :ivar names: of its columns, in order.
    :ivar is_text: whether all its cells are texts, as in CSV.
    """

    names: list[str]
    lines: list[Line]
    is_text: bool


def read(content: bytes, most: int) -> Table:
    """Read a file.

    :param most: rows that it may have.
    :raises FileRefused: says what is wrong with it, and what to do.
    """
    text = _decoded(content)
    if not text.strip():
        raise FileRefused(gettext("The file is empty."))
    is_json = text.lstrip()[0] in "[{"
    table = _documents(text, most) if is_json else _sheet(text, most)
    if not table.lines:
        raise FileRefused(gettext("The file has no rows."))
    return table


def _decoded(content: bytes) -> str:
    for sign, name in _OTHERS:
        if content.startswith(sign):
            raise FileRefused(
                gettext("This is %(kind)s. Save it as “CSV UTF-8”, and send that file.", kind=name)
            )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise FileRefused(
            gettext("The file is not in UTF-8: see line %(n)s. Save it as “CSV UTF-8”.", n=line)
        ) from error
    if "\x00" in text:
        raise FileRefused(gettext("This is no text file. Send CSV or JSON."))
    return text


# --- CSV ------------------------------------------------------------------------------------------


def _sheet(text: str, most: int) -> Table:
    rows = _rows(text)
    names = [name.strip() for name in next(rows, (0, []))[1]]
    while names and not names[-1]:
        names.pop()
    names = [values.unguarded(name) for name in names]
    _check(names)
    lines: list[Line] = []
    for at, cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        _refuse_many(len(lines), most)
        lines.append(_line(at, names, cells))
    return Table(names, lines, is_text=True)


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    at = 0
    while True:
        at += 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise FileRefused(
                gettext("Row %(n)s cannot be read: %(why)s.", n=at, why=str(error))
            ) from error
        if cells is None:
            return
        if any(len(cell) > _LONGEST_CELL for cell in cells):
            raise FileRefused(gettext("Row %(n)s has a cell that is too long.", n=at))
        yield at, cells


def _delimiter(text: str) -> str:
    """The one that the first line has most of, outside of quotes."""
    first = io.StringIO(text).readline()
    bare = "".join(first.split('"')[::2])
    return max(_DELIMITERS, key=bare.count)


def _line(at: int, names: list[str], cells: list[str]) -> Line:
    extra = [cell for cell in cells[len(names) :] if cell.strip()]
    if extra or len(cells) < len(names):
        said = gettext(
            "This row has %(n)s cells, the first one has %(m)s.", n=len(cells), m=len(names)
        )
        return Line(at, problem=said)
    return Line(at, dict(zip(names, cells, strict=False)))


# --- JSON -----------------------------------------------------------------------------------------


def _documents(text: str, most: int) -> Table:
    found = _array(text) if text.lstrip()[0] == "[" else _json_lines(text)
    names: dict[str, None] = {}
    lines: list[Line] = []
    for at, document in found:
        _refuse_many(len(lines), most)
        if not isinstance(document, Mapping):
            lines.append(Line(at, problem=gettext("This is no object with names and values.")))
            continue
        names.update(dict.fromkeys(document))
        lines.append(Line(at, dict(document)))
    _check([name.strip() for name in names])
    return Table(list(names), lines, is_text=False)


def _array(text: str) -> Iterable[tuple[int, Any]]:
    try:
        return list(enumerate(_loads(text), 1))
    except (ValueError, RecursionError) as error:
        raise FileRefused(gettext("This is not JSON: %(why)s.", why=_why(error))) from error


def _json_lines(text: str) -> Iterator[tuple[int, Any]]:
    for at, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield at, _loads(line)
            except (ValueError, RecursionError) as error:
                raise FileRefused(
                    gettext("Line %(n)s is not JSON: %(why)s.", n=at, why=_why(error))
                ) from error


def _loads(text: str) -> Any:
    return json.loads(text, object_pairs_hook=_object, parse_constant=_constant)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError(gettext("a name stands twice in one object"))
    return made


def _constant(name: str) -> Any:
    raise ValueError(gettext("%(name)s is no number", name=name))


def _why(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return gettext("it is nested too deeply")
    return error.msg.lower() if isinstance(error, json.JSONDecodeError) else str(error)


# --- both -----------------------------------------------------------------------------------------


def _check(names: list[str]) -> None:
    if not names or not all(names):
        raise FileRefused(gettext("A column has no name: the first row names the columns."))
    if len(names) > _MOST_COLUMNS:
        raise FileRefused(gettext("The file has more than %(n)s columns.", n=_MOST_COLUMNS))
    twice = sorted(name for name, times in Counter(names).items() if times > 1)
    if twice:
        raise FileRefused(gettext("The column “%(name)s” stands there twice.", name=twice[0]))


def _refuse_many(count: int, most: int) -> None:
    if count >= most:
        raise FileRefused(
            gettext(
                "The file has more than %(n)s rows. Split it into several files.", n=number(most)
            )
        )
