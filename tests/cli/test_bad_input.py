"""What is given, how it ends, what it says, and that no row has changed."""

from __future__ import annotations

import pytest

from tests.support.apps import Site

from .commands import rows, run

ASKED = "is needed and nobody can be asked."
TABLE = [
    (
        "create-superuser",
        "",
        1,
        f"Error: Username {ASKED} (Give --username or LBACK_SUPERUSER_USERNAME.)",
    ),
    (
        "create-superuser --no-input --username carol",
        "",
        1,
        f"Error: Email {ASKED} (Give --email or LBACK_SUPERUSER_EMAIL.)",
    ),
    (
        "create-superuser --no-input --username carol --email carol@example.org",
        "",
        1,
        f"Error: Password {ASKED} (Give --password-stdin or LBACK_SUPERUSER_PASSWORD.)",
    ),
    (
        "create-superuser --username c",
        "",
        1,
        "Error: Username 'c' cannot be used. Use 2 to 150 characters.",
    ),
    (
        "create-superuser --username c@rol",
        "",
        1,
        "Error: Username 'c@rol' cannot be used. Use letters, digits and the signs . + - _ only.",
    ),
    (
        "create-superuser --username carol --email carol",
        "",
        1,
        "Error: Email 'carol' cannot be used. This is not an e-mail address.",
    ),
    (
        "create-superuser --username ALICE",
        "",
        1,
        "Error: There is an account alice already. "
        "(Give --if-missing to accept that, or run `flask lback reset-password`.)",
    ),
    (
        "create-superuser --username carol --email Alice@Example.org",
        "",
        1,
        "Error: Email: This address has an account. Sign in, or reset it.",
    ),
    (
        "create-superuser --username carol --email carol@example.org --password-stdin",
        "",
        1,
        "Error: No password on standard input. (Write it as one line.)",
    ),
    (
        "create-superuser --username carol --email carol@example.org --password-stdin",
        "password123\n",
        1,
        "Error: The password is refused. This password is on every guesser's list. "
        "Choose another one. (Or give --skip-validation.)",
    ),
    (
        "create-superuser --username caroline --email carol@example.org --password-stdin",
        "caroline1\n",
        1,
        "Error: The password is refused. This is too close to your name or address. "
        "Choose another one. (Or give --skip-validation.)",
    ),
    (
        "create-superuser --username carol --field town=Sofia",
        "",
        1,
        "Error: User has no town. (Leave --field town=… out.)",
    ),
    (
        "create-superuser --username carol --field town",
        "",
        2,
        "Error: --field 'town' must be NAME=VALUE.",
    ),
    (
        "create-superuser --username carol --password secret",
        "",
        2,
        "Error: No such option '--password'.",
    ),
    (
        "activate-user nobody",
        "",
        1,
        "Error: There is no account 'nobody'. (`flask lback list-users` shows them.)",
    ),
    (
        "deactivate-user nobody@example.org",
        "",
        1,
        "Error: There is no account 'nobody@example.org'. (`flask lback list-users` shows them.)",
    ),
    (
        "deactivate-user alice",
        "",
        1,
        "Error: alice is the last active superuser. "
        "(Make another one first: `flask lback create-superuser`.)",
    ),
    (
        "reset-password nobody --no-input",
        "",
        1,
        "Error: There is no account 'nobody'. (`flask lback list-users` shows them.)",
    ),
    (
        "reset-password bob",
        "",
        1,
        f"Error: Password {ASKED} (Give --password-stdin.)",
    ),
    (
        "reset-password bob --password-stdin",
        "short\n",
        1,
        "Error: The password is refused. Use at least 8 characters. (Or give --skip-validation.)",
    ),
    ("reset-password", "", 2, "Error: Missing argument 'NAME'."),
    (
        "list-users --format xml",
        "",
        2,
        "Error: Invalid value for '--format': 'xml' is not one of 'table', 'json'.",
    ),
    (
        "check --fail-level fatal",
        "",
        2,
        "Error: Invalid value for '--fail-level': 'fatal' is not one of "
        "'info', 'warning', 'error'.",
    ),
    (
        "seed-demo",
        "",
        1,
        "Error: This application has no demo content. "
        '(Name its function: LBACK_CLI_SEED_DEMO = "package.module:function".)',
    ),
    (
        "makemigrations --check --empty",
        "",
        2,
        "Error: Give one of --check, --empty and --merge.",
    ),
    ("migrate --plan --fake", "", 2, "Error: Give one of --check, --plan and --fake."),
]


@pytest.fixture
def place(site: Site) -> Site:
    """One superuser and one member."""
    site.add_user("alice", is_superuser=True, is_staff=True)
    site.add_user("bob")
    return site


@pytest.mark.parametrize(
    ("words", "typed", "status", "message"), TABLE, ids=[f"{row[0]} < {row[1]!r}" for row in TABLE]
)
def test_bad_input_is_refused_in_one_line_and_changes_nothing(
    place: Site, words: str, typed: str, status: int, message: str
) -> None:
    before = rows(place)
    outcome = run(place.app, *words.split(), typed=typed)
    lines = outcome.err.splitlines()
    assert outcome.status == status
    if status == 2:  # click shows the usage first, and newer ones add what may be meant
        assert lines[-1].startswith(message)
    else:
        assert lines == [message]
    assert outcome.out == ""
    assert rows(place) == before
