"""What people install: the wheel holds everything, and an account can be made with it alone."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.services import ROOT, unavailable

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("wheel")]

APPLICATION = """
import os
from flask import Flask
from flask_lback import Lback

app = Flask(__name__)
app.config["SECRET_KEY"] = os.environ["TEST_SECRET_KEY"]
app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["TEST_DATABASE"]
Lback(app)
"""

# One step per process: what it prints (the mail of the console back end) is complete at its end.
VISITOR = """
import html
import re
import sys

from app import app

client = app.test_client()


def submit(url, **fields):
    page = client.get(url)
    assert page.status_code == 200, (url, page.status, page.text)
    hidden = {}
    for tag in re.findall(r"<input[^>]*>", page.text):
        attributes = dict(re.findall(r'([\\w-]+)="([^"]*)"', tag))
        if attributes.get("type") == "hidden" and "name" in attributes:
            hidden[attributes["name"]] = html.unescape(attributes.get("value", ""))
    answer = client.post(url, data={**hidden, **fields})
    assert answer.status_code in (200, 302, 303), (url, answer.status, answer.text)
    return answer


step, *arguments = sys.argv[1:]
if step == "register":
    submit(
        "/auth/register/",
        username="wheel",
        email="wheel@example.org",
        password="a long walk by the sea",
        password_confirm="a long walk by the sea",
    )
elif step == "verify":
    submit(arguments[0])
elif step == "sign-in":
    assert client.get("/auth/account/").status_code in (302, 303)
    submit("/auth/login/", identifier="wheel", password="a long walk by the sea")
    account = client.get("/auth/account/")
    assert account.status_code == 200, account.status
    assert "wheel@example.org" in account.text, account.text
    for address in sorted(set(re.findall(r'(?:href|src)="(/[^"]*static[^"]*)"', account.text))):
        with client.get(html.unescape(address)) as file:
            assert file.status_code == 200, (address, file.status)
    print("signed in")
"""


def run(*command: str | Path, cwd: Path, env: dict[str, str], timeout: float = 300) -> str:
    result = subprocess.run(
        command, cwd=cwd, env=env, capture_output=True, text=True, timeout=timeout, check=False
    )
    assert result.returncode == 0, f"{command}\n{result.stdout[-4000:]}\n{result.stderr[-4000:]}"
    return result.stdout + result.stderr


def clean_environment() -> dict[str, str]:
    """This process's environment without what would lead back to the checkout."""
    led_back = ("PYTHON", "COV", "FLASK_", "LBACK_", "VIRTUAL_ENV")
    return {name: value for name, value in os.environ.items() if not name.startswith(led_back)}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build from a copy: a stale build/ folder of the checkout would end up in the wheel."""
    copy = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "setup.cfg", "MANIFEST.in", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy / name)
    shutil.copytree(
        ROOT / "flask_lback", copy / "flask_lback", ignore=shutil.ignore_patterns("__pycache__")
    )
    build = (sys.executable, "-m", "build", "--wheel", "--outdir", "dist")
    output = run(*build, cwd=copy, env=clean_environment())
    assert "DeprecationWarning" not in output
    (built,) = (copy / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter that knows the wheel and what it asks for, and nothing else."""
    environment = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", environment, cwd=environment, env=clean_environment())
    interpreter = environment / "bin" / "python"
    install = subprocess.run(
        [interpreter, "-m", "pip", "install", "--quiet", wheel],
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    if "NewConnectionError" in install.stderr:
        unavailable("no package index within reach")
    assert install.returncode == 0, install.stderr
    return interpreter


def test_the_wheel_carries_every_file_of_the_package(wheel: Path) -> None:
    wanted = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "flask_lback").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    names = set(zipfile.ZipFile(wheel).namelist())
    assert wanted - names == set()
    assert "flask_lback/py.typed" in names
    assert any(name.startswith("flask_lback/templates/lback/auth/") for name in names)
    assert any(re.fullmatch(r"flask_lback/static/lback/.*\.css", name) for name in names)


def test_the_wheel_carries_nothing_but_the_package(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"flask_lback"}
    assert [name for name in names if name.endswith((".pyc", ".db", ".env"))] == []
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)


def test_an_account_can_be_made_with_nothing_but_the_wheel(python: Path, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APPLICATION)
    (tmp_path / "visitor.py").write_text(VISITOR)
    env = {
        **clean_environment(),
        "TEST_SECRET_KEY": os.urandom(32).hex(),
        "TEST_DATABASE": f"sqlite:///{tmp_path / 'accounts.db'}",
        "LBACK_ENV": "development",
    }
    flask = python.with_name("flask")

    run(flask, "--app", "app", "lback", "init-db", cwd=tmp_path, env=env)
    printed = run(python, "visitor.py", "register", cwd=tmp_path, env=env)
    link = re.search(r"https?://[^/\s]+(/auth/verify-email/\?token=[^\s\"'<>]+)", printed)
    assert link, f"no link to verify the address in what was printed:\n{printed}"
    run(python, "visitor.py", "verify", link[1], cwd=tmp_path, env=env)
    assert "signed in" in run(python, "visitor.py", "sign-in", cwd=tmp_path, env=env)


def test_the_installed_package_knows_its_version_and_command(python: Path, tmp_path: Path) -> None:
    code = "import importlib.metadata as m; print(m.version('flask-lback'))"
    declared = re.search(r'(?m)^version = "([^"]+)"', (ROOT / "pyproject.toml").read_text())
    assert declared
    printed = run(python, "-c", code, cwd=tmp_path, env=clean_environment())
    assert printed.strip() == declared[1]
    # Outside a project only startproject is there, and asking for help never needs an application.
    run(python.with_name("lback"), "--help", cwd=tmp_path, env=clean_environment())
