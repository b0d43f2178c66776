"""The download of what a list shows."""

from __future__ import annotations

import re
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote

from flask import Response, flash, redirect, request, stream_with_context
from flask_sqlalchemy import SQLAlchemy

from ...auth.audit.service import Audit
from ...core import clock
from ...core.state import current_state
from ...core.translation import gettext
from ..cells import number
from .fields import exported
from .formats import Format, offered
from .rows import Rows

if TYPE_CHECKING:
    from ..views.records import RecordView

_PIECE = 256 * 1024


def formats(view: RecordView) -> list[Format]:
    """The formats that the present account is offered, none when it may not export."""
    if not view.may("export"):
        return []
    return [*offered(mark=view.site.settings.export_mark).values()]


def links(view: RecordView, parameters: dict[str, str]) -> list[tuple[Format, str]]:
    """The formats, and where each is downloaded.

    :param parameters: of the list that is shown.
    """
    asked = {name: text for name, text in parameters.items() if name not in ("page", "size")}
    return [
        (one, view.get_url(".export_view", **{**asked, "format": one.name}))
        for one in formats(view)
    ]


def download(view: RecordView) -> Any:
    """Every row that the list shows, as a file; it is written down in the audit log.

    An error in the middle breaks the connection, so that half a file is not taken for a whole
    one. Over HTTP/1.0, which ends a file by closing the connection, the file is finished first.
    """
    known = {one.name: one for one in formats(view)}
    chosen = known.get(request.args.get("format", "csv"))
    if chosen is None:
        flash(gettext("This format is not offered."), "danger")
        return redirect(view.get_url(".index_view"))
    listing = view.listing
    query = listing.read(request.args)
    fields = exported(view, request)
    ordered = listing.ordered(listing.statement(query), query)
    rows = Rows(view, ordered, fields)
    if chosen.most is not None and len(rows) > chosen.most:
        flash(
            gettext(
                "A sheet has room for %(n)s rows. Narrow the list, or take CSV.",
                n=number(chosen.most),
            ),
            "danger",
        )
        return redirect(view.get_url(".index_view", **query.here()))
    response = Response(content_type=chosen.mimetype)
    _label(response, view, chosen)
    if request.method == "HEAD":
        return response
    noted = _Noted(view, chosen, rows)
    pieces = noted.through(chosen.write([one.name for one in fields], noted.counted()))
    view.site.db.session.rollback()  # the connection is free while the reader reads
    if chosen.is_streamed and request.environ.get("SERVER_PROTOCOL") != "HTTP/1.0":
        response.response = stream_with_context(pieces)
        return response
    file = _finished(pieces)
    response.call_on_close(file.close)
    response.content_length = file.tell()
    file.seek(0)
    response.response = iter(lambda: file.read(_PIECE), b"")
    return response


def _label(response: Response, view: RecordView, chosen: Format) -> None:
    """Say what the file is called, and that nobody keeps a copy on the way."""
    name = f"{_part(view.nouns)}-{clock.now():%Y-%m-%d}.{chosen.name}"
    response.headers.set("Content-Disposition", "attachment", **_named(name))
    response.headers["Cache-Control"] = "no-store"


def _named(name: str) -> dict[str, str]:
    """The name of a file by RFC 6266; letters beyond ASCII by RFC 8187."""
    simple = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    if simple == name:
        return {"filename": name}
    return {"filename": simple, "filename*": f"UTF-8''{quote(name, safe='')}"}


def _finished(pieces: Iterable[bytes]) -> IO[bytes]:
    """A file of the pieces, to be read from its beginning; it is gone once it is closed."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - it is closed with the response
    try:
        for piece in pieces:
            file.write(piece)
    except BaseException:
        file.close()
        raise
    return file


def _part(text: str) -> str:
    """A text as a part of a file's name."""
    return re.sub(r"[^\w]+", "-", text.lower()).strip("-") or "export"


class _Noted:
    """Counts what leaves, and writes it down when the last byte has left or nobody reads on."""

    def __init__(self, view: RecordView, chosen: Format, rows: Rows) -> None:
        self._view = view
        self._format = chosen.name
        self._rows = rows
        self._count = 0

    def counted(self) -> Iterator[list[Sequence[Any]]]:
        """The rows, while they are counted."""
        for batch in self._rows.batches():
            self._count += len(batch)
            yield batch

    def through(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """The pieces, and then the entry in a transaction of its own."""
        is_whole = False
        try:
            yield from pieces
            is_whole = True
        finally:
            self._write(is_whole)

    def _write(self, is_whole: bool) -> None:
        state = current_state()
        session = state[SQLAlchemy].session
        details = {
            "model": self._view.model.__name__,
            "format": self._format,
            "rows": self._count,
            "complete": is_whole,
        }
        session.rollback()
        state[Audit].record("admin.exported", **details)
        session.commit()
