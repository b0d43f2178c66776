"""The group: light, there without a working application, and plain about what went wrong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from flask_lback.cli import COMMANDS, lback
from tests.support.apps import Site

from .commands import APP, environment, flask, process, run

HEAVY = ("sqlalchemy", "flask_admin", "alembic", "flask_sqlalchemy", "flask", "jinja2")


def modules_after(statement: str) -> set[str]:
    result = subprocess.run(
        [sys.executable, "-c", f"{statement}\nimport sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        env=environment(),
    )
    return set(result.stdout.split())


def test_every_flask_command_pays_for_click_only() -> None:
    loaded = modules_after("import flask_lback.cli")
    assert "click" in loaded
    assert not loaded & set(HEAVY)


def test_a_heavy_import_would_be_noticed() -> None:
    assert modules_after("import flask_lback.db.models") & set(HEAVY)


def test_each_command_can_be_imported_and_says_what_it_does(site: Site) -> None:
    outcome = run(site.app, "--help")
    assert outcome.status == 0
    lines = outcome.out.partition("Commands:")[2].splitlines()
    listed = {line.split()[0] for line in lines if line}
    assert set(COMMANDS) <= listed
    assert not [line for line in lines if line.endswith("...")]  # none is cut off


def test_help_mentions_that_underscores_are_accepted(site: Site) -> None:
    assert "underscores" in run(site.app, "--help").out


def test_underscores_are_hyphens(site: Site) -> None:
    assert run(site.app, "list_users").err == "There is no such account.\n"


@pytest.mark.parametrize(
    ("word", "advice"),
    [
        ("lst-users", "Did you mean 'list-users'?"),
        ("creat_superuser", "Did you mean 'create-superuser'?"),
        ("x", "See --help for those there are."),
    ],
)
def test_an_unknown_command_names_the_nearest_one(site: Site, word: str, advice: str) -> None:
    outcome = run(site.app, word)
    assert outcome.status == 2
    assert outcome.err.endswith(f"Error: There is no command {word!r}. {advice}\n")


def test_an_unknown_option_is_wrong_usage(site: Site) -> None:
    assert run(site.app, "list-users", "--colour").status == 2


def test_the_same_group_is_on_the_application_and_at_the_entry_point(site: Site) -> None:
    assert site.app.cli.commands["lback"] is lback


# --- real processes ---------------------------------------------------------------------------


def test_version_works_without_an_application(tmp_path: Path) -> None:
    outcome = flask(tmp_path, "version")
    assert outcome.status == 0
    assert outcome.out.startswith("flask-lback ")


def test_flask_lback_without_an_application_is_wrong_usage(tmp_path: Path) -> None:
    outcome = flask(tmp_path, "init-db")
    assert outcome.status == 2
    assert outcome.err.startswith("Error: Could not locate a Flask application.")
    assert outcome.err.count("\n") == 1


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (
            APP.replace('["SECRET_KEY"]', '["OTHER"]'),
            "Error: SECRET_KEY is not set. (",
        ),
        (
            APP.replace("Lback(app)", 'app.config["LBACK_AUTH_REGISTRATIO"] = 1\nLback(app)'),
            "Error: Unknown setting LBACK_AUTH_REGISTRATIO. "
            "(Did you mean LBACK_AUTH_REGISTRATION?)\n",
        ),
        (
            "import no_such_module",
            "Error: While importing 'app', an ImportError was raised: "
            "ModuleNotFoundError: No module named 'no_such_module' (Correct the import.)\n",
        ),
        (
            "1 / 0",
            "Error: ZeroDivisionError: division by zero "
            "(Give --traceback to see where it comes from.)\n",
        ),
    ],
    ids=["no secret key", "unknown setting", "failing import", "any other error"],
)
def test_an_application_that_does_not_load_says_why_in_one_line(
    tmp_path: Path, module: str, message: str
) -> None:
    (tmp_path / "app.py").write_text(module)
    outcome = flask(tmp_path, "list-users")
    assert outcome.status == 1
    assert outcome.err.startswith(message)
    assert outcome.err.count("\n") == 1
    assert outcome.out == ""


def test_a_traceback_is_shown_when_it_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("1 / 0")
    for words in (("list-users", "--traceback"), ("--traceback", "list-users")):
        outcome = flask(tmp_path, *words)
        assert outcome.status == 1
        assert "Traceback (most recent call last)" in outcome.err


def lback_script(folder: Path, *words: str, **variables: str) -> tuple[int, str, str]:
    outcome = process(folder, "-c", "from flask_lback.cli import main; main()", *words, **variables)
    return outcome.status, outcome.out, outcome.err


def test_the_lback_program_outside_a_project_offers_only_what_needs_none(tmp_path: Path) -> None:
    status, out, _ = lback_script(tmp_path, "--help")
    commands = out.partition("Commands:")[2]
    assert status == 0
    assert "version" in commands
    assert "init-db" not in commands
    assert "There is no application here." in commands
    assert lback_script(tmp_path, "version")[0] == 0
    status, _, err = lback_script(tmp_path, "init-db")
    assert status == 2
    assert "'init-db' needs an application, and there is none here." in err


def test_the_lback_program_in_a_project_is_flask_lback(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP)
    assert "init-db" in lback_script(tmp_path, "--help")[1]
    assert lback_script(tmp_path, "init-db")[1].startswith("Made ")
    (tmp_path / "app.py").rename(tmp_path / "named.py")
    assert lback_script(tmp_path, "list-users", FLASK_APP="named")[0] == 0
    assert lback_script(tmp_path, "--app", "named", "list-users")[0] == 0
