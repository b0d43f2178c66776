"""A worker process that tries a wrong password many times at once.

``python -m tests.attacks.trying <database> <store> <name> <times>`` writes ``ready``, waits for a
line, and writes how often each status was answered, as JSON.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from tests.support.apps import make_site
from tests.support.visitor import Visitor

THREADS = 8


def main(database: str, store: str, name: str, times: int) -> None:
    """Try, all at once."""
    site = make_site(
        "uuid",
        database,
        LBACK_LIMITS_STORAGE_URL=store,
        LBACK_AUTH_LIMIT_PASSWORD_PER_ADDRESS="10000 per minute",
    )
    document = {"identifier": name, "password": "a wrong sentence"}

    def attempt(number: int) -> int:
        answer = Visitor(site.app).post_json("/api/auth/login/", document)
        answer.close()
        return answer.status_code

    attempt_of_nobody = {"identifier": f"not-{name}", "password": "a wrong sentence"}
    Visitor(site.app).post_json("/api/auth/login/", attempt_of_nobody)  # everything is loaded
    print("ready", flush=True)
    sys.stdin.readline()
    with ThreadPoolExecutor(THREADS) as pool:
        counts = Counter(pool.map(attempt, range(times)))
    print(json.dumps(counts), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
