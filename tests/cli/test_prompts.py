"""A person at a terminal: a real process on a pseudo-terminal."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from .commands import APP, environment, flask

PASSWORD = "a plain long sentence"


class Terminal:
    """What a person sees and types."""

    def __init__(self, folder: Path, *words: str, **variables: str) -> None:
        self._screen, keyboard = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "flask", "lback", *words],
            cwd=folder,
            env=environment(**variables),
            stdin=keyboard,
            stdout=keyboard,
            stderr=keyboard,
            start_new_session=True,
            # A shell starts background work with the signal ignored, and its children inherit it.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        os.close(keyboard)
        self.seen = ""
        self._read = 0

    def expect(self, text: str, seconds: float = 30) -> None:
        """Read until the text is on the screen."""
        while (at := self.seen.find(text, self._read)) < 0:
            if not self._see(seconds):
                raise AssertionError(f"waited for {text!r}, saw {self.seen!r}")
        self._read = at + len(text)

    def answer(self, prompt: str, text: str) -> None:
        """Wait for a prompt and type an answer."""
        self.expect(prompt)
        os.write(self._screen, f"{text}\n".encode())

    def interrupt(self, answer: str) -> None:
        """Interrupt until the answer comes: a signal just before a read is noticed after it."""
        for _ in range(30):
            self.process.send_signal(signal.SIGINT)
            with suppress(AssertionError):
                self.expect(answer, seconds=1)
                return
        raise AssertionError(f"was not interrupted, saw {self.seen!r}")

    def end(self) -> int:
        """Read what is left; the status."""
        while self._see(30):
            pass
        return self.process.wait(30)

    def _see(self, seconds: float) -> bool:
        """Read a little; False when nothing comes, or the process has ended."""
        if not select.select([self._screen], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self._screen, 1024)
        except OSError:  # Linux says so when the other end is closed
            return False
        self.seen += data.decode()
        return bool(data)

    def close(self) -> None:
        """Leave nothing behind."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._screen)


@contextmanager
def terminal(folder: Path, *words: str, **variables: str) -> Iterator[Terminal]:
    screen = Terminal(folder, *words, **variables)
    try:
        yield screen
    finally:
        screen.close()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with its tables."""
    (tmp_path / "app.py").write_text(APP)
    assert flask(tmp_path, "init-db").status == 0
    return tmp_path


def test_a_superuser_is_asked_for_and_asked_again_until_the_answers_are_good(
    project: Path,
) -> None:
    with terminal(project, "create-superuser") as screen:
        screen.answer("Username: ", "a b")
        screen.expect("Error: Use letters, digits and the signs . + - _ only.")
        screen.answer("Username: ", "carol")
        screen.answer("Email: ", "nonsense")
        screen.expect("Error: This is not an e-mail address.")
        screen.answer("Email: ", "carol@example.org")
        screen.answer("Password: ", "password123")
        screen.answer("Repeat for confirmation: ", "password123")
        screen.expect("guesser's list")
        screen.answer("Password: ", PASSWORD)
        screen.answer("Repeat for confirmation: ", "something else")
        screen.expect("do not match")
        screen.answer("Password: ", PASSWORD)
        screen.answer("Repeat for confirmation: ", PASSWORD)
        assert screen.end() == 0, screen.seen
        assert "Made the superuser carol." in screen.seen
        assert PASSWORD not in screen.seen  # typed without being shown
    with terminal(project, "reset-password", "carol") as screen:
        screen.answer("Password: ", PASSWORD + "s")
        screen.answer("Repeat for confirmation: ", PASSWORD + "s")
        assert screen.end() == 0, screen.seen


def test_an_interrupted_command_ends_with_130_and_makes_nothing(project: Path) -> None:
    with terminal(project, "create-superuser") as screen:
        screen.expect("Username: ")
        screen.interrupt("Interrupted.")
        assert screen.end() == 130
        assert "Traceback" not in screen.seen
    assert flask(project, "list-users", "--format", "json").out == "[]\n"


def test_no_input_asks_nothing_even_at_a_terminal(project: Path) -> None:
    with terminal(project, "create-superuser", "--no-input") as screen:
        assert screen.end() == 1
        assert "Give --username or LBACK_SUPERUSER_USERNAME." in screen.seen


@pytest.mark.parametrize(("variables", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colour_is_for_terminals_and_off_when_nobody_wants_it(
    project: Path, variables: dict[str, str], coloured: bool
) -> None:
    with terminal(project, "activate-user", "nobody", **variables) as screen:
        assert screen.end() == 1
        assert ("\x1b[" in screen.seen) is coloured
    assert "\x1b[" not in flask(project, "activate-user", "nobody").err


def test_a_terminal_shows_a_bar_and_a_log_a_count(project: Path) -> None:
    (project / "app.py").write_text(
        APP.replace("Lback(app)", 'app.config["LBACK_CLI_SEED_DEMO"] = "demo:seed"\nLback(app)')
    )
    (project / "demo.py").write_text(
        "def seed(session, *, users=4, posts=6, advance):\n"
        "    for _ in range(users + posts):\n        advance(1)\n"
        "    return f'{users} people and {posts} posts'\n"
    )
    with terminal(project, "seed-demo") as screen:
        assert screen.end() == 0, screen.seen
        assert "100%" in screen.seen
    outcome = flask(project, "seed-demo", "--users", "2")
    assert (outcome.status, outcome.out) == (0, "Made 2 people and 6 posts.\n")
    assert outcome.err == "Demo content: 8 of 8\n"
