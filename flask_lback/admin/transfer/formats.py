"""The formats of an export: CSV and JSON lines piece by piece, XLSX as a file."""

from __future__ import annotations

import csv
import datetime as dt
import importlib.util
import io
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

from ...core.translation import gettext
from . import values

Batches = Iterable[list[Sequence[Any]]]

#: What tells Excel that a CSV file is UTF-8.
MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
#: Rows of a sheet of XLSX, its first line too; letters of a cell.
SHEET_ROWS = 1_048_576
_LONGEST_CELL = 32_767
#: Beyond it a spreadsheet loses digits.
_EXACT = 2**53
_FIRST_DAY = dt.date(1900, 3, 1)
_PIECE = 256 * 1024


@dataclass(frozen=True)
class Format:
    """One format.

    :ivar write: takes the names of the columns and the rows, and gives the bytes.
    :ivar most: rows that it has room for.
    :ivar is_streamed: whether its first bytes are there before the last row is read.
    """

    name: str
    label: str
    description: str
    mimetype: str
    write: Callable[[Sequence[str], Batches], Iterator[bytes]]
    most: int | None = None
    is_streamed: bool = True


def offered(*, mark: bool) -> dict[str, Format]:
    """The formats that this installation can write, by name.

    :param mark: whether CSV begins with the sign that Excel knows UTF-8 by.
    """
    found = [
        Format(
            "csv",
            gettext("CSV"),
            gettext("For spreadsheets, and to be imported again"),
            "text/csv; charset=utf-8",
            lambda names, batches: write_csv(names, batches, mark=mark),
        ),
        Format(
            "xlsx",
            gettext("Excel"),
            gettext("An XLSX workbook"),
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            write_xlsx,
            SHEET_ROWS - 1,
            is_streamed=False,
        ),
        Format(
            "jsonl",
            gettext("JSON lines"),
            gettext("For programs: one document a line"),
            "application/jsonl",
            write_jsonl,
        ),
    ]
    has_xlsx = importlib.util.find_spec("xlsxwriter") is not None
    return {one.name: one for one in found if one.name != "xlsx" or has_xlsx}


def write_csv(names: Sequence[str], batches: Batches, *, mark: bool) -> Iterator[bytes]:
    """RFC 4180, UTF-8."""
    text, page = values.text, io.StringIO()
    writer = csv.writer(page)
    if mark:
        page.write(MARK)
    writer.writerow(map(values.guarded, names))
    for rows in batches:
        writer.writerows([text(value) for value in row] for row in rows)
        yield page.getvalue().encode()
        page.seek(0)
        page.truncate()
    if rest := page.getvalue():
        yield rest.encode()


def write_jsonl(names: Sequence[str], batches: Batches) -> Iterator[bytes]:
    """A JSON document for each row, each on a line of its own."""
    plain = values.plain
    encode = json.JSONEncoder(ensure_ascii=False).encode
    for rows in batches:
        lines = (encode(dict(zip(names, map(plain, row), strict=True))) for row in rows)
        yield "".join(f"{line}\n" for line in lines).encode()


def write_xlsx(names: Sequence[str], batches: Batches) -> Iterator[bytes]:
    """A workbook with one sheet, finished before its first byte is given."""
    with tempfile.TemporaryFile() as file:
        _fill(file, names, batches)
        file.seek(0)
        while piece := file.read(_PIECE):
            yield piece


def _fill(file: IO[bytes], names: Sequence[str], batches: Batches) -> None:
    from xlsxwriter import Workbook

    book = Workbook(
        file,
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_numbers": False,
            "strings_to_urls": False,
        },
    )
    try:
        sheet = book.add_worksheet()
        sheet.freeze_panes(1, 0)
        write = _Cells(sheet, book)
        write.line(0, names, book.add_format({"bold": True}))
        number = 0
        for rows in batches:
            for row in rows:
                number += 1
                write.line(number, row)
    finally:
        book.close()


class _Cells:
    """Writes cells by the kind of their values; a text is never a formula, a number or a link."""

    def __init__(self, sheet: Any, book: Any) -> None:
        self._sheet = sheet
        self._moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._day = book.add_format({"num_format": "yyyy-mm-dd"})
        self._kinds: Mapping[type, Callable[..., None]] = {
            type(None): lambda *place: None,
            bool: self._sheet.write_boolean,
            int: self._number,
            float: self._number,
            dt.datetime: self._time,
            dt.date: self._time,
        }

    def line(self, number: int, cells: Iterable[Any], *style: Any) -> None:
        """Write one row."""
        for at, value in enumerate(cells):
            write = self._kinds.get(type(value), self._text)
            write(number, at, value, *style)

    def _number(self, row: int, column: int, value: Any) -> None:
        if abs(value) <= _EXACT:
            self._sheet.write_number(row, column, value)
        else:
            self._text(row, column, str(value))

    def _time(self, row: int, column: int, value: Any) -> None:
        is_moment = isinstance(value, dt.datetime)
        if (value.date() if is_moment else value) < _FIRST_DAY:
            self._text(row, column, value)
            return
        if is_moment and value.tzinfo is not None:
            value = value.astimezone(dt.UTC).replace(tzinfo=None)
        style = self._moment if is_moment else self._day
        self._sheet.write_datetime(row, column, value, style)

    def _text(self, row: int, column: int, value: Any, *style: Any) -> None:
        text = str(values.text(value))[:_LONGEST_CELL]
        if text:
            self._sheet.write_string(row, column, text, *style)
