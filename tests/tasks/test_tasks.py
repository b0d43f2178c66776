"""Work for later: at once in tests, off the request otherwise, never lost in silence."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import Any

import pytest
from flask import Flask, current_app

from flask_lback import ConfigError
from flask_lback.core.state import state_of
from flask_lback.tasks.runner import TaskRunner
from tests.core.making import make_app, messages_of


def runner(**config: Any) -> tuple[Flask, TaskRunner]:
    app = make_app("tasks", **config)
    return app, state_of(app)[TaskRunner]


@pytest.mark.parametrize(
    ("config", "eager"),
    [
        ({}, True),
        ({"TESTING": False}, False),
        ({"LBACK_TASKS_EAGER": False}, False),
        ({"TESTING": False, "LBACK_TASKS_EAGER": True}, True),
    ],
)
def test_work_is_done_at_once_under_test_and_where_it_is_wanted(
    config: dict[str, Any], eager: bool
) -> None:
    _, tasks = runner(**config)
    threads: list[threading.Thread] = []
    tasks.run_later(lambda: threads.append(threading.current_thread()))
    tasks.drain()
    assert (threads == [threading.current_thread()]) is eager
    assert tasks.is_eager is eager


def test_later_work_knows_its_application_and_its_arguments() -> None:
    app, tasks = runner(LBACK_TASKS_EAGER=False)
    seen: list[Any] = []
    tasks.run_later(lambda *args, **kw: seen.append((current_app.name, args, kw)), 1, b=2)
    tasks.drain()
    assert seen == [(app.name, (1,), {"b": 2})]


def test_the_caller_does_not_wait() -> None:
    _, tasks = runner(LBACK_TASKS_EAGER=False)
    let_go, done = threading.Event(), []
    tasks.run_later(lambda: done.append(let_go.wait(30)))
    assert done == []
    let_go.set()
    tasks.drain()
    assert done == [True]


@pytest.mark.parametrize("eager", [True, False])
def test_work_that_fails_is_logged_and_the_next_is_still_done(
    eager: bool, caplog: pytest.LogCaptureFixture
) -> None:
    _, tasks = runner(LBACK_TASKS_EAGER=eager)
    done: list[int] = []

    def fail() -> None:
        raise RuntimeError("spilled")

    tasks.run_later(fail)
    tasks.run_later(done.append, 1)
    tasks.drain()
    assert done == [1]
    [message] = messages_of(caplog.records)
    assert message.startswith("A background task failed: <function ")
    assert "spilled" in caplog.text


def test_as_many_threads_work_as_the_settings_say() -> None:
    _, tasks = runner(LBACK_TASKS_EAGER=False, LBACK_TASKS_THREADS=3)
    together = threading.Barrier(3)
    met: list[int] = []
    for _ in range(3):
        tasks.run_later(lambda: met.append(together.wait(30)))
    tasks.drain()
    assert sorted(met) == [0, 1, 2]


def test_no_thread_is_no_setting() -> None:
    with pytest.raises(ConfigError, match=r"^LBACK_TASKS_THREADS is 0\. Use 1 or more\.$"):
        runner(LBACK_TASKS_THREADS=0)


def test_draining_waits_for_what_the_work_itself_asks_for() -> None:
    _, tasks = runner(LBACK_TASKS_EAGER=False, LBACK_TASKS_THREADS=1)
    done: list[int] = []

    def more(left: int) -> None:
        done.append(left)
        if left:
            tasks.run_later(more, left - 1)

    tasks.run_later(more, 3)
    tasks.drain()
    assert done == [3, 2, 1, 0]


def test_after_draining_there_can_be_more_work() -> None:
    _, tasks = runner(LBACK_TASKS_EAGER=False)
    tasks.drain()
    done: list[int] = []
    for number in range(2):
        tasks.run_later(done.append, number)
        tasks.drain()
    assert done == [0, 1]


def test_a_process_that_was_forked_has_threads_of_its_own() -> None:
    _, tasks = runner(LBACK_TASKS_EAGER=False)
    tasks.run_later(int)
    tasks.drain()
    tasks.run_later(int)
    before = tasks._executor()
    tasks._process = os.getpid() + 1  # as a fork leaves it: the threads stayed in the parent
    assert tasks._executor() is not before
    before.shutdown()
    tasks.drain()


def test_work_that_waits_when_the_process_ends_is_still_done() -> None:
    program = (
        "import sys, time\n"
        "from flask import Flask\n"
        "from flask_lback import Lback\n"
        "from flask_lback.core.state import state_of\n"
        "from flask_lback.tasks.runner import TaskRunner\n"
        "app = Flask('shop')\n"
        "Lback(app, features=['tasks'])\n"
        "for number in range(20):\n"
        "    state_of(app)[TaskRunner].run_later(lambda n=number: sys.stdout.write(f'{n} '))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert sorted(map(int, done.stdout.split())) == list(range(20))
