"""An export of very many rows in a process of its own.

``python -m tests.admin.exporting <folder> <format> [<rows>]`` writes how many lines came, how many
MiB of memory were taken at most, and the seconds of CPU time, as JSON.
"""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from werkzeug.test import EnvironBuilder, run_wsgi_app

from .blog import Blog, make_blog

MANY = """
    WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < :rows)
    INSERT INTO post (
      id, title, slug, body, status, is_featured, published_at, reads, author_id,
      created_at, updated_at
    )
    SELECT n, 'A title of some length ' || n, 'slug-' || n, 'Text', 'published', n % 2,
      '2026-01-01 10:00:00.000000', n, 1,
      '2026-01-01 10:00:00.000000', '2026-01-01 10:00:00.000000'
    FROM counted
"""


def fill(blog: Blog, rows: int) -> None:
    """Posts, without making them one by one."""
    with blog.app.app_context():
        blog.db.session.execute(sa.text(MANY), {"rows": rows})
        blog.db.session.commit()
        blog.db.session.remove()


def peak() -> float:
    """The most memory that this process has held, in MiB; ``ru_maxrss`` is its parent's, too."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024  # type: ignore[index]


def main(folder: str, kind: str, rows: int) -> None:
    """Fill, export, measure."""
    blog = make_blog(f"sqlite:///{folder}/many.sqlite")
    blog.add_superuser()
    fill(blog, rows)
    cookie: Any = blog.panel("root").client.get_cookie("lback_session")
    address = f"/admin/blog/post/export/?format={kind}"
    headers = {"Cookie": f"lback_session={cookie.value}"}
    environ = EnvironBuilder(address, headers=[*headers.items()]).get_environ()
    before = time.process_time()
    # As a server reads it: piece by piece, and nothing is kept.
    pieces, status, _ = run_wsgi_app(blog.app, environ, buffered=False)
    lines = sum(piece.count(b"\n") for piece in pieces)
    pieces.close()  # type: ignore[attr-defined]
    found = {
        "status": status,
        "rows": lines - (1 if kind == "csv" else 0),
        "peak": peak(),
        "seconds": time.process_time() - before,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 1_000_000)
