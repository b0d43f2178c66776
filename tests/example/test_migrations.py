"""The migrations of the example make what its models say."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from example_app import create_app
from example_app.config import TestingConfig


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    url = f"sqlite:///{tmp_path / 'migrated.sqlite'}"
    return create_app(TestingConfig, SQLALCHEMY_DATABASE_URI=url)


def run(app: Flask, *words: str) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=["lback", *words])
    return result.exit_code, result.output


def test_an_empty_database_becomes_what_the_models_say(app: Flask) -> None:
    assert run(app, "migrate")[0] == 0
    status, output = run(app, "makemigrations", "--check")
    assert status == 0, output


def test_migrating_twice_changes_nothing(app: Flask) -> None:
    assert run(app, "migrate")[0] == 0
    assert run(app, "migrate")[0] == 0


def test_the_groups_are_there_afterwards(app: Flask) -> None:
    run(app, "migrate")
    status, output = run(app, "seed-demo", "--users", "3", "--posts", "4")
    assert status == 0, output
    assert "3 people, 4 posts" in output
