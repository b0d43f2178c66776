"""The testing kit as a user has it: installed, found by pytest, used from a plain test file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CONFTEST = """
import pytest
from flask import Flask
from flask_lback import Lback
from flask_lback.auth import login_required

@pytest.fixture
def app(tmp_path):
    app = Flask("shop")
    app.config.update(
        SECRET_KEY="a key that is only for tests 0123456789",
        TESTING=True,
        SQLALCHEMY_DATABASE_URI=f"sqlite:///{tmp_path / 'shop.sqlite'}",
    )
    app.lback = Lback(app)
    app.add_url_rule("/orders/", "orders", login_required(lambda: "orders"))
    return app
"""

TESTS = """
import time
import pytest
from flask_lback.auth import UserManager

@pytest.fixture
def maya(lback_app):
    with lback_app.app_context():
        db = lback_app.lback.db
        user = UserManager().create_user(
            username="maya",
            email="maya@example.org",
            password="a plain long sentence",
            verified=True,
        )
        db.session.commit()
        return user

def test_signed_in(maya, login_as, query_counter):
    client = login_as("maya")
    with query_counter() as statements:
        assert client.get("/orders/").text == "orders"
    assert len(statements) == 1

def test_an_account_object_signs_in_too(maya, login_as):
    assert login_as(maya).get("/orders/").status_code == 200

def test_nobody(lback_app):
    assert lback_app.test_client().get("/orders/").status_code == 302

def test_unknown(login_as):
    with pytest.raises(LookupError, match="nobody"):
        login_as("nobody")

def test_mail_and_signals(maya, lback_app, outbox, signals_sent):
    with signals_sent("password_reset_request_processed") as sent:
        with lback_app.test_request_context():
            UserManager().request_password_reset("maya@example.org")
    assert [str(mail["To"]) for mail in outbox] == ["maya@example.org"]
    assert [name for name, _ in sent] == ["password_reset_request_processed"]
    assert sent[0][1]["user"].username == "maya"

def test_hashing_is_cheap(lback_app):
    from flask_lback.auth.passwords.hasher import PasswordHasher
    from flask_lback.core.state import state_of
    assert "m=8,t=1,p=1" in state_of(lback_app)[PasswordHasher].hash("x")

@pytest.mark.parametrize("turn", [1, 2])
def test_every_test_starts_empty(turn, lback_app, maya):
    with lback_app.app_context():
        assert lback_app.lback.db.session.query(lback_app.lback.models.User).count() == 1
"""


def test_the_fixtures_work_in_a_users_project(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_shop.py").write_text(TESTS)
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "8 passed" in result.stdout


def test_the_plugin_imports_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys, flask_lback.testing.plugin\n"
        "heavy = {'sqlalchemy', 'flask_admin', 'flask', 'wtforms'} & set(sys.modules)\n"
        "sys.exit(', '.join(heavy) or 0)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert result.returncode == 0, result.stderr
