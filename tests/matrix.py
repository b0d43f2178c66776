"""``make matrix``: the tests on every Python that is here, and on both lines of SQLAlchemy.

Each combination gets an environment of its own under ``.matrix``; what is there is used again.
Browser, packaging and documentation tests do not depend on the combination and are left out.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PLACE = ROOT / ".matrix"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
SQLALCHEMY = {"2.0": "SQLAlchemy>=2.0.30,<2.1", "2.1": "SQLAlchemy>=2.1"}
LEFT_OUT = ("tests/browser", "tests/packaging", "tests/docs")


def interpreter(version: str) -> str | None:
    """The path of a Python of that version, on the path or among pyenv's."""
    if found := shutil.which(f"python{version}"):
        check = subprocess.run([found, "-c", ""], capture_output=True, check=False)
        if check.returncode == 0:
            return found
    for folder in sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*")):
        return str(folder / "bin" / "python")
    return None


def combinations() -> Iterator[tuple[str, str, str]]:
    """Name, interpreter and requirement of each combination."""
    for version in PYTHONS:
        python = interpreter(version)
        if python is None:
            print(f"Python {version} is not here: left out")
            continue
        for line, requirement in SQLALCHEMY.items():
            if line == "2.1" or version == "3.11":
                yield f"python{version}-sqlalchemy{line}", python, requirement


def run(name: str, python: str, requirement: str, options: list[str]) -> bool:
    """Make the environment and run the tests in it."""
    environment = PLACE / name
    own = environment / "bin" / "python"
    if not own.exists():
        subprocess.run([python, "-m", "venv", str(environment)], check=True)
    install = [str(own), "-m", "pip", "install", "-q", "-e", ".[dev]", requirement]
    subprocess.run(install, cwd=ROOT, check=True)
    ignored = [f"--ignore={path}" for path in LEFT_OUT]
    command = [str(own), "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider"]
    return subprocess.run([*command, *ignored, *options], cwd=ROOT, check=False).returncode == 0


def main(options: list[str]) -> None:
    """Run them all; further arguments go to pytest."""
    results = {
        name: run(name, python, requirement, options)
        for name, python, requirement in combinations()
    }
    for name, good in results.items():
        print(f"{'passed' if good else 'FAILED'}  {name}")
    sys.exit(not all(results.values()))


if __name__ == "__main__":
    main(sys.argv[1:])
