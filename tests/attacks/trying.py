"""A worker process that sends many documents at once.

``python -m tests.attacks.trying <kind of user> <database> <store>`` reads a path and its documents
as a line of JSON, writes ``ready``, waits for another line, and writes as JSON what was answered
and which mails it sent.
"""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from flask_lback.testing.kit import outbox_of
from tests.cli.commands import environment
from tests.support.apps import make_site
from tests.support.services import ROOT
from tests.support.visitor import Visitor

THREADS = 8
#: What is counted by network address would stop them all: they come from one.
LIMITS = {
    "LBACK_AUTH_LIMIT_PASSWORD_PER_ADDRESS": "10000 per minute",
    "LBACK_AUTH_LIMIT_REGISTER_PER_ADDRESS": "10000 per minute",
}


@dataclass
class Answers:
    """What several workers were answered together."""

    statuses: Counter[int] = field(default_factory=Counter)
    documents: list[Any] = field(default_factory=list)
    mails: Counter[str] = field(default_factory=Counter)


def send_in_two_processes(
    kind: str, database: str, store: str, path: str, documents: Sequence[Any]
) -> Answers:
    """Send documents to an account route at once, one half by each of two workers."""
    words = [sys.executable, "-m", "tests.attacks.trying", kind, database, store]
    workers = [
        subprocess.Popen(
            words,
            cwd=ROOT,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    answers = Answers()
    try:
        for number, worker in enumerate(workers):
            _write(worker, json.dumps([path, documents[number::2]]))
        for worker in workers:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "ready\n"
        for worker in workers:
            _write(worker, "go")
        for worker in workers:
            out, _ = worker.communicate(timeout=120)
            found, mails = json.loads(out)
            answers.statuses.update(status for status, _ in found)
            answers.documents += [document for _, document in found]
            answers.mails.update(mails)
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    return answers


def _write(worker: subprocess.Popen[str], line: str) -> None:
    assert worker.stdin is not None
    worker.stdin.write(f"{line}\n")
    worker.stdin.flush()


def main(kind: str, database: str, store: str) -> None:
    """Send them, all at once."""
    site = make_site(kind, database, LBACK_LIMITS_STORAGE_URL=store, **LIMITS)
    path, documents = json.loads(sys.stdin.readline())

    def send(document: Any) -> tuple[int, Any]:
        with Visitor(site.app).post_json(f"/api/auth/{path}/", document) as answer:
            return answer.status_code, answer.get_json(silent=True)

    nobody = {"identifier": secrets.token_hex(8), "password": "a wrong sentence"}
    Visitor(site.app).post_json("/api/auth/login/", nobody).close()  # everything is loaded
    print("ready", flush=True)
    sys.stdin.readline()
    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(send, documents))
    mails = [str(mail["Subject"]).removesuffix(" - Site") for mail in outbox_of(site.app)]
    print(json.dumps([answers, mails]), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
