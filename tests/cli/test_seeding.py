"""`seed-demo` calls what the application names, with what it takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from flask_lback import LbackError
from tests.support.apps import Site

from .commands import rows, run

GROUP = sa.text("INSERT INTO lback_group (name, description, is_default) VALUES (:name, '', false)")


def fills(session: Any, *, users: int = 3) -> None:
    session.execute(GROUP, {"name": f"g{users}"})
    session.commit()


def half_done(session: Any) -> None:
    session.execute(GROUP, {"name": "half"})
    raise LbackError("There are posts already.", "Demo content goes into an empty database.")


def here(name: str) -> dict[str, str]:
    return {"LBACK_CLI_SEED_DEMO": f"{__name__}:{name}"}


def test_a_function_without_progress_is_simply_called(make_ready: Callable[..., Site]) -> None:
    site = make_ready(**here("fills"))
    outcome = run(site.app, "seed-demo", "--users", "5")
    assert (outcome.status, outcome.out, outcome.err) == (0, "", "")
    assert [row.name for row in rows(site)["lback_group"]] == ["g5"]


@pytest.mark.parametrize(
    ("name", "words", "message"),
    [
        (
            "fills",
            ["--posts", "5"],
            "Error: The demo content of this application has no posts to count. "
            "(Leave --posts out.)\n",
        ),
        (
            "half_done",
            [],
            "Error: There are posts already. (Demo content goes into an empty database.)\n",
        ),
        (
            "no_such_function",
            [],
            f"Error: LBACK_CLI_SEED_DEMO is '{__name__}:no_such_function', "
            "which cannot be imported: ",
        ),
    ],
)
def test_demo_content_that_cannot_be_written_leaves_the_database_alone(
    make_ready: Callable[..., Site], name: str, words: list[str], message: str
) -> None:
    site = make_ready(**here(name))
    before = rows(site)
    outcome = run(site.app, "seed-demo", *words)
    assert outcome.status == 1
    assert outcome.err.startswith(message)
    assert outcome.err.count("\n") == 1
    assert rows(site) == before
