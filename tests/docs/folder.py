"""Runs the samples of a page in an empty folder, with the real ``flask`` command."""

from __future__ import annotations

import doctest
import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.error import HTTPError
from urllib.request import urlopen

from tests.support.services import ROOT

from .samples import RUN, Command, Sample, commands_of
from .session import FLAGS

#: Seconds for one command.
PATIENCE = 120
#: Commands that do not end by themselves, the line that says they are ready, and their port.
SERVERS = {"flask": ("Running on http", "5000"), "gunicorn": ("Listening at: http", "8000")}
#: Colours, and what differs from run to run, with what is compared instead.
RANDOM = (
    (r"\x1b\[[\d;]*m", ""),
    (r"\b[0-9a-f]{12}\b|(?<=_)[0-9a-f]{12}(?=_)", "<id>"),
    (r"\b\d{8}_\d{6}(?=_)", "<moment>"),
    (r"\b\d+\.\d+s\b", "<seconds>"),
)
#: Variables that would lead a sample out of its folder, change what it prints, or measure it.
_FOREIGN = ("FLASK_", "LBACK_", "PYTEST_", "PYTHON", "COV", "SECRET_KEY", "DATABASE_URL", "MAIL_")


class SampleError(AssertionError):
    """A sample does not do what its page says."""


class Folder:
    """The folder of one reader, who does everything that a page says."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._session: subprocess.Popen[str] | None = None
        self._request: Sample | None = None
        self._exported: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end_session()

    def follow(self, samples: Sequence[Sample]) -> None:
        """Do it all, in order.

        :raises SampleError: the first thing that is not as the page says.
        """
        for sample in samples:
            if sample.reason_not_run is not None:
                continue
            try:
                self._do(sample)
            except AssertionError as error:
                raise SampleError(f"{sample.where}\n\n{sample.text}\n{error}") from error
        if self._request is not None:
            raise SampleError(f"{self._request.where}: a request without a response")

    def _do(self, sample: Sample) -> None:
        if sample.file is not None:
            self._write(sample, *sample.file)
        elif sample.language == "console":
            typed = sample.notes.get("typed")
            answers = typed.split(" | ") if typed else None
            for command in commands_of(sample):
                self._run(command, int(sample.notes.get("status", "0")), answers)
            assert not answers, f"nobody asked for {answers}"
        elif sample.language == "http":
            self._exchange(sample)
        elif sample.language in RUN:
            where, line = str(sample.page), sample.line
            self._tell(do=f"run_{sample.language}", code=sample.text, where=where, line=line)

    def _write(self, sample: Sample, name: str, more: bool) -> None:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = sample.text
        if more:  # the line that names the file is none of it
            text = "\n\n" + text.partition("\n")[2]
        with path.open("a" if more else "w") as file:
            file.write(text)
        if path.suffix == ".py":
            self._end_session()

    # --- commands -----------------------------------------------------------------------------

    def _run(self, command: Command, wanted: int, answers: list[str] | None) -> None:
        words = command.line.split()
        if words[0] == "flask" and "shell" in words[1:]:
            self._tell(do="open_shell")
            return
        if words[0] == "export":
            self._export(command.line)
            return
        if words[0] == "gunicorn" or (words[0] == "flask" and "run" in words[1:]):
            status, output = wanted, self._serve(command, *SERVERS[words[0]])
        elif answers is not None:
            status, output = self._run_in_terminal(command.line, answers)
        else:
            status, output = self._run_alone(command.line)
        assert status == wanted, f"status {status}:\n{output}"
        if command.output:
            compare(command.output, output.replace(str(self.path), "."))

    def _run_alone(self, line: str) -> tuple[int, str]:
        done = subprocess.run(
            ["sh", "-c", line],
            cwd=self.path,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        return done.returncode, done.stdout

    def _export(self, line: str) -> None:
        name = line.split()[1].partition("=")[0]
        printed = subprocess.check_output(
            ["sh", "-c", f'{line}; printf %s "${name}"'], env=self._environment(), text=True
        )
        self._exported[name] = printed

    def _run_in_terminal(self, line: str, answers: list[str]) -> tuple[int, str]:
        """Run in a terminal, and type an answer whenever a prompt waits."""
        ours, theirs = pty.openpty()
        with subprocess.Popen(
            ["sh", "-c", line],
            cwd=self.path,
            env=self._environment(),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        ) as process:
            os.close(theirs)
            output = ""
            while text := _read_terminal(ours):
                output += text.replace("\r", "")
                if output.endswith(": "):
                    assert answers, f"more is asked for than the page answers:\n{output}"
                    os.write(ours, answers.pop(0).encode() + b"\n")
            os.close(ours)
            status = process.wait(PATIENCE)
        return status, output

    def _serve(self, command: Command, ready: str, usual: str) -> str:
        """Start a server on a free port, ask it for its front page, and stop it."""
        port = free_port()
        line = command.line.replace(usual, port)
        with subprocess.Popen(
            ["sh", "-c", f"exec {line}"],
            cwd=self.path,
            env=self._environment(FLASK_RUN_PORT=port, PYTHONUNBUFFERED="1"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as server:
            assert server.stdout is not None
            pipe, output = server.stdout.fileno(), ""
            try:
                while ready not in output:
                    assert select.select([pipe], [], [], PATIENCE)[0], output
                    text = os.read(pipe, 4096).decode()
                    assert text, f"it ended:\n{output}"
                    output += text
                assert ask(f"http://127.0.0.1:{port}/") < 500
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(server.pid, signal.SIGTERM)
            output += server.stdout.read().decode()
        return output.replace(port, usual)

    def _environment(self, **more: str) -> dict[str, str]:
        ours = {name: text for name, text in os.environ.items() if not name.startswith(_FOREIGN)}
        programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        fixed = {"PATH": programs, "PYTHONDONTWRITEBYTECODE": "1", "NO_COLOR": "1"}
        return {**ours, **fixed, **self._exported, **more}

    # --- Python and HTTP ----------------------------------------------------------------------

    def _exchange(self, sample: Sample) -> None:
        if self._request is None:
            self._request = sample
            return
        asked, self._request = self._request, None
        self._tell(do="ask", request=asked.text, response=sample.text)

    def _tell(self, **order: object) -> None:
        if self._session is None:
            self._session = subprocess.Popen(
                [sys.executable, "-m", "tests.docs.session"],
                cwd=self.path,
                env=self._environment(PYTHONPATH=str(ROOT), LBACK_ENV="local"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        session = self._session
        assert session.stdin is not None
        assert session.stdout is not None
        session.stdin.write(json.dumps(order) + "\n")
        session.stdin.flush()
        answer = session.stdout.readline()
        assert answer, "the process of the samples has ended"
        problem = json.loads(answer)["problem"]
        assert not problem, problem

    def _end_session(self) -> None:
        if self._session is not None:
            self._session.communicate(timeout=PATIENCE)
            self._session = None


def compare(shown: str, output: str) -> None:
    """Refuse output that is not what the page shows; ``...`` stands for anything.

    What is another one at each run (ids, moments, durations) only has to look alike.

    :raises AssertionError: shows both.
    """
    checker = doctest.OutputChecker()
    if not checker.check_output(_settled(shown), _settled(output), FLAGS):
        raise AssertionError(f"the page shows\n{shown}\n\nbut it prints\n{output}")


def _settled(text: str) -> str:
    for pattern, name in RANDOM:
        text = re.sub(pattern, name, text)
    return text.strip() + "\n"


def ask(address: str) -> int:
    """The status of a page."""
    try:
        with urlopen(address, timeout=PATIENCE) as answer:
            return int(answer.status)
    except HTTPError as error:
        with error:
            return error.code


def free_port() -> str:
    """A port of 127.0.0.1 that nobody uses."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return str(listening.getsockname()[1])


def _read_terminal(descriptor: int) -> str:
    try:
        return os.read(descriptor, 4096).decode()
    except OSError:  # Linux, when the other end is closed
        return ""
