"""The process in which the Python and HTTP samples of a page run, one after another.

Started by ``folder.py`` in the folder of the page: reads a JSON document from each line of its
input, and answers with one.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import json
import re
import sys
import traceback
from typing import Any

from flask import Flask
from flask.cli import ScriptInfo, load_dotenv

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
_PLACE = re.compile(r"<(\w+)>")


class Session:
    """Names, an application and what it printed."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {"__name__": "__main__", "printed": self.printed}
        self.printing = io.StringIO()
        self.found: dict[str, str] = {}
        self._app: Flask | None = None
        self._client: Any = None

    @property
    def app(self) -> Flask:
        """The application that the ``flask`` command would find."""
        if self._app is None:
            self._app = ScriptInfo().load_app()
        return self._app

    def printed(self) -> str:
        """What was printed since the last call, mails of the console back end included."""
        from flask_lback.core.state import state_of
        from flask_lback.tasks.runner import TaskRunner

        state_of(self.app)[TaskRunner].drain()
        text = self.printing.getvalue()
        self.printing.truncate(0)
        self.printing.seek(0)
        return text

    def run_python(self, code: str, where: str, line: int) -> None:
        """Run a block; a traceback names the page and its line."""
        exec(compile("\n" * (line - 1) + code, where, "exec"), self.names)  # noqa: S102

    def run_pycon(self, code: str, where: str, line: int) -> None:
        """As doctest runs it, in the same names."""
        test = doctest.DocTestParser().get_doctest(code, self.names, where, where, line - 1)
        runner = doctest.DocTestRunner(optionflags=FLAGS, verbose=False)
        report = io.StringIO()
        test.globs = self.names
        runner.run(test, out=report.write, clear_globs=False)
        if runner.summarize(verbose=False).failed:
            raise AssertionError(report.getvalue())

    def open_shell(self) -> None:
        """What ``flask shell`` gives."""
        self.app.app_context().push()
        self.names.update(self.app.make_shell_context())

    def ask(self, request: str, response: str) -> None:
        """Send a request, and compare the answer with what the page shows."""
        head, _, body = self._filled(request).partition("\n\n")
        first, *lines = head.strip().splitlines()
        method, path, *_ = first.split()
        if self._client is None:
            self._client = self.app.test_client()
        answer = self._client.open(
            path, method=method, headers=[_header(line) for line in lines], data=body.strip()
        )
        head, _, body = response.partition("\n\n")
        first, *lines = head.strip().splitlines()
        shown = f"{answer.status}\n{answer.headers}\n{answer.text}"
        assert first.split()[1] == str(answer.status_code), f"{first} is shown, but got {shown}"
        for name, value in map(_header, lines):
            sent = answer.headers.getlist(name)  # there may be several cookies
            assert any(_matches(value, one) for one in sent), f"{name}: {value}\n{shown}"
        if body.strip() and not answer.is_json:
            assert _matches(body.strip(), answer.text.strip()), shown
        elif body.strip():
            self._compare(json.loads(body), answer.get_json(force=True), "")
        else:
            assert not answer.data, f"a body that the page does not show: {shown}"

    def _filled(self, text: str) -> str:
        return _PLACE.sub(lambda place: self.found.get(place[1], place[0]), text)

    def _compare(self, wanted: Any, got: Any, at: str) -> None:
        """``"<name>"`` takes any text and keeps it for later requests; ``"..."`` any value."""
        if isinstance(wanted, dict) and isinstance(got, dict):
            assert sorted(wanted) == sorted(got), f"{at or '/'}: {sorted(got)} has come"
            for name, value in wanted.items():
                self._compare(value, got[name], f"{at}/{name}")
        elif isinstance(wanted, list) and isinstance(got, list) and len(wanted) == len(got):
            for number, (one, other) in enumerate(zip(wanted, got, strict=True)):
                self._compare(one, other, f"{at}/{number}")
        elif isinstance(wanted, str) and (place := _PLACE.fullmatch(wanted)):
            assert isinstance(got, str), f"{at}: {got!r} is no text"
            self.found[place[1]] = got
        elif wanted != "...":
            assert wanted == got, f"{at}: {wanted!r} is shown, but got {got!r}"


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip(), value.strip()


def _matches(wanted: str, got: str) -> bool:
    pattern = ".*".join(re.escape(part) for part in wanted.split("..."))
    return re.fullmatch(pattern, got, re.DOTALL) is not None


def main() -> None:
    """Answer until there is nothing more to read."""
    load_dotenv()
    sys.path.insert(0, "")
    session = Session()
    answers = sys.stdout
    with (
        contextlib.redirect_stdout(session.printing),
        contextlib.redirect_stderr(session.printing),
    ):
        for line in sys.stdin:
            order = json.loads(line)
            try:
                getattr(session, order.pop("do"))(**order)
                problem = ""
            except BaseException:
                problem = traceback.format_exc()
            answers.write(json.dumps({"problem": problem}) + "\n")
            answers.flush()


if __name__ == "__main__":
    main()
