"""`check` finds what is wrong, says what to do, and ends as it is told to."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from flask_lback import Feature, Lback
from flask_lback.core.checks import Check, Finding, Level
from tests.support.apps import SECRET_KEY, Site, own_db

from .commands import run


def findings(app: Flask) -> Iterator[Finding]:
    yield Finding("shop.I001", Level.INFO, "The shop is small.")
    yield Finding("shop.W001", Level.WARNING, "The shop is dark.", "Switch the light on.")


def deployed(app: Flask) -> Iterator[Finding]:
    yield Finding("shop.E001", Level.ERROR, "The shop has no door.", "Make one.")


class Shop(Feature):
    name = "shop"
    checks = (Check(findings), Check(deployed, deploy=True))


def shop(**config: Any) -> Flask:
    app = Flask("shop")
    app.config.update(SECRET_KEY=SECRET_KEY, TESTING=True, **config)
    app.config.setdefault("SQLALCHEMY_DATABASE_URI", "sqlite://")
    own = ("db", "tasks", "limits", "mail", "security", "auth", "permissions", Shop())
    Lback(app, db=own_db(), features=own)
    assert run(app, "init-db").status == 0
    return app


def test_findings_come_with_id_level_hint_and_a_count() -> None:
    outcome = run(shop(), "check")
    assert outcome.status == 0
    assert outcome.out == (
        "WARNING shop.W001: The shop is dark.\n"
        "    Switch the light on.\n"
        "INFO shop.I001: The shop is small.\n"
        "1 warning, 1 remark.\n"
    )


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("", 0),
        ("--fail-level warning", 1),
        ("--fail-level info", 1),
        ("--deploy", 1),
        ("--deploy --fail-level error", 1),
    ],
)
def test_the_status_is_1_from_the_chosen_level_on(words: str, status: int) -> None:
    assert run(shop(), "check", *words.split()).status == status


def test_findings_are_given_as_json() -> None:
    found = json.loads(run(shop(), "check", "--format", "json").out)
    assert found[0] == {
        "id": "shop.W001",
        "level": "WARNING",
        "message": "The shop is dark.",
        "hint": "Switch the light on.",
    }
    assert len(found) == 2


def test_a_silenced_finding_is_left_out() -> None:
    app = shop(LBACK_SILENCED_CHECKS=["shop.W001", "shop.I001"])
    outcome = run(app, "check", "--fail-level", "info")
    assert (outcome.status, outcome.out) == (0, "Nothing found.\n")


def test_a_setting_of_a_feature_that_is_off_is_mentioned() -> None:
    app = Flask("small")
    app.config.update(SECRET_KEY=SECRET_KEY, TESTING=True, LBACK_AUTH_REGISTRATION=False)
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    Lback(app, db=own_db(), features=("db",))
    outcome = run(app, "check")
    assert outcome.status == 0
    assert "INFO core.I001: LBACK_AUTH_REGISTRATION is set, and its feature is off." in outcome.out


def test_a_setting_of_a_feature_that_is_on_is_not_mentioned() -> None:
    assert "core.I001" not in run(shop(LBACK_AUTH_REGISTRATION=False), "check").out


def test_missing_tables_are_an_error_with_the_command_that_makes_them(
    make_ready: Callable[..., Site],
) -> None:
    site = make_ready()
    with site.app.app_context():
        site.db.drop_all()
    outcome = run(site.app, "check")
    assert outcome.status == 1
    assert "ERROR db.E001: The database lacks" in outcome.out
    assert "Run `flask lback init-db`." in outcome.out
