"""One command makes the site: database, demo content, accounts, server."""

from __future__ import annotations

import re
import stat
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from urllib.error import URLError

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from example_app import serve
from example_app.demo.accounts import Account, renew_accounts
from example_app.extensions import db
from example_app.models import Post, User
from tests.support.services import ROOT

TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SECRET_KEY", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LBACK_ENV", "local")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "USERS", 5)
    monkeypatch.setattr(serve, "POSTS", 12)


def sign_in(app: Flask, account: Account) -> FlaskClient:
    client = app.test_client()
    token = TOKEN.search(client.get("/auth/login/").text)
    assert token
    data = {"identifier": account.username, "password": account.password, "csrf_token": token[1]}
    assert client.post("/auth/login/", data=data).status_code in (302, 303)
    return client


def test_the_key_is_made_once_and_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "secret_key"
    key = serve.kept_secret(path)
    assert len(key) == 64
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert serve.kept_secret(path) == key


@pytest.mark.usefixtures("small")
def test_the_second_start_keeps_what_is_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app = serve.make_app(tmp_path)
    summary = serve.prepare(app)
    assert summary is not None
    assert (summary.users, summary.posts) == (5, 12)
    assert "12 posts" in capsys.readouterr().out
    again = serve.make_app(tmp_path)
    assert again.secret_key == app.secret_key
    assert serve.prepare(again) is None
    with again.app_context():
        assert db.session.scalar(sa.select(sa.func.count(Post.id))) == 12
        db.engine.dispose()
    with app.app_context():
        db.engine.dispose()


@pytest.mark.usefixtures("small")
def test_the_three_accounts_open_what_they_are_for(tmp_path: Path) -> None:
    app = serve.make_app(tmp_path)
    serve.prepare(app)
    with app.app_context():
        before = renew_accounts()
        accounts = {one.username: one for one in renew_accounts()}
        assert not {one.password for one in before} & {a.password for a in accounts.values()}
        assert db.session.scalar(sa.select(sa.func.count(User.id))) == 8
    expected = {"administrator": (200, 200), "moderator": (200, 200), "member": (403, 403)}
    for name, (moderation, admin) in expected.items():
        client = sign_in(app, accounts[name])
        assert client.get("/posts/new/").status_code == 200
        assert client.get("/moderation/").status_code == moderation
        assert client.get("/admin/").status_code == admin
    with app.app_context():
        db.engine.dispose()


def test_address_and_accounts_are_printed_as_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    url = serve.address("127.0.0.1", 8000)
    serve.announce(url, [Account("member", "salt-reed-31", "write")])
    lines = capsys.readouterr().out.splitlines()
    assert "Tidewater is at http://localhost:8000/" in lines
    assert "  username  password      may" in lines
    assert "  member    salt-reed-31  write" in lines


def test_an_address_that_was_chosen_is_printed_as_it_is() -> None:
    assert serve.address("tide.example.org", 8080) == "http://tide.example.org:8080/"


@pytest.mark.usefixtures("small")
def test_passkeys_work_at_the_address_that_is_printed(tmp_path: Path) -> None:
    app = serve.make_app(tmp_path)
    serve.prepare(app)
    asked = app.test_client().post(
        "/api/auth/passkeys/sign-in/options/", json={}, base_url=serve.address("127.0.0.1", 8000)
    )
    assert asked.status_code == 200
    assert asked.json is not None
    assert asked.json["publicKey"]["rpId"] == "localhost"
    with app.app_context():
        db.engine.dispose()


@pytest.mark.slow
def test_the_command_serves(tmp_path: Path, free_port: int) -> None:
    log = tmp_path / "log"
    command = [sys.executable, "-m", "example_app.serve", "--port", str(free_port)]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*command, "--instance", str(tmp_path / "instance")],
            cwd=ROOT,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        page = wait_for(f"http://localhost:{free_port}/", process, log)
    finally:
        process.terminate()
        process.wait(20)
    printed = log.read_text()
    assert "Letters from the night train" in page
    assert "50 people, 300 posts" in printed
    assert f"http://localhost:{free_port}/" in printed
    assert len(re.findall(r"[a-z]+(?:-[a-z]+){3}-\d\d", printed)) == 3


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> str:
    """The page, as soon as somebody answers."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return str(answer.read().decode())
        except URLError:
            time.sleep(0.2)
    raise AssertionError(log.read_text())
